import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import { createClient } from '@clickhouse/client';
import type { ClickHouseClient } from '@clickhouse/client';
import type { TenantView } from '@hyperdx-tenancy/domain/contracts/tenant';
import { getTenantTableName, parseTenantId } from '@hyperdx-tenancy/domain/ids';

import { startBackend } from '../harness/stack';
import type { Backend } from '../harness/stack';
import { conditionsOf } from './conditions';
import { openFloor } from './floor';
import { openMemoryMeter } from './memory';
import type { MemoryMeter, MemoryUse } from './memory';
import { startReader } from './reader';
import type { Reader } from './reader';
import { median, p95, ratio } from './shape';
import type { Bench, BenchOptions, Figure, Findings } from './shape';

interface Size {
  /** Made one at a time, and as many again side by side. */
  tenants: number;
  /** Tenants made in a row before the other side's turn: drift of the machine then hits both alike. */
  block: number;
  /** Made first and not counted: compilers, pools and caches settle. */
  warmUp: number;
  /** How long the reader reads alone, milliseconds. */
  beforeMs: number;
  /** Rows that the reader reads. */
  rows: number;
}

const FULL: Size = { tenants: 1_000, block: 20, warmUp: 50, beforeMs: 15_000, rows: 200_000 };
const QUICK: Size = { tenants: 30, block: 5, warmUp: 3, beforeMs: 2_000, rows: 20_000 };

const PARALLEL = 8;
/** First and last tenants compared; a third of them in a small run. */
const EDGE = 100;
/** What follows the last answer, the collectors' next config above all, ends in this time. */
const SETTLE_MS = 3_000;

