import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import type { ClickHouseServer } from '@hyperdx-tenancy/devkit/clickhouse';
import { waitFor } from '@hyperdx-tenancy/devkit/process';

import type { LogTenants } from './logTenants';
import { openFiles, residentBytes } from './processes';

/** What an engine holds at one moment. */
export interface EngineState {
  residentBytes: number;
  /** Open files, sockets and pipes. */
  openFiles: number;
  parts: number;
  partitions: number;
  /** The most active parts that one partition of one table has: what inserts are slowed down and refused by. */
  mostParts: number;
  /** Rows of `system.merges`. */
  merging: number;
  /** Merges that have ended since the engine started. */
  merged: number;
  /** Inserts that the engine slowed down or refused for their number of parts since it started. */
  heldUp: number;
}

const MERGED = 'Merge';
const HELD_UP = ['DelayedInserts', 'RejectedInserts'];

/** Reads it off the process and the system tables. */
export async function engineState(
  server: ClickHouseServer,
  tenants: LogTenants,
): Promise<EngineState> {
  const [parts] = await tenants.read<{ parts: number; partitions: number; most: number }>(
    `SELECT toUInt32(sum(n)) AS parts, toUInt32(count()) AS partitions, toUInt32(max(n)) AS most
     FROM (SELECT count() AS n FROM system.parts WHERE active AND database = {database:String} GROUP BY table, partition_id)`,
    { database: server.database },
  );
  const [merges] = await tenants.read<{ n: number }>(
    'SELECT toUInt32(count()) AS n FROM system.merges',
  );
  // An event that has not happened has no row.
  const events = await tenants.read<{ event: string; n: number }>(
    'SELECT event, toUInt32(value) AS n FROM system.events WHERE event IN {events:Array(String)}',
    { events: [MERGED, ...HELD_UP] },
  );
  const sum = (names: readonly string[]): number =>
    events.filter(({ event }) => names.includes(event)).reduce((total, { n }) => total + n, 0);
  return {
    residentBytes: await residentBytes(server.pid),
    openFiles: await openFiles(server.pid),
    parts: parts?.parts ?? NaN,
    partitions: parts?.partitions ?? NaN,
    mostParts: parts?.most ?? NaN,
    merging: merges?.n ?? NaN,
    merged: sum([MERGED]),
    heldUp: sum(HELD_UP),
  };
}

const REMOVAL_TIMEOUT_MS = 120_000;

/** Resolves when no part is left that a merge has replaced. */
export async function oldPartsGone(
  server: ClickHouseServer,
  tenants: LogTenants,
  signal: AbortSignal,
): Promise<void> {
  await waitFor(
    async () => {
      const [old] = await tenants.read<{ n: number }>(
        `SELECT toUInt32(count()) AS n FROM system.parts WHERE NOT active AND database = {database:String}`,
        { database: server.database },
      );
      return old?.n === 0;
    },
    {
      what: 'the engine to remove what merges replaced',
      timeoutMs: REMOVAL_TIMEOUT_MS,
      intervalMs: 250,
      signal,
    },
  );
}

/** What an engine has on disk: metadata, and parts that wait for their removal, included. */
export interface DiskUse {
  /** Files and folders. */
  inodes: number;
  bytes: number;
}

/** Counted by `du`, which is quicker than anything of ours at a million of them. */
export async function diskUse(folder: string, signal: AbortSignal): Promise<DiskUse> {
  const du = async (what: string): Promise<number> => {
    const run = promisify(execFile)('du', ['-s', what, folder], { signal });
    // Files that go while it counts are complained about; the sum is printed all the same.
    const { stdout } = await run.catch((error: unknown) => {
      signal.throwIfAborted();
      const text = (error as { stdout?: unknown }).stdout;
      if (typeof text !== 'string' || text === '') throw error;
      return { stdout: text };
    });
    return Number.parseInt(stdout, 10);
  };
  return { inodes: await du('--inodes'), bytes: await du('--block-size=1') };
}
