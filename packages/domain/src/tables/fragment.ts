import { hasControlCharacter } from './quote';

/** A piece of SQL that somebody else wrote, or why it cannot stand inside a statement of ours. */
export type Fragment =
  /** `outline`: the text with every group as `()` or `[]` and every quoted part as `''`. */
  { closed: true; outline: string } | { closed: false; fault: string };

const closers: Readonly<Record<string, string>> = { '(': ')', '[': ']' };

/** What ends a statement, or hides the rest of one, where ClickHouse's lexer meets it outside quotes. */
const refused: readonly (readonly [text: string, fault: string])[] = [
  [';', 'must not hold ";" outside quotes'],
  ['--', 'must not hold a comment (--)'],
  ['//', 'must not hold a comment (//)'],
  ['/*', 'must not hold a comment (/*)'],
  ['#', 'must not hold a comment (#)'],
  // Heredocs are quotes whose end depends on their beginning; {name:Type} is a parameter that DDL has no value for.
  ['$', 'must not hold "$" outside quotes'],
  ['{', 'must not hold "{" outside quotes; write map(...) for a map'],
  ['}', 'must not hold "}" outside quotes; write map(...) for a map'],
  ['\\', 'must not hold "\\" outside quotes'],
];

/**
 * Reads a piece of SQL as ClickHouse's lexer does, far enough to know that it ends where it ends: no quote, group or
 * comment that it leaves open can swallow what follows it in a statement, and nothing in it ends that statement. What
 * it means is ClickHouse's to judge.
 */
export function readFragment(text: string): Fragment {
  if (hasControlCharacter(text)) return fault('must be one line without control characters');
  const open: string[] = [];
  let outline = '';
  const add = (part: string): void => {
    if (open.length === 0) outline += part;
  };
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    const why = refused.find(([start]) => text.startsWith(start, at));
    if (why) return fault(why[1]);
    // Some of these are quotes, minus signs or white space to ClickHouse, others nothing.
    if (character > '~') return fault('must be ASCII outside quotes');
    if (character === "'" || character === '"' || character === '`') {
      const end = closingQuote(text, at);
      if (end === -1) return fault(`leaves a quote (${character}) open`);
      add("''");
      at = end;
      continue;
    }
    const closer = closers[character];
    if (closer !== undefined) {
      add(character + closer);
      open.push(closer);
    } else if (character === ')' || character === ']') {
      if (open.pop() !== character) return fault(`closes "${character}" without opening it`);
    } else {
      add(character);
    }
  }
  if (open.length > 0) return fault(`leaves "${open.join('')}" to be closed`);
  return { closed: true, outline };
}

/** Where the quote that opens at `start` ends; -1 where it does not. A doubled quote reads as two quoted parts. */
function closingQuote(text: string, start: number): number {
  const quote = text.charAt(start);
  for (let at = start + 1; at < text.length; at += 1) {
    if (text.charAt(at) === '\\') at += 1;
    else if (text.charAt(at) === quote) return at;
  }
  return -1;
}

function fault(why: string): Fragment {
  return { closed: false, fault: why };
}
