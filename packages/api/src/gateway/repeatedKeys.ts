const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const COLON = 0x3a;

/** The end of a string of JSON: the index of its closing quote. */
function closingQuote(text: string, open: number): number {
  let end = text.indexOf('"', open + 1);
  for (;;) {
    let slashes = 0;
    while (text.charCodeAt(end - 1 - slashes) === BACKSLASH) slashes += 1;
    if (slashes % 2 === 0) return end;
    end = text.indexOf('"', end + 1);
  }
}

/** Whether a colon comes next: only after a key. */
function isKey(text: string, after: number): boolean {
  let at = after;
  // White space is all that JSON allows between the two.
  while (text.charCodeAt(at) <= 0x20) at += 1;
  return text.charCodeAt(at) === COLON;
}

/**
 * Whether an object says a key twice, or `__proto__`: parsers disagree about which value counts, and about whether the
 * second is a key at all.
 * @param text JSON that has been parsed without an error.
 * @param depth how far down objects and arrays are looked into; 1 is the outermost.
 */
export function hasDisputedKeys(text: string, depth: number): boolean {
  const keys: Set<string>[] = [];
  let level = 0;
  for (let at = 0; at < text.length; at += 1) {
    switch (text.charCodeAt(at)) {
      case OPEN_BRACE:
      case OPEN_BRACKET:
        if (level < depth) keys[level] = new Set();
        level += 1;
        break;
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        level -= 1;
        break;
      case QUOTE: {
        const end = closingQuote(text, at);
        if (level <= depth && isKey(text, end + 1)) {
          const key = JSON.parse(text.slice(at, end + 1)) as string;
          const known = keys[level - 1];
          if (key === '__proto__' || known?.has(key) === true) return true;
          known?.add(key);
        }
        at = end;
        break;
      }
    }
  }
  return false;
}
