import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ChdbResult } from 'chdb';
import type { Connection, Engine } from './engine';
import { asServerError, ServerError } from './errors';
import type { Input, Insert } from './input';
import { convertNative, nativeAnswerLimit } from './nativeAnswer';
import type { OpenPipe, Pipes } from './pipes';
import { identifier, literal, setStatements, type SplitParameters } from './settings';
import type { Sink, Summary } from './sink';
import type { PlainStatement } from './statement';

export interface Query {
  input: Input;
  parameters: SplitParameters;
  database: string | undefined;
  /** The format of an answer whose statement names none. */
  defaultFormat: string;
  /** A GET may change nothing. */
  readonly: boolean;
  /** Answer only once the query has succeeded. */
  waitForEnd: boolean;
  /** `client_protocol_version`: what a Native answer looks like depends on it. */
  protocolVersion: number;
  /** Aborted when the reader is gone. */
  signal: AbortSignal;
  /** Told once, before the first byte. */
  onFormat(format: string): void;
}

export interface RunContext {
  engine: Engine;
  pipes: Pipes;
  tempDir: string;
}

function summaryOf(result: ChdbResult, written: boolean): Summary {
  return {
    readRows: written ? 0 : result.rowsRead,
    readBytes: written ? 0 : result.bytesRead,
    writtenRows: written ? result.rowsRead : 0,
    writtenBytes: written ? result.bytesRead : 0,
    elapsedSeconds: result.elapsed,
  };
}

/** Gives the connection its database, settings and parameters. */
export async function prepare(connection: Connection, query: Query): Promise<void> {
  const statements = setStatements(query.parameters);
  if (query.database !== undefined) statements.unshift(`USE ${identifier(query.database)}`);
  // One text would do, but an error in it would then be told with the position in all of them.
  for (const statement of statements) await connection.query(statement);
  if (!query.readonly || query.parameters.settings.has('readonly')) return;
  try {
    await connection.query('SET readonly = 2');
  } catch (error) {
    // 164: the user's profile is readonly already.
    if (!(error instanceof ServerError && error.code === 164)) throw error;
  }
}

/** The same error with another text. */
function withMessage(error: unknown, change: (message: string) => string): ServerError {
  const known = asServerError(error);
  return new ServerError(known.code, known.type, change(known.message), { cause: error });
}

/**
 * Has the engine's own parser read a text, of which it executes nothing, and write it: in one line, without comments, with
 * keywords in upper case.
 *
 * @throws ServerError for what is not one statement.
 */
export async function canonicalText(connection: Connection, text: string): Promise<string> {
  // Refused to a readonly user, whose text must then do with the usual limits.
  await connection.query('SET max_query_size = 0, max_parser_depth = 0').catch(() => undefined);
  try {
    const sql = `SELECT formatQuerySingleLine(${literal(text)})`;
    return (await connection.query(sql, 'RawBLOB')).text();
  } catch (error) {
    // The scope is this check's own, not the client's.
    throw withMessage(error, (message) =>
      message.replace(/: In scope SELECT formatQuery[\s\S]*$/, ''),
    );
  }
}

/** A statement as the client wrote it. */
export function textOf(statement: PlainStatement): string {
  if (statement.kind === 'command') return statement.text;
  const format = statement.format === undefined ? '' : `FORMAT ${statement.format}`;
  return `${statement.before}${format}${statement.after}`;
}

async function runInsert(connection: Connection, insert: Insert, file: string): Promise<Summary> {
  const { into, settings, format } = insert;
  // On lines of their own: the head may end in a comment.
  const sql = `${into}\nFROM INFILE ${literal(file)} ${settings}\nFORMAT ${format}`;
  return summaryOf(await connection.query(sql), true);
}

type Select = Extract<PlainStatement, { kind: 'select' }>;

/** Hands what the pipe brings to `take`, until the query ends; the engine is stopped if `take` fails or the reader leaves. */
async function pump(
  output: OpenPipe,
  done: Promise<unknown>,
  signal: AbortSignal,
  take: (chunk: Buffer) => Promise<void>,
): Promise<void> {
  const abandon = (): void => output.abandon();
  signal.addEventListener('abort', abandon, { once: true });
  try {
    for await (const chunk of output.readable as AsyncIterable<Buffer>) await take(chunk);
  } finally {
    signal.removeEventListener('abort', abandon);
    output.abandon();
  }
  await done;
}

