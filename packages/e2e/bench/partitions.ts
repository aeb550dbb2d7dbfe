import type { TenantId } from '@hyperdx-tenancy/domain/ids';
import type { Partitioning } from '@hyperdx-tenancy/domain/tables';

import { diskUse, engineState, oldPartsGone } from './engineState';
import { LogTenants, TABLES_PER_TENANT } from './logTenants';
import { cpuSeconds, residentBytes } from './processes';
import { median } from './shape';
import type { BenchOptions, Figure } from './shape';
import { restart, withEngine } from './withEngine';
import { costOf, eachOf, timed } from './work';

/** How much to do for each partitioning. */
export interface PartitionsSize {
  tenants: number;
  /** Days that each tenant's rows lie in: an insert each. */
  days: number;
}

export const partitionings: readonly Partitioning[] = ['day', 'week', 'month'];

const ROWS_PER_DAY = 20;
const PARALLEL = 4;
/** How many tenants are queried, and get an insert of all days. */
const SAMPLES = 20;

const MEGABYTE = 1_048_576;

/**
 * Tenants whose rows lie in many days, on an engine of their own: what each costs under one partitioning. All merges that could
 * ever happen are done, so that the parts are the fewest possible: a server at work has more.
 */
export async function measurePartitioning(
  partitioning: Partitioning,
  { tenants: count, days }: PartitionsSize,
  { progress, signal }: BenchOptions,
): Promise<Figure[]> {
  progress(`${count} tenants with ${days} days of logs, partitioned by ${partitioning}`);
  return withEngine(async (server, client) => {
    const tenants = new LogTenants(server, client, partitioning, signal);
    const first = await tenants.add();
    await tenants.insert(first, { rows: ROWS_PER_DAY });
    // Compared after restarts: a process that has worked keeps memory that no table needs.
    const queryFirst = (): Promise<void> => tenants.query(first);
    const emptyStart = await restart(server, queryFirst, signal);
    const emptyMemory = await residentBytes(server.pid);
    const emptyDisk = await diskUse(server.dataDir, signal);
    for (let made = 0; made < count; made += 1) await tenants.add();
    const all = tenants.ids.slice(1);

    const dayTimes: number[] = [];
    const cpuBefore = await cpuSeconds(server.pid);
    for (let age = days - 1; age >= 0; age -= 1) {
      await eachOf(all, PARALLEL, signal, async (id) => {
        const insert = (): Promise<void> => tenants.insert(id, { rows: ROWS_PER_DAY, age });
        dayTimes.push(await timed(insert));
      });
    }
    const dayCpu = (((await cpuSeconds(server.pid)) - cpuBefore) * 1_000) / dayTimes.length;
    const unmerged = await engineState(server, tenants);
    await eachOf(all, PARALLEL, signal, (id) => tenants.merge(id));
    const merged = await engineState(server, tenants);
    await eachOf(all, PARALLEL, signal, (id) => tenants.cleanQuickly(id));
    await restart(server, queryFirst, signal);
    await oldPartsGone(server, tenants, signal);
    const start = await restart(server, queryFirst, signal);
    const memory = await residentBytes(server.pid);
    const disk = await diskUse(server.dataDir, signal);

    const ids = all.values();
    const query = await costOf(server.pid, Math.min(SAMPLES, count), () =>
      tenants.query(ids.next().value ?? first, days),
    );
    // One insert that holds all days, as of a sender that was cut off, into tenants that have none of them.
    const late: TenantId[] = [];
    while (late.length < Math.min(SAMPLES, count)) late.push(await tenants.add());
    const lateIds = late.values();
    const lateInsert = await costOf(server.pid, late.length, () =>
      tenants.insert(lateIds.next().value ?? first, { rows: ROWS_PER_DAY * days, days }),
    );

    const figure = (name: string, value: number, unit: string): Figure => ({
      name: `by ${partitioning}: ${name}`,
      value,
      unit,
    });
    return [
      // The first tenant's partitions are no part of the comparison.
      figure(
        'partitions per tenant, both tables',
        (merged.partitions - TABLES_PER_TENANT) / count,
        'partitions',
      ),
      figure('parts per tenant as inserted', unmerged.parts / count, 'parts'),
      figure('parts per tenant, all merged', (merged.parts - TABLES_PER_TENANT) / count, 'parts'),
      figure('files and folders per tenant', (disk.inodes - emptyDisk.inodes) / count, 'inodes'),
      figure('disk per tenant', (disk.bytes - emptyDisk.bytes) / count / MEGABYTE, 'MB'),
      figure('memory per tenant', (memory - emptyMemory) / count / MEGABYTE, 'MB'),
      figure('start per tenant', (start.time - emptyStart.time) / count, 'ms'),
      figure("start per tenant, engine's CPU", (start.cpu - emptyStart.cpu) / count, 'ms'),
      figure(`INSERT of one day, ${PARALLEL} at a time, median`, median(dayTimes), 'ms'),
      figure("INSERT of one day, engine's CPU with merges", dayCpu, 'ms'),
      figure(`INSERT of ${days} days at once, median`, median(lateInsert.times), 'ms'),
      figure(`INSERT of ${days} days at once, engine's CPU`, lateInsert.cpu, 'ms'),
      figure(`query over ${days} days, median`, median(query.times), 'ms'),
      figure(`query over ${days} days, engine's CPU`, query.cpu, 'ms'),
    ];
  });
}
