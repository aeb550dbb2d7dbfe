import { notImplemented, ServerError, syntaxError } from './errors';
import { isKeyword, tokens, type Token } from './lexer';

/** A statement, as far as the front has to tell statements apart. */
export type Statement =
  /** Rows that may be many: its answer is streamed. */
  | { kind: 'select'; before: string; format: string | undefined; after: string }
  /** Its data follow in the body, from `dataStart` (a byte offset) on. */
  | { kind: 'insert'; into: string; settings: string; format: string; dataStart: number }
  /** All the rest (DDL, SHOW, DESCRIBE, INSERT ... SELECT): the answer is small and given as a whole. */
  | { kind: 'command'; text: string; format: string | undefined };

/** A statement without inline data. `several`: there may be a second one behind it, which only the engine can tell. */
export type PlainStatement = Exclude<Statement, { kind: 'insert' }> & { several: boolean };

/** One character a byte, so that offsets in the text are offsets in the body; keywords are ASCII anyway. */
const bytewise = (body: Buffer): string => body.toString('latin1');

/**
 * Where the data of `INSERT INTO t FORMAT f` begin: after the first line end, if only blanks come before it, else after the
 * blanks (ClickHouse's ParserInsertQuery); a semicolon right after the format's name is allowed.
 */
function dataOffset(sql: string, afterFormat: number): number {
  const match = /[ \t\f]*;?[ \t\f]*\r?\n?/y;
  match.lastIndex = afterFormat;
  return afterFormat + (match.exec(sql)?.[0].length ?? 0);
}

/** `FORMAT f [SETTINGS a = 1, b = 'x']`: the end of the settings, which must be read lest they be taken for data. */
function settingsAfterFormat(list: readonly Token[], index: number): number | undefined {
  if (!isKeyword(list[index], 'SETTINGS')) return undefined;
  let at = index + 1;
  for (;;) {
    const [name, equals, value] = list.slice(at, at + 3);
    if (name?.kind !== 'word' || equals?.text !== '=' || !value) return undefined;
    // A negative number is two tokens.
    at += value.text === '-' ? 4 : 3;
    if (list[at]?.text !== ',') return list[at - 1]?.end;
    at += 1;
  }
}

interface InsertParts {
  settingsStart: number | undefined;
  formatStart: number;
  format: string;
  headEnd: number;
  valuesEnd: number | undefined;
  next: number;
}

/** Finds where the head of an INSERT ends; nothing for one that takes its rows from a SELECT or does not show its end yet. */
function insertParts(list: readonly Token[]): InsertParts | undefined {
  let settingsStart: number | undefined;
  // INSERT INTO [TABLE] [FUNCTION] name: a table may itself be called `format` or `values`.
  let index = isKeyword(list[1], 'INTO') ? 2 : 1;
  if (isKeyword(list[index], 'TABLE')) index += 1;
  index += 1;
  for (; index < list.length; index++) {
    const token = list[index];
    if (!token || list[index - 1]?.text === '.') continue;
    if (isKeyword(token, 'SELECT', 'WITH', 'WATCH')) return undefined;
    if (isKeyword(token, 'INFILE')) {
      throw new ServerError(
        78,
        'UNKNOWN_TYPE_OF_QUERY',
        'Query has infile and was send directly to server',
      );
    }
    if (isKeyword(token, 'SETTINGS')) settingsStart = token.start;
    if (isKeyword(token, 'VALUES')) {
      const formatStart = token.start;
      const valuesEnd = token.end;
      return {
        settingsStart,
        formatStart,
        format: 'Values',
        headEnd: valuesEnd,
        valuesEnd,
        next: index + 1,
      };
    }
    const format = list[index + 1];
    if (isKeyword(token, 'FORMAT') && format?.kind === 'word') {
      // FORMAT Values is the same as VALUES.
      return {
        settingsStart,
        formatStart: token.start,
        format: format.text,
        headEnd: format.end,
        valuesEnd: undefined,
        next: index + 2,
      };
    }
  }
  return undefined;
}

/**
 * An INSERT whose data follow its head, or nothing. `complete` says whether `body` is all there is: of a part, a head that
 * touches its end is not trusted.
 */