async function runSelect(
  context: RunContext,
  connection: Connection,
  select: Select,
  query: Query,
  sink: Sink,
): Promise<void> {
  const format = select.format ?? query.defaultFormat;
  query.onFormat(format);
  await context.pipes.lend(async (pipe) => {
    const output = pipe.open();
    const target = `INTO OUTFILE ${literal(pipe.path)} APPEND FORMAT ${format}`;
    const done = connection
      .query(`${select.before}\n${target} ${select.after}`, format)
      .catch(async (error: unknown) => {
        // A syntax error may quote, and count, what was added here: the client is told of its own text.
        if (error instanceof ServerError && error.code === 62) {
          await canonicalText(connection, textOf(select));
        }
        throw withMessage(error, (message) => message.replaceAll(target, ''));
      })
      .finally(() => output.finish());
    const state = { running: true };
    const end = (): void => void (state.running = false);
    const settled = done.then(end, end);
    try {
      if (query.waitForEnd) await pumpByFile(context, output, done, query, sink);
      else if (format === 'Native' && query.protocolVersion > 0) {
        await pumpNative(output, done, query, sink);
      } else await pump(output, done, query.signal, (chunk) => sink.write(chunk));
      sink.summarize(summaryOf(await done, false));
    } finally {
      // The reader has left: a query that still computes would notice at its next write alone.
      if (state.running) await context.engine.cancel(pipe.path);
      await settled;
    }
  });
}

async function pumpNative(
  output: OpenPipe,
  done: Promise<unknown>,
  query: Query,
  sink: Sink,
): Promise<void> {
  const chunks: Buffer[] = [];
  let size = 0;
  await pump(output, done, query.signal, (chunk) => {
    size += chunk.length;
    if (size > nativeAnswerLimit) {
      throw new ServerError(
        396,
        'TOO_MANY_ROWS_OR_BYTES',
        `A Native answer for client_protocol_version is limited to ${nativeAnswerLimit} bytes`,
      );
    }
    chunks.push(chunk);
    return Promise.resolve();
  });
  await sink.write(convertNative(Buffer.concat(chunks), query.protocolVersion));
}

async function pumpByFile(
  context: RunContext,
  output: OpenPipe,
  done: Promise<ChdbResult>,
  query: Query,
  sink: Sink,
): Promise<void> {
  const path = join(context.tempDir, `answer-${randomUUID()}`);
  const file = await open(path, 'wx', 0o600);
  try {
    await pump(output, done, query.signal, (chunk) => file.writeFile(chunk));
    sink.summarize(summaryOf(await done, false));
    for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
      await sink.write(chunk);
    }
  } finally {
    await file.close();
    await rm(path, { force: true });
  }
}

/**
 * Runs one statement and hands its answer to `sink`, which is ended on success.
 *
 * @throws ServerError as a server would report it; Error when the reader is gone.
 */
export async function runQuery(context: RunContext, query: Query, sink: Sink): Promise<void> {
  const { input } = query;
  if (!('file' in input) && input.statement.several) {
    const text = textOf(input.statement);
    // Not on the query's own connection, whose limits this changes.
    await context.engine.connect((connection) => canonicalText(connection, text));
  }
  await context.engine.connect(async (connection) => {
    // Its reader may have left while it waited for its turn.
    query.signal.throwIfAborted();
    await prepare(connection, query);
    if ('file' in input) {
      sink.summarize(await runInsert(connection, input.statement, input.file));
      return;
    }
    const { statement } = input;
    if (statement.kind === 'select') {
      await runSelect(context, connection, statement, query, sink);
      return;
    }
    const format = statement.format ?? query.defaultFormat;
    const result = await connection.query(statement.text, format);
    const bytes = Buffer.from(result.bytes());
    const native = format === 'Native' && query.protocolVersion > 0;
    sink.summarize(summaryOf(result, false));
    if (bytes.length > 0) {
      query.onFormat(format);
      await sink.write(native ? convertNative(bytes, query.protocolVersion) : bytes);
    }
  });
  await sink.end();
}