/** Milliseconds per tenant, in the order of their making; those of a block lie together. */
interface Times {
  floor: number[];
  single: number[];
  /** Of all tenants made side by side, as a whole. */
  parallelMs: number;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** Makes a tenant as any client does: HTTP, connections kept alive. */
async function postTenant({ api }: Backend, signal: AbortSignal): Promise<TenantView> {
  return api.createTenant(`bench ${randomUUID()}`, undefined, signal);
}

/** The sum of each block. */
function blockSums(times: readonly number[], size: number): number[] {
  const sums: number[] = [];
  for (let at = 0; at < times.length; at += size) {
    sums.push(times.slice(at, at + size).reduce((sum, time) => sum + time, 0));
  }
  return sums;
}

/** The p95 of the last tenants over the p95 of the first. */
function bend(times: readonly number[]): number {
  const edge = Math.min(EDGE, Math.floor(times.length / 3));
  return ratio(p95(times.slice(-edge)), p95(times.slice(0, edge)));
}

async function fillLogs(client: ClickHouseClient, table: string, rows: number): Promise<void> {
  await client.command({
    query: `INSERT INTO ${table} (Timestamp, ServiceName, SeverityText, Body, LogAttributes)
      SELECT now64(9) - toIntervalSecond(number % 86400), concat('service-', toString(number % 20)),
        if(number % 50 = 0, 'error', 'info'), concat('request ', toString(number), ' served'),
        map('http.status', toString(200 + number % 5))
      FROM numbers({rows:UInt64})`,
    query_params: { rows },
  });
}

/** What HyperDX's search page asks first: how many records of each severity, over time. */
const histogramOf = (table: string): string =>
  `SELECT toStartOfInterval(Timestamp, INTERVAL 30 MINUTE) AS t, SeverityText, count() AS n FROM ${table}
   WHERE Timestamp >= now() - INTERVAL 1 DAY GROUP BY t, SeverityText ORDER BY t`;

/** Floor and API in turns, one tenant at a time. */
async function measureSingle(
  size: Size,
  reader: Reader,
  makeFloor: () => Promise<unknown>,
  makeOurs: () => Promise<unknown>,
  { progress, signal }: BenchOptions,
): Promise<Pick<Times, 'floor' | 'single'>> {
  const times = { floor: [] as number[], single: [] as number[] };
  const turn = async (side: 'floor' | 'single', make: () => Promise<unknown>): Promise<void> => {
    reader.phase = side;
    for (let made = 0; made < size.block; made += 1) {
      signal.throwIfAborted();
      reader.check();
      times[side].push(await timed(make));
    }
  };
  for (let round = 0; times.single.length < size.tenants; round += 1) {
    // Who goes first changes: what one leaves behind for the other evens out.
    if (round % 2 === 0) await turn('floor', makeFloor);
    await turn('single', makeOurs);
    if (round % 2 === 1) await turn('floor', makeFloor);
    if (round % 10 === 9) progress(`${times.single.length} of ${size.tenants} one at a time`);
  }
  reader.phase = undefined;
  return times;
}

async function measureParallel(
  size: Size,
  reader: Reader,
  makeOurs: () => Promise<unknown>,
  { progress, signal }: BenchOptions,
): Promise<number> {
  reader.phase = 'parallel';
  let left = size.tenants;
  const maker = async (): Promise<void> => {
    while (left > 0) {
      signal.throwIfAborted();
      reader.check();
      left -= 1;
      await makeOurs();
      if (left > 0 && left % 100 === 0) progress(`${left} of ${size.tenants} left`);
    }
  };
  const took = await timed(() => Promise.all(Array.from({ length: PARALLEL }, maker)));
  reader.phase = undefined;
  return took;
}

function figuresOf(
  size: Size,
  times: Times,
  reader: Reader,
  memory: { before: MemoryUse; after: MemoryUse },
): Figure[] {
  const floorBlocks = blockSums(times.floor, size.block);
  const blockRatios = blockSums(times.single, size.block).map((sum, index) =>
    ratio(sum, floorBlocks[index] ?? NaN),
  );
  const alone = p95(reader.times('before'));
  const kilobytes = (use: keyof MemoryUse): number =>
    (memory.after[use] - memory.before[use]) / 1_024 / (2 * size.tenants);
  const readerFigure = (name: string, phase: 'floor' | 'single' | 'parallel'): Figure => ({
    name: `reader's p95 ${name} / before`,
    value: ratio(p95(reader.times(phase)), alone),
    unit: 'x',
  });
  return [
    {
      name: 'one at a time / floor (median of blocks)',
      value: median(blockRatios),
      unit: 'x',
      reach: { atMost: 1.3 },
    },
    { name: 'floor, median', value: median(times.floor), unit: 'ms' },
    { name: 'one at a time, median', value: median(times.single), unit: 'ms' },
    { name: 'one at a time, p95', value: p95(times.single), unit: 'ms' },
    {
      name: 'one at a time, p95 of the last / of the first',
      value: bend(times.single),
      unit: 'x',
      reach: { atMost: 1.3 },
    },
    { name: 'floor, p95 of the last / of the first', value: bend(times.floor), unit: 'x' },
    {
      name: `${PARALLEL} at a time`,
      value: ratio(size.tenants * 1_000, times.parallelMs),
      unit: 'tenants/s',
    },
    {
      name: "API's memory, growth per tenant",
      value: kilobytes('rss'),
      unit: 'KB',
      reach: { atMost: 10 },
    },
    { name: "API's heap, growth per tenant", value: kilobytes('heap'), unit: 'KB' },
    { name: "reader's p95 before", value: alone, unit: 'ms' },
    { ...readerFigure('one at a time', 'single'), reach: { atMost: 1.2 } },
    { ...readerFigure(`${PARALLEL} at a time`, 'parallel'), reach: { atMost: 1.2 } },
    readerFigure('beside the floor', 'floor'),
  ];
}

async function measure(
  backend: Backend,
  client: ClickHouseClient,
  meter: MemoryMeter,
  options: BenchOptions,
): Promise<Findings> {
  const { progress, signal, quick } = options;
  const usual = quick ? QUICK : FULL;
  const size = { ...usual, tenants: options.size ?? usual.tenants };
  const conditions = { ...conditionsOf(backend), tenants: size.tenants, parallel: PARALLEL };
  const makeOurs = (): Promise<TenantView> => postTenant(backend, signal);
  const memoryUse = async (): Promise<MemoryUse> => {
    await sleep(SETTLE_MS, undefined, { signal });
    const { pid } = backend.api;
    if (pid === undefined) throw new Error('the API does not run');
    return meter.measure(pid, signal);
  };

  const sampleId = parseTenantId((await makeOurs()).id);
  const floor = await openFloor(backend, sampleId);
  try {
    progress('warming up');
    for (let made = 0; made < size.warmUp; made += 1) {
      signal.throwIfAborted();
      await makeOurs();
      await floor.makeTenant();
    }
    const table = getTenantTableName('otel_logs', sampleId);
    await fillLogs(client, table, size.rows);
    const query = histogramOf(table);
    const before = await memoryUse();
    const reader = startReader(async () => (await client.query({ query, format: 'JSON' })).text());
    try {
      progress('the reader alone');
      // Its first queries warm it up.
      await sleep(size.beforeMs / 5, undefined, { signal });
      reader.phase = 'before';
      await sleep(size.beforeMs, undefined, { signal });
      progress(`${size.tenants} tenants one at a time, in turns with the floor`);
      const single = await measureSingle(size, reader, floor.makeTenant, makeOurs, options);
      progress(`${size.tenants} tenants, ${PARALLEL} at a time`);
      const parallelMs = await measureParallel(size, reader, makeOurs, options);
      await reader.stop();
      const after = await memoryUse();
      return {
        conditions: { ...conditions, floorRoundTrips: floor.roundTrips },
        figures: figuresOf(size, { ...single, parallelMs }, reader, { before, after }),
      };
    } finally {
      // What it threw was thrown above, or something else came before it.
      await reader.stop().catch(() => undefined);
    }
  } finally {
    await floor.close();
  }
}

async function run(options: BenchOptions): Promise<Findings> {
  const { progress, signal } = options;
  const meter = await openMemoryMeter();
  try {
    const backend = await startBackend({ progress, signal, env: meter.env });
    const client = createClient({ ...backend.clickhouse.client(), request_timeout: 30_000 });
    try {
      return await measure(backend, client, meter, options);
    } finally {
      progress('stopping');
      await client.close();
      await backend.stop();
    }
  } finally {
    await meter.close();
  }
}

export const provisioning: Bench = {
  summary: 'what a tenant costs to make, against the bare drivers',
  description:
    'Makes tenants through POST /tenancy/v1/tenants, and the same tables and documents with bare drivers, in turns, ' +
    `against one embedded ClickHouse and one MongoDB: ${FULL.tenants} one at a time, then ${FULL.tenants} more ${PARALLEL} at a time, while a ` +
    'reader queries one tenant. Everything it starts and stores is gone when it ends. ' +
    'With --size 300 it took 13 minutes on two cores over FerretDB. A full run is ended after 60 minutes without a ' +
    'result; with --quick (30 tenants) it takes a minute and is ended after 4.',
  sizeUnit: 'tenants',
  limitSeconds: { full: 3_600, quick: 240 },
  run,
};
