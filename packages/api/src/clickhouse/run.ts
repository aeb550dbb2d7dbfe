import { ClickHouseError } from '@clickhouse/client';
import type { ClickHouseClient } from '@clickhouse/client';
import { TenancyError } from '@hyperdx-tenancy/domain/errors';

import { isSocketError } from '../utils/networkErrors';
import { retry } from '../utils/retry';

/**
 * A dropped connection is tried again within about a second. A server that takes a request and never
 * answers is not: trying again would make the caller wait as long again.
 */
const RETRY = {
  attempts: 3,
  deadlineMs: 20_000,
  pauseMs: 400,
  isTransient: isSocketError,
} as const;

/**
 * What went wrong with a statement of ours, for whom it concerns: ClickHouse's own text stays out of
 * it (it quotes the statement), its code and type are kept.
 */
function toClickhouseFault(error: unknown, ended: boolean): unknown {
  if (error instanceof ClickHouseError) {
    const what = error.type ? `${error.type} (code ${error.code})` : `code ${error.code}`;
    return new TenancyError('clickhouse_rejected', `ClickHouse refused a statement: ${what}.`, {
      cause: error,
    });
  }
  if (isSocketError(error)) {
    return new TenancyError('clickhouse_unavailable', 'ClickHouse cannot be reached.', {
      cause: error,
    });
  }
  if (ended) {
    return new TenancyError('clickhouse_unavailable', 'ClickHouse does not answer.', {
      cause: error,
    });
  }
  return error;
}

/** Runs one remote call with a deadline and bounded retries; an answer of ClickHouse is final. */
async function attempt<T>(call: (signal: AbortSignal) => Promise<T>): Promise<T> {
  let signal: AbortSignal | undefined;
  try {
    return await retry((deadline) => call((signal = deadline)), RETRY);
  } catch (error) {
    throw toClickhouseFault(error, signal?.aborted === true);
  }
}

/**
 * Runs a statement that answers no rows. Only idempotent statements may come here: it may run twice.
 * @throws TenancyError `clickhouse_rejected`, `clickhouse_unavailable`.
 */
export async function execute(client: ClickHouseClient, sql: string): Promise<void> {
  await attempt((signal) => client.command({ query: sql, abort_signal: signal }));
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
  return attempt(async (signal) => {
    const result = await client.query({
      query,
      query_params: parameters,
      format: 'JSONEachRow',
      abort_signal: signal,
    });
    return result.json<Row>();
  });
}
