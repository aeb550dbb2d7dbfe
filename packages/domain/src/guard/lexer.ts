import { asName, readQuoted, stringLiteral } from './literals';
import type { Unit } from './literals';
import { isSymbol } from './tokens';
import type { Token } from './tokens';
import type { Refusal } from './verdict';
import { isRefusal, refuse } from './verdict';

/** `max_query_size` of ClickHouse: it parses no more. HyperDX's longest statement seen has 19,001. */
const maxCharacters = 262_144;
/** An `IN` of 16,000 values: what it takes to judge a statement is time that no other tenant's has. */
const maxTokens = 32_768;
/** Brackets within brackets: HyperDX's deepest statement has about ten. */
const maxDepth = 200;

const blank = /[ \t\r\n\f\v]+/y;
const lineComment = /--[^\n]*|#[! ][^\n]*/y;
const word = /[A-Za-z_][\w$]*/y;
const number =
  /(?:0[xX][0-9a-fA-F][0-9a-fA-F_]*|0[bB][01]+|(?:\d[\d_]*(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)(?![\w$])/y;
/** Texts by their bytes: `x'4A'`, `b'01'`. */
const bytes = /[xX]'[0-9a-fA-F]*'|[bB]'[01]*'/y;
/** Behind the dot of `tuple.1`. */
const ordinal = /\d+(?![\w$])/y;
const heredoc = /\$(\w*)\$([\s\S]*?)\$\1\$/y;
const symbol = /<=>|::|->|==|!=|<>|<=|>=|\|\||[()[\],.;:=<>+\-*/%?^]/y;
/** A type holds words, numbers, brackets and plain texts (`DateTime64(3, 'UTC')`): nothing that could end elsewhere. */
const parameter =
  /\{\s*([A-Za-z_]\w{0,127})\s*:\s*((?:[A-Za-z0-9_(),= \t\r\n]|-(?=\d)|'[A-Za-z0-9_/ .+-]*'){1,500})\}/y;

function at(pattern: RegExp, text: string, offset: number): RegExpExecArray | null {
  pattern.lastIndex = offset;
  return pattern.exec(text);
}

/** Comments are not passed on: where the engine would end one elsewhere, it is never asked to. */
function skipComment(text: string, offset: number): number {
  const line = at(lineComment, text, offset)?.[0];
  if (line !== undefined) return offset + line.length;
  return text.startsWith('/*', offset) ? blockEnd(text, offset) : offset;
}

/** The end of a bracketed comment: they nest, and one that is not closed reaches to the end. */
function blockEnd(text: string, offset: number): number {
  const marks = /\/\*|\*\//g;
  marks.lastIndex = offset;
  let depth = 0;
  for (let mark = marks.exec(text); mark; mark = marks.exec(text)) {
    depth += mark[0] === '/*' ? 1 : -1;
    if (depth === 0) return marks.lastIndex;
  }
  return text.length;
}

interface Read {
  token: Token;
  end: number;
}

const stringToken = (units: readonly Unit[]): Token => ({
  kind: 'string',
  literal: stringLiteral(units),
  value: units.every((unit) => typeof unit === 'string') ? units.join('') : undefined,
});

function readQuotedToken(text: string, offset: number): Read | Refusal {
  const found = readQuoted(text, offset);
  if (!found) return refuse('text', 'A quote is not closed', text.slice(offset));
  if (text.charAt(offset) === "'") {
    return { token: stringToken(found.units), end: found.end };
  }
  const name = asName(found.units);
  if (name === undefined) {
    return refuse('text', 'A quoted name is empty or holds control characters');
  }
  return { token: { kind: 'name', text: name }, end: found.end };
}

function readParameter(
  found: RegExpExecArray,
  values: ReadonlyMap<string, string>,
): Token | Refusal {
  const [, name = '', written = ''] = found;
  const value = values.get(name);
  if (value === undefined) return refuse('parameter', 'A query parameter has no value', name);
  const type = written.trim().replace(/\s+/g, ' ');
  if (type === 'Identifier' && !isPlainName(value)) {
    return refuse(
      'parameter',
      'The value of this query parameter is not the name of anything',
      name,
    );
  }
  return { kind: 'parameter', name, type, value };
}

/** Values of names reach the engine as they are: a backslash would be an escape to some readers and none to others. */
const isPlainName = (value: string) =>
  value !== '' && !value.includes('\\') && asName(Array.from(value)) !== undefined;

function read(
  text: string,
  offset: number,
  before: readonly Token[],
  values: ReadonlyMap<string, string>,
): Read | Refusal {
  const previous = before.at(-1);
  const char = text.charAt(offset);
  if (char === "'" || char === '"' || char === '`') return readQuotedToken(text, offset);
  const afterDot = isSymbol(previous, '.');
  const literal = at(bytes, text, offset)?.[0];
  if (literal !== undefined) {
    return { token: { kind: 'number', text: literal }, end: offset + literal.length };
  }
  const plain = at(word, text, offset)?.[0];
  if (plain !== undefined) {
    // A dollar sign is part of a word to some versions of the engine, and to others not.
    const kind = plain.includes('$') ? 'name' : 'word';
    return { token: { kind, text: plain }, end: offset + plain.length };
  }
  const digits = (
    afterDot || (char === '.' && isValue(previous))
      ? at(ordinal, text, offset)
      : at(number, text, offset)
  )?.[0];
  if (digits !== undefined) {
    return { token: { kind: 'number', text: digits }, end: offset + digits.length };
  }
  const doc = at(heredoc, text, offset);
  if (doc) {
    return { token: stringToken(Array.from(doc[2] ?? '')), end: offset + doc[0].length };
  }
  const placeholder = at(parameter, text, offset);
  if (placeholder) {
    const token = readParameter(placeholder, values);
    return isRefusal(token) ? token : { token, end: offset + placeholder[0].length };
  }
  const sign = at(symbol, text, offset)?.[0];
  // Written without a blank, a dot that is no accessor would make a number of its neighbour.
  const isStray = sign === '.' && (!isValue(previous) || isNumber(before));
  if (sign !== undefined && !isStray) {
    return { token: { kind: 'symbol', text: sign }, end: offset + sign.length };
  }
  return refuse('text', 'This is no token of ClickHouse SQL', text.slice(offset, offset + 20));
}

/** Whether the last token is a number, not the ordinal of a tuple's element. */
const isNumber = (tokens: readonly Token[]) =>
  tokens.at(-1)?.kind === 'number' && !isSymbol(tokens.at(-2), '.');

/** Whether a dot behind it takes an element of it, rather than beginning a number. */
function isValue(token: Token | undefined): boolean {
  return token !== undefined && (token.kind !== 'symbol' || isSymbol(token, ')', ']'));
}

const closing: Readonly<Record<string, string>> = { '(': ')', '[': ']' };

/** Brackets that cross, or close what is not open, are nobody's statement. */
function bracketFault(tokens: readonly Token[]): Refusal | undefined {
  const open: string[] = [];
  for (const token of tokens) {
    if (token.kind !== 'symbol') continue;
    const closes = closing[token.text];
    if (closes !== undefined) open.push(closes);
    else if (isSymbol(token, ')', ']') && open.pop() !== token.text) {
      return refuse('text', 'A bracket is closed that is not open', token.text);
    }
    if (open.length > maxDepth)
      return refuse('text', `Brackets are nested deeper than ${maxDepth}`);
  }
  return open.length > 0 ? refuse('text', 'A bracket is not closed') : undefined;
}

/**
 * The tokens of one statement, without comments and without the semicolon at its end.
 *
 * This reading need not be the engine's: the engine is only ever given what {@link renderTokens} writes of it. Where the two
 * would differ over a text, the caller is misunderstood, and what was judged is still what runs.
 */
export function readTokens(text: string, values: ReadonlyMap<string, string>): Token[] | Refusal {
  if (text.length > maxCharacters) {
    return refuse('text', `A statement has no more than ${maxCharacters} characters`);
  }
  const tokens: Token[] = [];
  let offset = 0;
  while (offset < text.length) {
    const skipped = offset + (at(blank, text, offset)?.[0].length ?? 0);
    const start = skipComment(text, skipped);
    if (start > offset) {
      offset = start;
      continue;
    }
    const found = read(text, offset, tokens, values);
    if (isRefusal(found)) return found;
    if (tokens.length === maxTokens) {
      return refuse('text', `A statement has no more than ${maxTokens} words and signs`);
    }
    tokens.push(found.token);
    offset = found.end;
  }
  while (isSymbol(tokens.at(-1), ';')) tokens.pop();
  if (tokens.some((token) => isSymbol(token, ';'))) {
    return refuse('text', 'There is more than one statement');
  }
  return bracketFault(tokens) ?? tokens;
}
