import { TenancyError } from '../errors';

/** True where a text holds ASCII control characters. By code unit: linters refuse a pattern of them, for good reason. */
export function hasControlCharacter(text: string): boolean {
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i);
    if (unit < 0x20 || unit === 0x7f) return true;
  }
  return false;
}

/** Backslash escapes are read inside both kinds of quotes, so the backslash itself always goes first. */
function escape(text: string, quote: '`' | "'"): string {
  return text.replaceAll('\\', '\\\\').replaceAll(quote, `\\${quote}`);
}

/**
 * The one way by which a name reaches SQL: backtick-quoted and escaped, so that ClickHouse reads exactly this
 * name whatever it holds.
 * @throws TenancyError `invalid_table_name` for an empty name or one with control characters, which no
 *   object of an install carries and which logs and clients show wrongly.
 */
export function quoteIdentifier(name: string): string {
  if (name === '' || hasControlCharacter(name)) {
    throw new TenancyError(
      'invalid_table_name',
      'An identifier is empty or holds control characters.',
    );
  }
  return `\`${escape(name, '`')}\``;
}

/** `database.name`, each part quoted. */
export function quoteQualified(database: string, name: string): string {
  return `${quoteIdentifier(database)}.${quoteIdentifier(name)}`;
}

/**
 * A string literal, for the places of DDL that take no bound parameter: comments, engine arguments, map keys
 * in column expressions. Everything else is bound.
 * @throws TenancyError `invalid_request` where it holds control characters.
 */
export function quoteLiteral(text: string): string {
  if (hasControlCharacter(text)) {
    throw new TenancyError(
      'invalid_request',
      'A text for a ClickHouse statement holds control characters.',
    );
  }
  return `'${escape(text, "'")}'`;
}
