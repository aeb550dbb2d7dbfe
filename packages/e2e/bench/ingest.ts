import { createClient } from '@clickhouse/client';
import type { ClickHouseClient } from '@clickhouse/client';
import { waitFor } from '@hyperdx-tenancy/devkit/process';

import { startBackend } from '../harness/stack';
import type { Backend } from '../harness/stack';
import { conditionsOf } from './conditions';
import { RECORDS_PER_REQUEST, runRound, SENDERS, STORED_TIMEOUT_MS } from './ingestRound';
import type { Round } from './ingestRound';
import { startShared, startSingle } from './ingestSides';
import type { Side } from './ingestSides';
import { Ledger } from './ledger';
import type { Verdict } from './ledger';
import { residentBytes } from './processes';
import { median, ratio } from './shape';
import type { Bench, BenchOptions, Figure, Findings } from './shape';

interface Size {
  /** Records that each side gets in a round, in thousands. */
  thousands: number;
  rounds: number;
  /** Of the round that is not counted: connections, caches and compilers settle. */
  warmUpThousands: number;
}

/** Rounds of several seconds: a tenant's last batch of a round waits for a second, which is no loss of throughput. */
const FULL: Size = { thousands: 240, rounds: 6, warmUpThousands: 60 };
const QUICK: Size = { thousands: 30, rounds: 2, warmUpThousands: 6 };

const TENANTS = 3;
/**
 * What must be left of a plain collector's throughput. The engine uses twice the collector's processor time, so what routing costs
 * shows little: 1.0 in two runs on two cores that other work filled as well, 0.84 in a third, 1.2 on idle ones. Less than this would
 * be another matter than noise.
 */
const LEAST_SHARE = 0.7;
/** Processor time is disturbed less by what else runs: 0.91 to 1.11 in the same runs. */
const MOST_CPU = 1.3;

const rateOf = ({ records, seconds }: Round): number => ratio(records, seconds);
const perMillion = (seconds: number, { records }: Round): number =>
  ratio(seconds * 1_000_000, records);

interface Measured {
  rounds: Record<Side['name'], Round[]>;
  verdicts: Record<Side['name'], Verdict>;
  memory: Record<Side['name'], number>;
}

function figuresOf({ rounds, verdicts, memory }: Measured): Figure[] {
  const { single, shared } = rounds;
  const paired = (value: (round: Round) => number): number =>
    median(shared.map((round, at) => ratio(value(round), single[at] ? value(single[at]) : NaN)));
  const names = ['single', 'shared'] as const;
  const ofEach = (name: string, unit: string, value: (side: Side['name']) => number): Figure[] =>
    names.map((side) => ({ name: `${side}: ${name}`, value: value(side), unit }));
  const share = (side: Side['name'], who: keyof Round['cpu']): number =>
    median(rounds[side].map(({ cpu, seconds }) => ratio(cpu[who], seconds)));
  return [
    {
      name: 'rows a second, shared / single (median of rounds)',
      value: paired(rateOf),
      unit: 'x',
      reach: { atLeast: LEAST_SHARE },
    },
    ...ofEach('rows a second, median', 'rows/s', (side) => median(rounds[side].map(rateOf))),
    {
      name: "collector's CPU per record, shared / single (median of rounds)",
      value: paired((round) => perMillion(round.cpu.collector, round)),
      unit: 'x',
      reach: { atMost: MOST_CPU },
    },
    ...ofEach("collector's CPU per million records", 's', (side) =>
      median(rounds[side].map((round) => perMillion(round.cpu.collector, round))),
    ),
    ...ofEach("engine's CPU per million records", 's', (side) =>
      median(rounds[side].map((round) => perMillion(round.cpu.engine, round))),
    ),
    ...ofEach('cores busy with the engine', 'cores', (side) => share(side, 'engine')),
    ...ofEach('cores busy with the collector', 'cores', (side) => share(side, 'collector')),
    ...ofEach('cores busy with sending', 'cores', (side) => share(side, 'sender')),
    ...ofEach("collector's memory at the end", 'MB', (side) => memory[side] / 1_048_576),
    ...ofEach('acknowledged and not stored', 'records', (side) => verdicts[side].missing).map(
      (figure): Figure => ({ ...figure, reach: { atMost: 0 } }),
    ),
    ...ofEach("stored in another tenant's table", 'records', (side) => verdicts[side].foreign).map(
      (figure): Figure => ({ ...figure, reach: { atMost: 0 } }),
    ),
    ...ofEach('stored more than once', 'rows', (side) => verdicts[side].duplicates),
  ];
}

