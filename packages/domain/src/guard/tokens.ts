/** A piece of a statement, as the guard reads and writes it. */
export type Token =
  /** A word without quotes: a keyword, a name, a type; only the engine tells which. */
  | { kind: 'word'; text: string }
  /** A quoted name, by its value. */
  | { kind: 'name'; text: string }
  /** `literal` is how it is written to the engine, quotes and all; `value` what it holds, where that is text. */
  | { kind: 'string'; literal: string; value: string | undefined }
  | { kind: 'number'; text: string }
  | { kind: 'symbol'; text: string }
  /** `{name:type}`; `value` is what was sent for it. */
  | { kind: 'parameter'; name: string; type: string; value: string }
  /** Text of the guard's own making. */
  | { kind: 'own'; text: string };

/** Whether the token is this symbol. */
export function isSymbol(token: Token | undefined, ...symbols: string[]): boolean {
  return token?.kind === 'symbol' && symbols.includes(token.text);
}

/** Whether the token is one of these words without quotes, in any case: what the engine may take for a keyword. */
export function isWord(token: Token | undefined, ...keywords: string[]): boolean {
  return token?.kind === 'word' && keywords.includes(token.text.toUpperCase());
}

/** The name that the token is or stands for; `undefined` where it can be none. */
export function nameOf(token: Token | undefined): string | undefined {
  if (token?.kind === 'word' || token?.kind === 'name') return token.text;
  return token?.kind === 'parameter' && token.type === 'Identifier' ? token.value : undefined;
}

/** The token as its sender would know it, for messages. */
export function written(token: Token | undefined): string {
  if (!token) return 'the end of the text';
  if (token.kind === 'string') return token.literal;
  return token.kind === 'parameter' ? `{${token.name}:${token.type}}` : token.text;
}

/** How a name is written to the engine; the lexer has refused names with control characters. */
export function quoteName(name: string): string {
  return `\`${name.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``;
}

function render(token: Token): string {
  switch (token.kind) {
    case 'name':
      return quoteName(token.text);
    case 'string':
      return token.literal;
    case 'parameter':
      return `{${token.name}:${token.type}}`;
    case 'word':
    case 'number':
    case 'symbol':
    case 'own':
      return token.text;
  }
}

/** Whether a minus behind it can only mean a subtraction. */
const isOperand = (token: Token | undefined) =>
  token?.kind === 'number' || token?.kind === 'string' || isSymbol(token, ')', ']');

/** What stands behind a dot and before a name in subcolumns: `json.^key`, `json.key.:Int64`. */
const marks = ['^', ':'];

/**
 * The canonical text of tokens: a space between any two, so that none grows together with its neighbour (`- -` is no
 * comment), but none beside a dot, which names want, nor behind a sign: `- 128::Int8` is another number than `-128::Int8`.
 */
export function renderTokens(tokens: readonly Token[]): string {
  let text = '';
  tokens.forEach((token, index) => {
    const [second, first] = [tokens[index - 2], tokens[index - 1]];
    const marked = isSymbol(second, '.') && isSymbol(first, ...marks);
    const signed = token.kind === 'number' && isSymbol(first, '-') && !isOperand(second);
    const glued = marked || signed || isSymbol(token, '.') || isSymbol(first, '.');
    text += `${index === 0 || glued ? '' : ' '}${render(token)}`;
  });
  return text;
}
