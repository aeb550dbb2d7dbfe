import { ClickHouseError } from '@clickhouse/client';
import type { ClickHouseClient } from '@clickhouse/client';
import { TenancyError } from '@hyperdx-tenancy/domain/errors';

import { isSocketError } from '../utils/networkErrors';
import { retry } from '../utils/retry';
import { statementKind } from './statementKind';
import type { StatementKind } from './statementKind';

export type StatementResult = 'ok' | 'rejected' | 'unavailable' | 'other';

/** Is told of every statement once it has ended, its retries included. */
export type StatementObserver = (
  statement: { kind: StatementKind; result: StatementResult },
  seconds: number,
) => void;

/** By client: whoever runs a statement need not know that it is measured. */
const observers = new WeakMap<ClickHouseClient, StatementObserver>();

/** Has the statements that run on a client measured. */
export function observeStatements(client: ClickHouseClient, observer: StatementObserver): void {
  observers.set(client, observer);
}

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

const ACCESS_DENIED = '497';

/**
 * What went wrong with a statement of ours, for whom it concerns: ClickHouse's own text stays out of
 * it (it quotes the statement), its code and type are kept.
 */
function toClickhouseFault(error: unknown, ended: boolean): unknown {
  if (error instanceof ClickHouseError) {
    const what = error.type ? `${error.type} (code ${error.code})` : `code ${error.code}`;
    const advice =
      error.code === ACCESS_DENIED ? ' "doctor" names the rights that are missing.' : '';
    const message = `ClickHouse refused a statement: ${what}.${advice}`;
    return new TenancyError('clickhouse_rejected', message, { cause: error });
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
  if (isForeignAnswer(error)) {
    // Without the cause: its message is the answer as it came, which may quote the statement.
    return new TenancyError(
      'clickhouse_rejected',
      'ClickHouse, or what is in front of it, refused a statement.',
    );
  }
  return error;
}

/** An answer that is no error of ClickHouse's, such as a proxy's: the client throws it as a bare `Error`. */
function isForeignAnswer(error: unknown): boolean {
  return error instanceof Error && Object.getPrototypeOf(error) === Error.prototype;
}

function resultOf(fault: unknown): StatementResult {
  if (!(fault instanceof TenancyError)) return 'other';
  return fault.code === 'clickhouse_rejected' ? 'rejected' : 'unavailable';
}

/** Runs one remote call with a deadline and bounded retries; an answer of ClickHouse is final. */
async function attempt<T>(
  client: ClickHouseClient,
  sql: string,
  call: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const start = process.hrtime.bigint();
  let result: StatementResult = 'ok';
  let signal: AbortSignal | undefined;
  try {
    return await retry((deadline) => call((signal = deadline)), RETRY);
  } catch (error) {
    const fault = toClickhouseFault(error, signal?.aborted === true);
    result = resultOf(fault);
    throw fault;
  } finally {
    const seconds = Number(process.hrtime.bigint() - start) / 1e9;
    observers.get(client)?.({ kind: statementKind(sql), result }, seconds);
  }
}

/**
 * Runs a statement that answers no rows. Only idempotent statements may come here: it may run twice.
 * @throws TenancyError `clickhouse_rejected`, `clickhouse_unavailable`.
 */
export async function execute(client: ClickHouseClient, sql: string): Promise<void> {
  await attempt(client, sql, (signal) => client.command({ query: sql, abort_signal: signal }));
}

/**
 * Runs a query whose values are bound as `{name: Type}` parameters.
 * @param login who asks, over the same connections; without it the client's own user.
 * @throws TenancyError `clickhouse_rejected`, `clickhouse_unavailable`.
 */
export async function select<Row>(
  client: ClickHouseClient,
  query: string,
  parameters: Record<string, unknown> = {},
  login?: { username: string; password: string },
): Promise<Row[]> {
  return attempt(client, query, async (signal) => {
    const result = await client.query({
      query,
      query_params: parameters,
      format: 'JSONEachRow',
      abort_signal: signal,
      ...(login === undefined ? {} : { auth: login }),
    });
    return result.json<Row>();
  });
}
