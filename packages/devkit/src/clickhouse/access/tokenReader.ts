import { notImplemented } from '../errors';
import { tokens, type Token } from '../lexer';

/** A quoted name or string without its quotes. */
function unquote(text: string): string {
  const quote = text.charAt(0);
  return text
    .slice(1, -1)
    .replace(/\\([\s\S])|(['"`])\2/g, (whole, escaped?: string, doubled?: string) =>
      escaped !== undefined ? unescape(escaped) : doubled === quote ? quote : whole,
    );
}

function unescape(character: string): string {
  return { n: '\n', t: '\t', r: '\r', '0': '\0' }[character] ?? character;
}

/** What a token names: a word as it stands, a quoted name or string without quotes. */
export function nameOf(token: Token | undefined): string | undefined {
  if (token?.kind === 'word') return token.text;
  return token?.kind === 'quoted' && !token.text.startsWith('$') ? unquote(token.text) : undefined;
}

/**
 * Reads a statement word by word. Its syntax has been checked by the engine, so that what does not fit here is a form
 * that this front does not carry out, and is told so.
 */
export class TokenReader {
  readonly #tokens: Token[];
  #next = 0;

  constructor(sql: string) {
    this.#tokens = [...tokens(sql)];
    while (this.#tokens.at(-1)?.text === ';') this.#tokens.pop();
  }

  /** Takes these words, all of them or none; says whether they were there. */
  takes(words: string): boolean {
    const wanted = words.split(' ');
    if (!wanted.every((word, index) => this.#isWord(this.#next + index, word))) return false;
    this.#next += wanted.length;
    return true;
  }

  expect(words: string): void {
    if (!this.takes(words)) throw this.unknown();
  }

  takesSymbol(symbol: string): boolean {
    if (this.#tokens[this.#next]?.text !== symbol) return false;
    this.#next += 1;
    return true;
  }

  expectSymbol(symbol: string): void {
    if (!this.takesSymbol(symbol)) throw this.unknown();
  }

  /** A name, quoted or not. */
  name(): string {
    const name = nameOf(this.#tokens[this.#next]);
    if (name === undefined) throw this.unknown();
    this.#next += 1;
    return name;
  }

  string(): string {
    if (this.#tokens[this.#next]?.text.startsWith("'") !== true) throw this.unknown();
    return this.name();
  }

  /** A number, a string or a bare word, as text. */
  value(): string {
    const sign = this.takesSymbol('-') ? '-' : '';
    const token = this.#tokens[this.#next];
    if (token?.kind !== 'number') return sign === '' ? this.name() : this.#fail();
    this.#next += 1;
    return sign + token.text;
  }

  number(): number {
    const text = this.value();
    const value = Number(text);
    return text === '' || !Number.isFinite(value) ? this.#fail() : value;
  }

  /** One of these words, as it is listed. */
  oneOf<T extends string>(words: readonly T[]): T {
    return words.find((word) => this.takes(word)) ?? this.#fail();
  }

  /** What `read` reads, once or more, with commas between. */
  list<T>(read: () => T): T[] {
    const items = [read()];
    while (this.takesSymbol(',')) items.push(read());
    return items;
  }

  get atEnd(): boolean {
    return this.#next >= this.#tokens.length;
  }

  expectEnd(): void {
    if (!this.atEnd) throw this.unknown();
  }

  /** The error for what stands at this place. Strings are left out: they may be secrets. */
  unknown(): Error {
    const token = this.#tokens[this.#next];
    const first = this.#tokens
      .slice(0, 2)
      .map(({ text }) => text.toUpperCase())
      .join(' ');
    const near = token?.kind === 'quoted' ? 'a quoted text' : (token?.text ?? 'its end');
    return notImplemented(`This form of ${first} is not implemented here (at ${near})`);
  }

  #fail(): never {
    throw this.unknown();
  }

  #isWord(index: number, word: string): boolean {
    const token = this.#tokens[index];
    return token?.kind === 'word' && token.text.toUpperCase() === word;
  }
}
