import type { ClickHouseServer } from '@hyperdx-tenancy/devkit/clickhouse';

import { conditionsOf } from './conditions';
import { LogTenants, OBJECTS_PER_TENANT } from './logTenants';
import { measurePartitioning, partitionings } from './partitions';
import type { PartitionsSize } from './partitions';
import { openFilesLimit } from './processes';
import { measureStage, PARALLEL, ROWS_PER_INSERT } from './scaleStage';
import type { StageSize } from './scaleStage';
import { ratio } from './shape';
import type { Bench, BenchOptions, Conditions, Figure, Findings } from './shape';
import { withEngine } from './withEngine';
import { timed } from './work';

interface Size {
  tenants: number;
  /** Where to measure, as shares of `tenants`. */
  stages: readonly number[];
  stage: StageSize;
  partitions: PartitionsSize;
  /** Rows of the tenant that is queried. */
  rows: number;
  /** Tenants dropped, timed. */
  drops: number;
}

const FULL: Size = {
  tenants: 5_000,
  stages: [0.02, 0.1, 0.2, 0.4, 0.6, 1],
  stage: { block: 40, inserts: 20, spread: 100, queries: 20 },
  partitions: { tenants: 20, days: 30 },
  rows: 100_000,
  drops: 100,
};
const QUICK: Size = {
  tenants: 100,
  stages: [0.2, 1],
  stage: { block: 10, inserts: 10, spread: 20, queries: 10 },
  partitions: { tenants: 2, days: 30 },
  rows: 10_000,
  drops: 10,
};

/** Settings of the engine that decide where it bends, as it runs here. */
const DECISIVE = [
  'background_pool_size',
  'background_merges_mutations_concurrency_ratio',
  'max_table_num_to_warn',
  'max_table_num_to_throw',
  'max_part_num_to_warn',
];

async function engineConditions(
  server: ClickHouseServer,
  tenants: LogTenants,
): Promise<Conditions> {
  const settings = await tenants.read<{ name: string; value: string }>(
    'SELECT name, value FROM system.server_settings WHERE name IN {names:Array(String)} ORDER BY name',
    { names: DECISIVE },
  );
  return {
    openFilesLimit: await openFilesLimit(server.pid),
    ...Object.fromEntries(settings.map(({ name, value }) => [name, Number(value)])),
  };
}

/** Milliseconds to drop some tenants, the last ones first. */
async function dropTime(tenants: LogTenants, count: number): Promise<number> {
  const ids = tenants.ids.slice(-count).toReversed();
  return timed(async () => {
    for (const id of ids) await tenants.drop(id);
  });
}

/** From few tenants to many, on one engine. */
async function measureGrowth(size: Size, options: BenchOptions): Promise<Findings> {
  const { progress, signal } = options;
  return withEngine(async (server, client) => {
    const tenants = new LogTenants(server, client, 'day', signal);
    const conditions = {
      ...conditionsOf({ clickhouse: server }),
      ...(await engineConditions(server, tenants)),
      tenants: size.tenants,
      objectsPerTenant: OBJECTS_PER_TENANT,
      rowsPerInsert: ROWS_PER_INSERT,
      parallel: PARALLEL,
    };
    const watched = await tenants.add();
    await tenants.insert(watched, { rows: size.rows });
    const figures: Figure[] = [];
    let heldUp = 0;
    const counts = new Set(size.stages.map((share) => Math.ceil(share * size.tenants)));
    for (const count of counts) {
      progress(`${count} tenants`);
      const stage = { server, tenants, watched, signal };
      const found = await measureStage(count, stage, size.stage);
      figures.push(...found.figures);
      heldUp += found.heldUp;
      // A full run takes long: who breaks it off has seen this much.
      for (const { name, value, unit } of found.figures) {
        progress(`  ${name}: ${value.toPrecision(3)} ${unit}`);
      }
    }
    for (const { message } of await tenants.read<{ message: string }>(
      'SELECT message FROM system.warnings',
    )) {
      progress(`the engine warns: ${message}`);
    }
    const drops = Math.min(size.drops, tenants.ids.length - 1);
    const dropped = ratio(drops * 1_000, await dropTime(tenants, drops));
    progress(`dropped one at a time: ${dropped.toPrecision(3)} tenants/s`);
    figures.push({
      name: `${size.tenants} tenants: dropped one at a time`,
      value: dropped,
      unit: 'tenants/s',
    });
    figures.push({
      name: 'INSERTs that the engine slowed down or refused',
      value: heldUp,
      unit: 'inserts',
      // Each partition has a few parts here, and those limits count by partition: another answer would be a finding.
      reach: { atMost: 0 },
    });
    return { conditions, figures };
  });
}

async function run(options: BenchOptions): Promise<Findings> {
  const usual = options.quick ? QUICK : FULL;
  const size = { ...usual, tenants: options.size ?? usual.tenants };
  const { conditions, figures: growth } = await measureGrowth(size, options);
  const figures = [...growth];
  for (const partitioning of partitionings) {
    options.signal.throwIfAborted();
    figures.push(...(await measurePartitioning(partitioning, size.partitions, options)));
  }
  return {
    conditions: { ...conditions, partitionedTenants: size.partitions.tenants },
    figures,
  };
}

export const scale: Bench = {
  summary: 'how many tenants one engine holds, and what bends first',
  description:
    'Makes tenants with logs only (two tables and a view each) on an embedded ClickHouse, by statements alone, and measures at ' +
    `${FULL.stages.map((share) => share * FULL.tenants).join(', ')} tenants what each costs: making, inserting, querying, metadata, memory, ` +
    'files, parts, starting again. Then what partitions by day, week and month cost. Everything it stores is gone when it ends. ' +
    'A full run takes about 12 minutes on two cores, 2 GB of disk and a million files, and is ended after 60 minutes; with --quick ' +
    '(100 tenants) it takes a minute and is ended after 4. What was found is in docs/scale.md.',
  sizeUnit: 'tenants',
  limitSeconds: { full: 3_600, quick: 240 },
  run,
};
