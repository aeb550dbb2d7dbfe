import { ClickHouseError } from '@clickhouse/client';
import type { ClickHouseClient } from '@clickhouse/client';
import { TenancyError } from '@hyperdx-tenancy/domain/errors';
import pRetry from 'p-retry';

/**
 * Three attempts in about a second: enough for a dropped connection, short enough that a caller who
 * waits learns soon that ClickHouse is away.
 */
const RETRY = { retries: 2, minTimeout: 200, maxTimeout: 1_000, randomize: true } as const;

/**
 * What went wrong with a statement of ours, for whom it concerns: ClickHouse's own text stays out of
 * it (it quotes the statement), its code and type are kept.
 */
export function toTenancyError(error: unknown): TenancyError {
  if (error instanceof TenancyError) return error;
  if (error instanceof ClickHouseError) {
    const what = error.type ? `${error.type} (code ${error.code})` : `code ${error.code}`;
    return new TenancyError('clickhouse_rejected', `ClickHouse refused a statement: ${what}.`, {
      cause: error,
    });
  }
  return new TenancyError('clickhouse_unavailable', 'ClickHouse cannot be reached.', {
    cause: error,
  });
}

/** Runs one remote call with bounded retries of lost connections; an answer of ClickHouse is final. */
async function attempt<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await pRetry(call, {
      ...RETRY,
      shouldRetry: ({ error }) => !(error instanceof ClickHouseError),
    });
  } catch (error) {
    throw toTenancyError(error);
  }
}

/**
 * Runs a statement that answers no rows. Only idempotent statements may come here: it may run twice.
 * @throws TenancyError `clickhouse_rejected`, `clickhouse_unavailable`.
 */
export async function execute(client: ClickHouseClient, sql: string): Promise<void> {
  await attempt(() => client.command({ query: sql }));
}

/**
 * Runs a query whose values are bound as `{name: Type}` parameters.
 * @throws TenancyError `clickhouse_rejected`, `clickhouse_unavailable`.
 */
export async function select<Row>(
  client: ClickHouseClient,
  query: string,
  parameters: Record<string, unknown> = {},
): Promise<Row[]> {
  return attempt(async () => {
    const result = await client.query({ query, query_params: parameters, format: 'JSONEachRow' });
    return result.json<Row>();
  });
}