export function parseInsert(
  body: Buffer,
  complete: boolean,
): Extract<Statement, { kind: 'insert' }> | undefined {
  const sql = bytewise(body);
  const list: Token[] = [];
  for (const token of tokens(sql)) {
    list.push(token);
    if (!isKeyword(list[0], 'INSERT')) return undefined;
    // Data of any size may follow: no token is read after the ones that can still belong to the head.
    const parts = isKeyword(token, 'VALUES') ? insertParts(list) : undefined;
    if (parts) break;
    if (list.length > 2 && token.depth === 0 && isKeyword(list.at(-2), 'FORMAT')) {
      if (insertParts(list)) break;
    }
  }
  const parts = insertParts(list);
  if (!parts || (!complete && parts.headEnd >= sql.length)) return undefined;
  const bytes = (start: number, end: number): string => body.toString('utf8', start, end);
  const into = bytes(0, parts.settingsStart ?? parts.formatStart);
  const inner =
    parts.settingsStart === undefined ? '' : bytes(parts.settingsStart, parts.formatStart);
  const { format, headEnd } = parts;
  if (parts.valuesEnd !== undefined) {
    return { kind: 'insert', into, settings: inner, format, dataStart: headEnd };
  }
  const rest = sql.slice(headEnd, headEnd + 4_096);
  const following = [...tokens(rest)];
  const end = settingsAfterFormat(following, 0);
  if (end === undefined) {
    return { kind: 'insert', into, settings: inner, format, dataStart: dataOffset(sql, headEnd) };
  }
  const outer = bytes(headEnd + (following[0]?.start ?? 0), headEnd + end);
  const settings = inner ? `${inner}, ${outer.replace(/^settings/i, '')}` : outer;
  return { kind: 'insert', into, settings, format, dataStart: dataOffset(sql, headEnd + end) };
}

/**
 * The data of an INSERT ... VALUES end at a semicolon, and the engine would pass over what follows.
 *
 * @throws ServerError if something does.
 */
export function refuseDataAfterSemicolon(body: Buffer): void {
  let ended = false;
  for (const token of tokens(bytewise(body))) {
    const semicolon = token.depth === 0 && token.text === ';';
    if (ended && !semicolon) {
      throw new ServerError(33, 'CANNOT_READ_ALL_DATA', 'Cannot read data after semicolon');
    }
    ended ||= semicolon;
  }
}

/** The position of `FORMAT f [SETTINGS ...]` among the tokens, if the text ends so. */
function formatClause(list: readonly Token[]): number | undefined {
  for (let index = list.length - 2; index > 0; index--) {
    if (!isKeyword(list[index], 'FORMAT') || list[index + 1]?.kind !== 'word') continue;
    const following = list[index + 2];
    if (!following || isKeyword(following, 'SETTINGS')) return index;
  }
  return undefined;
}

/**
 * Reads a statement without inline data.
 *
 * @throws ServerError for an empty text, and for `INTO OUTFILE`, which no server carries out.
 */
export function parseStatement(body: Buffer): PlainStatement {
  const sql = bytewise(body);
  const all = [...tokens(sql)];
  let list = all;
  while (list.at(-1)?.text === ';') list = list.slice(0, -1);
  const [first, last] = [list[0], list.at(-1)];
  if (!first || !last)
    throw syntaxError('Syntax error: failed at position 1 (end of query): . Empty query');
  if (list.some((token, i) => isKeyword(token, 'INTO') && isKeyword(list[i + 1], 'OUTFILE'))) {
    throw new ServerError(358, 'INTO_OUTFILE_NOT_ALLOWED', 'INTO OUTFILE is not allowed');
  }
  // The engine is asked before anything runs if there is a semicolon left anywhere, be it in a string.
  const several = sql.slice(first.start, last.end).includes(';');
  const bytes = (start: number, end: number): string => body.toString('utf8', start, end);
  const index = formatClause(list);
  const clause = index === undefined ? undefined : list[index];
  const name = index === undefined ? undefined : list[index + 1];
  const format = name?.text;
  if (isKeyword(first, 'SELECT', 'WITH', 'FROM') || first.text === '(') {
    const before = bytes(0, clause?.start ?? last.end);
    const after = name ? bytes(name.end, last.end) : '';
    return { kind: 'select', before, format, after, several };
  }
  if (isKeyword(first, 'BEGIN', 'COMMIT', 'ROLLBACK')) {
    throw notImplemented('Transactions are not supported');
  }
  return { kind: 'command', text: bytes(0, last.end), format, several };
}
