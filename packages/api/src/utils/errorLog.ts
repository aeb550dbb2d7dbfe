import { types } from 'node:util';

/** An error as a line of the log has it. */
export interface LoggedError {
  type: string;
  code?: string | number;
  message?: string;
  stack?: string;
  cause?: LoggedError;
}

const MAX_CAUSES = 4;
const MAX_MESSAGE_CHARACTERS = 1_000;
const MAX_FRAMES = 20;

/** A class or a code: nothing that a caller or a server could have put text into. */
const WORD = /^[A-Za-z][\w$.-]{0,63}$/;
/** A line of V8's stack traces: `at f (file:1:2)`, `at async file:1:2`. */
const FRAME = /^ {4}at [^\n]+$/;
/** `scheme://user:password@host`: connection strings, which parsers quote. */
const USERINFO = /:\/\/[^\s/@]*(?:\/[^\s@]*)?@/g;
const BEARER = /\b(Bearer|Basic) +[^\s"',]+/gi;
const TOKEN_PATH = /\/t\/[^\s/"']+/g;

/**
 * Errors whose texts are not written down, because they quote what they are about: ClickHouse the statement, with rows
 * and password hashes; MongoDB the key that was taken; mongoose the value that does not fit, or the query; parsers the
 * document. Their class, code and stack say where to look.
 */
const QUOTING: ReadonlySet<string> = new Set([
  'ClickHouseError',
  'MongoServerError',
  'MongoBulkWriteError',
  'MongoClientBulkWriteError',
  'MongoWriteConcernError',
  'MongoParseError',
  'CastError',
  'ValidationError',
  'ValidatorError',
  'DocumentNotFoundError',
  'ObjectExpectedError',
  'ObjectParameterError',
  'MongooseBulkWriteError',
  'SyntaxError',
  'YAMLParseError',
  'ZodError',
]);

function quotesData(error: object, type: string): boolean {
  // body-parser's errors keep the body that they could not read.
  return QUOTING.has(type) || 'body' in error;
}

function readString(error: object, key: string): string | undefined {
  const value: unknown = Reflect.get(error, key);
  return typeof value === 'string' ? value : undefined;
}

function typeOf(error: object): string {
  const { name } = error.constructor;
  // Subclasses that keep their parent's name are told by their class, and the other way round.
  const type = name === 'Error' ? (readString(error, 'name') ?? name) : name;
  return WORD.test(type) ? type : 'Error';
}

/** Its code; where that is ClickHouse's number or MongoDB's, with the name that goes with it. */
function codeOf(error: object): string | number | undefined {
  const code: unknown = Reflect.get(error, 'code');
  const name = readString(error, 'codeName') ?? readString(error, 'type');
  const word = name !== undefined && WORD.test(name) ? name : undefined;
  if (typeof code === 'number' || (typeof code === 'string' && /^[\w-]{1,64}$/.test(code))) {
    return word === undefined ? code : `${code} ${word}`;
  }
  return word;
}

function textOf(message: string): string {
  return message
    .slice(0, MAX_MESSAGE_CHARACTERS)
    .replace(USERINFO, '://***@')
    .replace(BEARER, '$1 ***')
    .replace(TOKEN_PATH, '/t/***');
}

/** The frames of a stack alone: above them it repeats the message. */
function framesOf(stack: string, message: string): string {
  const at = message === '' ? -1 : stack.indexOf(message);
  const rest = at === -1 ? stack : stack.slice(at + message.length);
  const frames = rest.split('\n').filter((line) => FRAME.test(line));
  return frames.slice(0, MAX_FRAMES).join('\n');
}

function serialize(error: object, depth: number): LoggedError {
  const type = typeOf(error);
  const code = codeOf(error);
  const message = readString(error, 'message') ?? '';
  const frames = framesOf(readString(error, 'stack') ?? '', message);
  const cause: unknown = Reflect.get(error, 'cause');
  return {
    type,
    ...(code === undefined ? {} : { code }),
    ...(quotesData(error, type) ? {} : { message: textOf(message) }),
    ...(frames === '' ? {} : { stack: frames }),
    ...(isErrorLike(cause) && depth < MAX_CAUSES ? { cause: serialize(cause, depth + 1) } : {}),
  };
}

/** Errors, those of Node's other realms and DOMException (what an AbortSignal throws) included. */
function isErrorLike(value: unknown): value is object {
  return (
    types.isNativeError(value) ||
    value instanceof Error ||
    (typeof value === 'object' &&
      value !== null &&
      readString(value, 'message') !== undefined &&
      readString(value, 'name') !== undefined)
  );
}

/**
 * Writes down of an error what is fit for a log: its class, code, stack frames, its message unless that kind of error
 * quotes data, and the same of its causes. Never its other fields: drivers keep requests, documents and servers there.
 */
export function serializeError(thrown: unknown): LoggedError {
  return isErrorLike(thrown) ? serialize(thrown, 1) : { type: typeof thrown };
}
