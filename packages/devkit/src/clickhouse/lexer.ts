/** A piece of SQL text; offsets are those of the text given to `tokens`. */
export interface Token {
  kind: 'word' | 'quoted' | 'number' | 'symbol';
  text: string;
  start: number;
  end: number;
  /** How many brackets are open around it. */
  depth: number;
}

const blank = /[\s\0]+/y;
/** `--` and `#!` or `# ` to the end of the line, and bracketed comments, an unclosed one included. */
const comment = /--[^\n]*|#[! ][^\n]*|\/\*[\s\S]*?(?:\*\/|$)/y;
/** Strings and quoted names: a backslash takes the next character, a doubled quote is one. */
const quoted =
  /'(?:[^'\\]|\\[\s\S]|'')*(?:'|$)|`(?:[^`\\]|\\[\s\S]|``)*(?:`|$)|"(?:[^"\\]|\\[\s\S]|"")*(?:"|$)/y;
const heredoc = /\$(\w*)\$[\s\S]*?\$\1\$/y;
const word = /[A-Za-z_][\w$]*/y;
const number = /\d[\w.]*/y;

function at(pattern: RegExp, sql: string, offset: number): string | undefined {
  pattern.lastIndex = offset;
  return pattern.exec(sql)?.[0];
}

/**
 * Splits ClickHouse SQL into tokens, without comments and blanks: enough to find the clauses that the front has to know
 * (`FORMAT`, `VALUES`, `SETTINGS`, a second statement). What a statement means is left to the engine.
 */
export function* tokens(sql: string): Generator<Token> {
  let offset = 0;
  let depth = 0;
  while (offset < sql.length) {
    const skipped = at(blank, sql, offset) ?? at(comment, sql, offset);
    if (skipped) {
      offset += skipped.length;
      continue;
    }
    const start = offset;
    const found = ((): [Token['kind'], string] => {
      const name = at(word, sql, start);
      if (name) return ['word', name];
      const literal = at(quoted, sql, start) ?? at(heredoc, sql, start);
      if (literal) return ['quoted', literal];
      const digits = at(number, sql, start);
      return digits ? ['number', digits] : ['symbol', sql.charAt(start)];
    })();
    const [kind, text] = found;
    offset += text.length;
    if (kind === 'symbol' && /[)\]}]/.test(text)) depth = Math.max(0, depth - 1);
    yield { kind, text, start, end: offset, depth };
    if (kind === 'symbol' && /[([{]/.test(text)) depth += 1;
  }
}

/** Whether the token is this keyword, outside brackets. */
export function isKeyword(token: Token | undefined, ...keywords: string[]): boolean {
  return token?.kind === 'word' && token.depth === 0 && keywords.includes(token.text.toUpperCase());
}
