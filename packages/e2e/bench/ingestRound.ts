import type { ClickHouseClient } from '@clickhouse/client';
import { waitFor } from '@hyperdx-tenancy/devkit/process';
import { getTenantTableName } from '@hyperdx-tenancy/domain/ids';

import type { OtlpRequest } from '../harness/otlp';
import { sendRequest } from '../harness/sender';
import type { Backend } from '../harness/stack';
import type { Side, Tenant } from './ingestSides';
import type { Ledger } from './ledger';
import { logsRequest } from './otlpLogs';
import { cpuSeconds } from './processes';
import { eachOf } from './work';

/** Requests under way at once, as many on both sides. */
export const SENDERS = 6;
/** Close to what the SDKs' batch processors send at once (512 by default). */
export const RECORDS_PER_REQUEST = 500;

/** From the last acknowledgement until a round's rows are stored: three of the exporters' attempts fit in. */
export const STORED_TIMEOUT_MS = 90_000;
/** Background merges of one round may take so long before the next begins without waiting for them. */
const MERGES_TIMEOUT_MS = 10_000;

/** What one round of one side took. */
export interface Round {
  /** From the first request until the last row is stored. */
  seconds: number;
  records: number;
  /** Processor time in that time, seconds. */
  cpu: { collector: number; engine: number; sender: number };
}

interface Job {
  tenant: Tenant;
  first: number;
  count: number;
  request: OtlpRequest;
}

/** A round's requests, made before its time is taken; tenants take turns. */
function jobsOf(side: Side, records: number, ledger: Ledger): Job[] {
  const jobs: Job[] = [];
  for (let left = records; left > 0; left -= RECORDS_PER_REQUEST) {
    const tenant = side.tenants[jobs.length % side.tenants.length];
    if (!tenant) throw new Error(`${side.name} has no tenant`);
    const count = Math.min(RECORDS_PER_REQUEST, left);
    const first = ledger.take(count);
    const request = { ...logsRequest(first, count, tenant.id, jobs.length % 20), samples: [] };
    jobs.push({ tenant, first, count, request });
  }
  return jobs;
}

const tablesOf = (side: Side): string[] =>
  side.tenants.map(({ id }) => getTenantTableName('otel_logs', id));

async function numberOf(
  client: ClickHouseClient,
  query: string,
  parameters: Record<string, unknown>,
): Promise<number> {
  const answer = await client.query({
    query,
    query_params: parameters,
    format: 'JSONCompactEachRow',
  });
  const [row] = await answer.json<[number]>();
  return row?.[0] ?? NaN;
}

/** Rows of all of a side's tables, out of their parts' headers. */
const storedRows = (client: ClickHouseClient, side: Side): Promise<number> =>
  numberOf(
    client,
    'SELECT toUInt32(sum(rows)) FROM system.parts WHERE active AND database = currentDatabase() AND table IN {tables:Array(String)}',
    { tables: tablesOf(side) },
  );

const runningMerges = (client: ClickHouseClient): Promise<number> =>
  numberOf(client, 'SELECT toUInt32(count()) FROM system.merges', {});

/** Processor time of all three so far, seconds. */
async function cpuNow(side: Side, { clickhouse }: Backend): Promise<Round['cpu']> {
  const { user, system } = process.cpuUsage();
  return {
    collector: await cpuSeconds(side.pid),
    engine: await cpuSeconds(clickhouse.pid),
    sender: (user + system) / 1_000_000,
  };
}

/**
 * Sends a round's records through a side's collector and waits until they are stored.
 * @returns `undefined` where not all were stored in time: what is missing in the end is counted then, and no speed.
 */
export async function runRound(
  side: Side,
  records: number,
  ledger: Ledger,
  { backend, client, signal }: { backend: Backend; client: ClickHouseClient; signal: AbortSignal },
): Promise<Round | undefined> {
  const jobs = jobsOf(side, records, ledger);
  await waitFor(async () => (await runningMerges(client)) === 0, {
    what: 'merges to end',
    timeoutMs: MERGES_TIMEOUT_MS,
    intervalMs: 250,
    signal,
  }).catch(() => signal.throwIfAborted());
  const goal = (await storedRows(client, side)) + records;
  const before = await cpuNow(side, backend);
  const start = performance.now();
  await eachOf(jobs, SENDERS, signal, async ({ tenant, first, count, request }) => {
    const status = await sendRequest(side.endpoint, tenant.key, request, { signal });
    if (status !== 200) throw new Error(`the ${side.name} collector answered ${status}`);
    ledger.acknowledge(first, count, tenant.id);
  });
  let seconds = NaN;
  let after = before;
  const allStored = await waitFor(
    async () => {
      if ((await storedRows(client, side)) < goal) return false;
      seconds = (performance.now() - start) / 1_000;
      after = await cpuNow(side, backend);
      // There may be as many rows for another reason: an exporter that waited in vain for an answer has sent some again.
      const { missing } = await ledger.check(client, signal, jobs[0]?.first);
      return missing === 0;
    },
    {
      what: `${records} rows behind the ${side.name} collector`,
      timeoutMs: STORED_TIMEOUT_MS,
      signal,
    },
  ).catch(() => {
    signal.throwIfAborted();
    return false;
  });
  if (!allStored) return undefined;
  return {
    seconds,
    records,
    cpu: {
      collector: after.collector - before.collector,
      engine: after.engine - before.engine,
      sender: after.sender - before.sender,
    },
  };
}
