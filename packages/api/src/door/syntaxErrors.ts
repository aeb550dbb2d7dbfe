/** What the guard has parsed is the statement in brackets, behind this. */
const PREFIX = 'EXPLAIN AST (';

/** Of the statement, from where ClickHouse could not go on. */
const SHOWN_CHARACTERS = 40;

/** `failed at position 24 (x) (line 1, col 24): x y. Expected ...`, in ClickHouse's words. */
const PLACE = /failed at position (\d+) .*?(?=\. Expected |\. \(SYNTAX_ERROR\)|$)/s;

/**
 * ClickHouse's text of a syntax error, about the statement alone: without the brackets around it, which its author has
 * not written.
 * @param asked what was parsed.
 */
export function aboutStatement(message: string, asked: string): string {
  if (!asked.startsWith(PREFIX)) return message;
  const statement = asked.slice(PREFIX.length, -1);
  return message.replace(PLACE, (_place, position: string) => {
    const at = Math.max(1, Number(position) - PREFIX.length);
    const rest = statement.slice(at - 1, at - 1 + SHOWN_CHARACTERS).trim();
    return `failed at position ${at} (${rest === '' ? 'end of query' : rest})`;
  });
}
