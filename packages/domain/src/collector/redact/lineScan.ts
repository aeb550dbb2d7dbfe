import { isSensitiveName } from './sensitive';

/** A part of a line, by its first character and the one behind its last. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A secret value that goes on in the next line. */
export type Pending =
  /** In the lines that are indented deeper than its name, with the names in them kept where they are a mapping. */
  | { readonly kind: 'block'; readonly indent: number; readonly mapping: boolean }
  /** Up to a closing quote, or the end of what brackets enclose. */
  | { readonly kind: 'flow'; readonly open: Open };

/** What is open within a value: a quote, and brackets around it. */
interface Open {
  readonly quote: '"' | "'" | undefined;
  readonly depth: number;
}

/** Others have their turn after so many characters of a line: a few milliseconds. */
const STEP_CHARACTERS = 64 * 1024;

/** Where secret values stand, and what is left open. */
interface Found {
  values: Span[];
  pending: Pending | undefined;
}

/**
 * Where secret values stand in a line of YAML or JSON, a step at a time: a line may be all that there is.
 * @param pending what the line before left open.
 */
export function* findingSecretValues(
  line: string,
  pending: Pending | undefined,
): Generator<undefined, Found> {
  if (pending?.kind === 'flow') {
    const { end, open } = endOfFlow(line, 0, pending.open);
    if (open) return { values: whole(line, 0), pending: { kind: 'flow', open } };
    const rest = yield* scan(line, end, 0);
    return { values: [...whole(line.slice(0, end), 0), ...rest.values], pending: rest.pending };
  }
  const { indent, start } = beginning(line);
  if (pending && start >= line.length) return { values: [], pending };
  if (pending && (indent > pending.indent || (indent === pending.indent && line[indent] === '-'))) {
    const value = pending.mapping ? behindName(line, start) : start;
    return { values: whole(line, value), pending };
  }
  return yield* scan(line, start, start);
}

/** Indentation of a line, and where what it says begins: behind the marks of list items. */
function beginning(line: string): { indent: number; start: number } {
  const indent = line.length - line.trimStart().length;
  let start = indent;
  while (line[start] === '-' && line[start + 1] === ' ') {
    start += 1;
    while (line[start] === ' ') start += 1;
  }
  return { indent, start };
}

/** The rest of a line from a place on, where there is any. */
function whole(line: string, from: number): Span[] {
  const start = from + (line.length - from - line.slice(from).trimStart().length);
  const end = line.trimEnd().length;
  return start < end ? [{ start, end }] : [];
}

function behindName(line: string, start: number): number {
  const colon = line.indexOf(':', start);
  return colon < 0 ? start : colon + 1;
}

/** Words, as names are, and what stands between them. */
const PARTS = /[A-Za-z0-9_.\-/]+|[^A-Za-z0-9_.\-/]+/g;

/** Looks for secret settings from a place on; `column` is where the names of this line begin. */
function* scan(line: string, from: number, column: number): Generator<undefined, Found> {
  const values: Span[] = [];
  let inFlow = false;
  let name: string | undefined;
  let step = from + STEP_CHARACTERS;
  PARTS.lastIndex = from;
  for (let match = PARTS.exec(line); match; match = PARTS.exec(line)) {
    const [part] = match;
    if (match.index >= step) {
      const at = PARTS.lastIndex;
      yield;
      // Another text may have been read meanwhile.
      PARTS.lastIndex = at;
      step = match.index + STEP_CHARACTERS;
    }
    if (/^[A-Za-z0-9_.\-/]/.test(part)) {
      name = part;
      continue;
    }
    const [mark, sign] = /^["']? *([:=])(?!\/\/)/.exec(part) ?? [];
    if (mark !== undefined && name !== undefined && isSensitiveName(name)) {
      const found = valueAt(line, match.index + mark.length, sign === '=', inFlow);
      values.push(...found.values);
      if (found.open) return { values, pending: { kind: 'flow', open: found.open } };
      if (found.block) return { values, pending: { ...found.block, indent: column } };
      PARTS.lastIndex = found.end;
    } else if (/[{[]/.test(part)) inFlow = true;
    name = undefined;
  }
  return { values, pending: undefined };
}

interface Value {
  values: Span[];
  end: number;
  open?: Open;
  block?: { kind: 'block'; mapping: boolean };
}

/** The value that begins behind a `:` or `=`. */
function valueAt(line: string, from: number, isParameter: boolean, inFlow: boolean): Value {
  let start = from;
  while (line[start] === ' ') start += 1;
  const first = line[start];
  if (first === undefined || first === '#') {
    return { values: [], end: line.length, block: { kind: 'block', mapping: true } };
  }
  if (first === '"' || first === "'" || first === '[' || first === '{') {
    const { end, open } = endOfFlow(line, start, { quote: undefined, depth: 0 });
    return { values: [{ start, end }], end, ...(open && { open }) };
  }
  if (isParameter || inFlow) {
    const stop = isParameter ? /[\s&"',;}\]]/g : /[,}\]]/g;
    stop.lastIndex = start;
    const end = stop.exec(line)?.index ?? line.length;
    return { values: start < end ? [{ start, end }] : [], end };
  }
  // A plain value may go on in deeper lines, and one after `|` or `>` does.
  return {
    values: whole(line, start),
    end: line.length,
    block: { kind: 'block', mapping: false },
  };
}

/** Where a quoted or bracketed value ends, or what is still open at the end of the line. */
function endOfFlow(line: string, from: number, before: Open): { end: number; open?: Open } {
  let { quote, depth } = before;
  for (let at = from; at < line.length; at += 1) {
    const character = line[at];
    if (quote !== undefined) {
      if (character === '\\' && quote === '"') at += 1;
      // In single quotes two of them are one that is meant.
      else if (character === "'" && quote === "'" && line[at + 1] === "'") at += 1;
      else if (character === quote) quote = undefined;
    } else if (character === '"' || character === "'") quote = character;
    else if (character === '[' || character === '{') depth += 1;
    else if (character === ']' || character === '}') depth -= 1;
    if (quote === undefined && depth <= 0) return { end: at + 1 };
  }
  return { end: line.length, open: { quote, depth } };
}
