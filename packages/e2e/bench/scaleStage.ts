import type { ClickHouseServer } from '@hyperdx-tenancy/devkit/clickhouse';
import type { TenantId } from '@hyperdx-tenancy/domain/ids';

import { diskUse, engineState } from './engineState';
import type { LogTenants } from './logTenants';
import { residentBytes } from './processes';
import { median, p95, ratio } from './shape';
import type { Figure } from './shape';
import { restart } from './withEngine';
import { costOf, eachOf } from './work';
import type { Cost } from './work';

/** How often each thing is measured at one number of tenants. */
export interface StageSize {
  /** Tenants made one at a time, timed; those before them are made side by side. */
  block: number;
  /** Inserts into one tenant, one after another. */
  inserts: number;
  /** Inserts into as many tenants, side by side. */
  spread: number;
  /** Queries of each kind. */
  queries: number;
}

export const PARALLEL = 4;
/** Of each insert: as few as a small tenant's collector batch may hold. */
export const ROWS_PER_INSERT = 10;
/** Listing everything is slow: tried twice. */
const LISTINGS = 2;
const NO_COST: Cost = { times: [], cpu: NaN };

const MEGABYTE = 1_048_576;

/** What one number of tenants was found to cost. */
export interface StageFindings {
  figures: Figure[];
  /** Inserts that the engine slowed down or refused. */
  heldUp: number;
}

/** Tenants all over the list, each once. */
function spreadOver(ids: readonly TenantId[], count: number): TenantId[] {
  const step = Math.max(ids.length / count, 1);
  return Array.from(
    { length: Math.min(count, ids.length) },
    (_, at) => ids[Math.floor(at * step)],
  ).filter((id) => id !== undefined);
}

/** Makes tenants until there are `count`, each with one insert. @returns what each of the last ones cost. */
async function growTo(
  count: number,
  { server, tenants, signal }: Ground,
  block: number,
): Promise<Cost> {
  const before = tenants.ids.length;
  const bulk = Array.from({ length: Math.max(count - before - block, 0) });
  await eachOf(bulk, PARALLEL, signal, () => tenants.add());
  const made = await costOf(server.pid, count - tenants.ids.length, () => tenants.add());
  await eachOf(tenants.ids.slice(before), PARALLEL, signal, (id) =>
    tenants.insert(id, { rows: ROWS_PER_INSERT }),
  );
  return made;
}

/** What a stage is measured on. */
interface Ground {
  server: ClickHouseServer;
  tenants: LogTenants;
  /** The tenant that is inserted into and queried. */
  watched: TenantId;
  signal: AbortSignal;
}

/** The queries of a stage: what a tenant's people, HyperDX and the product itself ask. */
async function queryCosts(
  { server, tenants, watched, signal }: Ground,
  queries: number,
): Promise<Record<'query' | 'columns' | 'lookUp' | 'list', Cost>> {
  const { database, pid } = server;
  const table = tenants.table(watched);
  const read = (count: number, query: string, parameters: Record<string, unknown>): Promise<Cost> =>
    costOf(pid, count, () => tenants.read(query, { database, ...parameters }));
  return {
    query: await costOf(pid, queries, () => tenants.query(watched)),
    columns: await read(
      queries,
      `SELECT table, name, type FROM system.columns
       WHERE database = {database:String} AND table IN {tables:Array(String)}`,
      { tables: [table] },
    ),
    lookUp: await read(
      queries,
      'SELECT * FROM system.tables WHERE database = {database:String} AND name = {table:String} LIMIT 1',
      { table },
    ),
    list: await read(
      LISTINGS,
      'SELECT * FROM system.tables WHERE database = {database:String}',
      {},
    ).catch(() => {
      signal.throwIfAborted();
      // Slower than a client waits: then there is no number, and that says it.
      return NO_COST;
    }),
  };
}

/** Grows to a number of tenants and measures what that costs. */
export async function measureStage(
  count: number,
  ground: Ground,
  size: StageSize,
): Promise<StageFindings> {
  const { server, tenants, watched, signal } = ground;
  const { pid } = server;
  const insert = (id: TenantId): Promise<void> => tenants.insert(id, { rows: ROWS_PER_INSERT });
  const made = await growTo(count, ground, size.block);
  const inserts = await costOf(pid, size.inserts, () => insert(watched));
  const spread = spreadOver(tenants.ids, size.spread);
  const all = await costOf(pid, 1, () => eachOf(spread, PARALLEL, signal, insert));
  const queries = await queryCosts(ground, size.queries);
  const state = await engineState(server, tenants);
  const disk = await diskUse(server.dataDir, signal);
  const start = await restart(server, () => tenants.query(watched), signal);
  const restarted = await residentBytes(server.pid);

  const figure = (name: string, value: number, unit: string): Figure => ({
    name: `${count} tenants: ${name}`,
    value,
    unit,
  });
  const costs = (name: string, { times, cpu }: Cost): Figure[] => [
    figure(`${name}, median`, median(times), 'ms'),
    figure(`${name}, p95`, p95(times), 'ms'),
    figure(`${name}, engine's CPU`, cpu, 'ms'),
  ];
  return {
    heldUp: state.heldUp,
    figures: [
      figure('made one at a time', ratio(1_000, mean(made.times)), 'tenants/s'),
      ...costs('making one', made),
      ...costs('INSERT into one tenant', inserts),
      figure(
        `INSERTs spread over tenants, ${PARALLEL} at a time`,
        ratio(spread.length * 1_000, mean(all.times)),
        'inserts/s',
      ),
      figure("spread INSERT, engine's CPU", ratio(all.cpu, spread.length), 'ms'),
      ...costs('query on one tenant', queries.query),
      ...costs("a table's columns in system.columns", queries.columns),
      ...costs('one table in system.tables', queries.lookUp),
      ...costs('all tables in system.tables', queries.list),
      figure('active parts', state.parts, 'parts'),
      figure('partitions', state.partitions, 'partitions'),
      figure('most active parts in one partition', state.mostParts, 'parts'),
      figure('merges since the last start', state.merged, 'merges'),
      figure("engine's memory", state.residentBytes / MEGABYTE, 'MB'),
      figure("engine's open files", state.openFiles, 'files'),
      figure('files and folders on disk', disk.inodes, 'inodes'),
      figure('disk', disk.bytes / MEGABYTE, 'MB'),
      figure('start with all tables', start.time / 1_000, 's'),
      figure("start with all tables, engine's CPU", start.cpu / 1_000, 's'),
      figure("engine's memory after that", restarted / MEGABYTE, 'MB'),
    ],
  };
}

function mean(values: readonly number[]): number {
  return ratio(
    values.reduce((a, b) => a + b, 0),
    values.length,
  );
}
