/** A quoted piece of a text: what it holds, and where it ends. */
export interface Quoted {
  /** Each character, or byte given by `\x`, of the content. */
  units: readonly Unit[];
  end: number;
}

/** A character of a text, or a byte above ASCII that an escape names and no character is. */
export type Unit = string | { byte: number };

/** What stands behind a backslash and is not itself. Source: ClickHouse docs, "String literals". */
const escapes: ReadonlyMap<string, string> = new Map([
  ['n', '\n'],
  ['t', '\t'],
  ['r', '\r'],
  ['b', '\b'],
  ['f', '\f'],
  ['a', '\u0007'],
  ['v', '\v'],
  ['e', '\u001b'],
  ['0', '\0'],
]);
/** These are themselves behind a backslash; before any other character the backslash stays. */
const plain = new Set(['\\', "'", '"', '`', '/', '=']);

/** Reads what is quoted from `start` on, by the quote that stands there; `undefined` where it does not end. */
export function readQuoted(text: string, start: number): Quoted | undefined {
  const quote = text.charAt(start);
  const units: Unit[] = [];
  let at = start + 1;
  while (at < text.length) {
    const char = text.charAt(at);
    if (char === quote) {
      if (text.charAt(at + 1) !== quote) return { units, end: at + 1 };
      units.push(quote);
      at += 2;
    } else if (char === '\\') {
      const escape = readEscape(text, at + 1);
      units.push(...escape.units);
      at = escape.end;
    } else {
      units.push(char);
      at += 1;
    }
  }
  return undefined;
}

function readEscape(text: string, at: number): Quoted {
  const char = text.charAt(at);
  const hex = /^x[0-9a-fA-F]{2}/.exec(text.slice(at, at + 3))?.[0];
  if (hex !== undefined) {
    const byte = parseInt(hex.slice(1), 16);
    return { units: [byte < 0x80 ? String.fromCharCode(byte) : { byte }], end: at + 3 };
  }
  const escaped = escapes.get(char);
  if (escaped !== undefined) return { units: [escaped], end: at + 1 };
  return { units: plain.has(char) ? [char] : ['\\', char], end: at + 1 };
}

/** A string literal of this content, in which nothing but a quote of ours ends it. */
export function stringLiteral(units: Iterable<Unit>): string {
  let literal = '';
  for (const unit of units) {
    if (typeof unit !== 'string') literal += hexEscape(unit.byte);
    else if (unit === '\\' || unit === "'") literal += `\\${unit}`;
    else if (isControl(unit)) literal += hexEscape(unit.charCodeAt(0));
    else literal += unit;
  }
  return `'${literal}'`;
}

const hexEscape = (byte: number) => `\\x${byte.toString(16).padStart(2, '0')}`;
const isControl = (char: string) => char < ' ' || char === '\u007f';

/** The content as a name; `undefined` where no object or column may be called so: blank, or with control characters. */
export function asName(units: readonly Unit[]): string | undefined {
  if (units.length === 0) return undefined;
  return units.every((unit): unit is string => typeof unit === 'string' && !isControl(unit))
    ? units.join('')
    : undefined;
}
