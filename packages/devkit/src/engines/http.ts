/** Longer than any statement of the devkit's own takes. */
const requestMs = 30_000;

export interface Login {
  url: string;
  user: string;
  password: string;
}

/** An error that ClickHouse answered, as opposed to no answer at all. */
export class ClickHouseRefusal extends Error {}

/**
 * Runs one statement over HTTP and answers what it prints.
 * @throws ClickHouseRefusal with ClickHouse's text; whatever `fetch` throws where there is no answer.
 */
export async function runStatement(login: Login, sql: string): Promise<string> {
  const response = await fetch(login.url, {
    method: 'POST',
    headers: { 'X-ClickHouse-User': login.user, 'X-ClickHouse-Key': login.password },
    body: sql,
    signal: AbortSignal.timeout(requestMs),
  });
  const text = await response.text();
  if (!response.ok) throw new ClickHouseRefusal(text.trim());
  return text.trim();
}
