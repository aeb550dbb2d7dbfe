import { createClient } from '@clickhouse/client';
import type { ClickHouseClient } from '@clickhouse/client';
import { startClickHouse } from '@hyperdx-tenancy/devkit/clickhouse';
import type { ClickHouseServer } from '@hyperdx-tenancy/devkit/clickhouse';
import { waitFor } from '@hyperdx-tenancy/devkit/process';

import { cpuSeconds } from './processes';
import { timed } from './work';

const REQUEST_TIMEOUT_MS = 29_000;
const START_TIMEOUT_MS = 600_000;
const ANSWER_TIMEOUT_MS = 60_000;

/** Runs `work` on an engine of its own, empty at first, and removes it with all its data afterwards. */
export async function withEngine<T>(
  work: (server: ClickHouseServer, client: ClickHouseClient) => Promise<T>,
): Promise<T> {
  // Its database is not `default`, which the embedded engine would load twice at each start.
  const server = await startClickHouse({
    password: 'clickhouse',
    database: 'bench',
    startTimeoutMs: START_TIMEOUT_MS,
  });
  try {
    const client = createClient({ ...server.client(), request_timeout: REQUEST_TIMEOUT_MS });
    try {
      return await work(server, client);
    } finally {
      await client.close();
    }
  } finally {
    await server.stop();
  }
}

/** What a start costs, until the first answer; milliseconds. */
export interface StartCost {
  time: number;
  /** Processor time of the engine's process. */
  cpu: number;
}

/**
 * Kills an engine and starts it again on its data, until `query`, tried again and again, is answered.
 * @throws Error where the engine takes longer than ten minutes.
 */
export async function restart(
  server: ClickHouseServer,
  query: () => Promise<unknown>,
  signal: AbortSignal,
): Promise<StartCost> {
  await server.kill();
  signal.throwIfAborted();
  const time = await timed(async () => {
    await server.restart();
    await waitFor(() => query().then(() => true), {
      what: 'an answer after the restart',
      timeoutMs: ANSWER_TIMEOUT_MS,
      signal,
    });
  });
  return { time, cpu: (await cpuSeconds(server.pid)) * 1_000 };
}