/** Counts until nothing is missing, or the exporters must have given their retries another chance. */
async function finalVerdict(
  ledger: Ledger,
  client: ClickHouseClient,
  signal: AbortSignal,
): Promise<Verdict> {
  let verdict = await ledger.check(client, signal);
  await waitFor(
    async () => {
      if (verdict.missing > 0) verdict = await ledger.check(client, signal);
      return verdict.missing === 0;
    },
    {
      what: 'missing records',
      timeoutMs: STORED_TIMEOUT_MS,
      intervalMs: 2_000,
      signal,
    },
    // What is still missing is the finding.
  ).catch(() => signal.throwIfAborted());
  return verdict;
}

async function measure(
  backend: Backend,
  client: ClickHouseClient,
  sides: Record<Side['name'], Side>,
  { progress, signal, quick, size: thousands }: BenchOptions,
): Promise<Findings> {
  const usual = quick ? QUICK : FULL;
  const size: Size = { ...usual, thousands: thousands ?? usual.thousands };
  const records = size.thousands * 1_000;
  const warmUp = Math.min(size.warmUpThousands, size.thousands) * 1_000;
  const conditions = {
    ...conditionsOf(backend),
    recordsPerRound: records,
    rounds: size.rounds,
    tenantsShared: TENANTS,
    senders: SENDERS,
    recordsPerRequest: RECORDS_PER_REQUEST,
    signal: 'logs, OTLP/HTTP protobuf',
  };
  const ledgerOf = (side: Side): Ledger =>
    new Ledger(
      warmUp + size.rounds * records,
      side.tenants.map(({ id }) => id),
    );
  const ledgers = { single: ledgerOf(sides.single), shared: ledgerOf(sides.shared) };
  const round = (name: Side['name'], count: number): Promise<Round | undefined> =>
    runRound(sides[name], count, ledgers[name], { backend, client, signal });
  progress('warming up');
  await round('single', warmUp);
  await round('shared', warmUp);
  const rounds: Measured['rounds'] = { single: [], shared: [] };
  for (let done = 0; done < size.rounds; done += 1) {
    const found: Partial<Record<Side['name'], Round>> = {};
    // Who goes first changes: what one leaves behind for the other evens out.
    const order =
      done % 2 === 0 ? (['single', 'shared'] as const) : (['shared', 'single'] as const);
    for (const name of order) {
      const result = await round(name, records);
      progress(
        `round ${done + 1}, ${name}: ${result ? `${Math.round(rateOf(result))} rows/s` : 'NOT ALL STORED'}`,
      );
      if (result) found[name] = result;
    }
    if (!found.single || !found.shared) break;
    rounds.single.push(found.single);
    rounds.shared.push(found.shared);
  }
  progress('counting every record');
  const memory = {
    single: await residentBytes(sides.single.pid),
    shared: await residentBytes(sides.shared.pid),
  };
  const verdicts = {
    single: await finalVerdict(ledgers.single, client, signal),
    shared: await finalVerdict(ledgers.shared, client, signal),
  };
  return { conditions, figures: figuresOf({ rounds, verdicts, memory }) };
}

async function run(options: BenchOptions): Promise<Findings> {
  const { progress, signal } = options;
  const backend = await startBackend({ progress, signal });
  const client = createClient({ ...backend.clickhouse.client(), request_timeout: 29_000 });
  const stops: (() => Promise<void>)[] = [() => backend.stop(), () => client.close()];
  try {
    progress('starting both collectors');
    const single = await startSingle(backend, client, signal);
    stops.push(() => single.stop());
    const shared = await startShared(backend, TENANTS, signal);
    stops.push(() => shared.stop());
    return await measure(backend, client, { single, shared }, options);
  } finally {
    progress('stopping');
    const faults: unknown[] = [];
    for (const stop of stops.toReversed()) {
      // One that fails leaves the others to be stopped all the same.
      await stop().catch((error: unknown) => faults.push(error));
    }
    if (faults.length > 0) console.error(faults[0]);
  }
}

export const ingest: Bench = {
  summary: 'rows a second from OTLP to ClickHouse, shared collector against a plain one',
  description:
    `Sends logs through two collectors into one embedded ClickHouse, in turns: ${TENANTS} tenants through the shared collector, which a ` +
    "supervisor runs on the API's config, and one through a collector with a fixed config as HyperDX's image has it (memory_limiter, " +
    'transform, batch, one exporter). As many records, in as many requests at once. Then every record is looked for by its id. ' +
    'Everything it starts and stores is gone when it ends. ' +
    'A full run takes about 3 minutes on two cores and is ended after 20; with --quick it takes half a minute and is ended after 4.',
  sizeUnit: 'thousand records a side and round',
  limitSeconds: { full: 1_200, quick: 240 },
  run,
};
