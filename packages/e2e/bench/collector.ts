import { runRound, makeRequests, RECORDS_PER_REQUEST, SENDERS } from './collectorLoad';
import type { Load, Round } from './collectorLoad';
import { reload } from './collectorReload';
import type { Reload } from './collectorReload';
import { sideName, startSide } from './collectorSides';
import type { Ending, Kind, Side } from './collectorSides';
import { machineConditions } from './conditions';
import { residentBytes } from './processes';
import { startProgram } from './program';
import type { Program } from './program';
import { median, ratio } from './shape';
import type { Bench, BenchOptions, Figure, Findings } from './shape';

interface Size {
  /** Records that each collector gets in a round, in thousands: as fast as it takes them, and at {@link CALM_RATE}. */
  thousands: number;
  calmThousands: number;
  /** Of each ending; `nop` has no calm ones. */
  rounds: Readonly<Record<Ending, number>>;
  /** Of the round that is not counted: connections, caches and compilers settle. */
  warmUpThousands: number;
  reloads: number;
  kinds: Readonly<Record<Ending, readonly Kind[]>>;
}

const FULL: Size = {
  thousands: 300,
  calmThousands: 100,
  rounds: { tcp: 5, http: 3, nop: 5 },
  warmUpThousands: 100,
  reloads: 5,
  kinds: {
    tcp: ['stock', 1, 10, 100, 250],
    http: ['stock', 100, 250],
    nop: ['stock', 1, 10, 100, 250, 1_000],
  },
};
const QUICK: Size = {
  ...FULL,
  thousands: 20,
  calmThousands: 10,
  rounds: { tcp: 1, http: 1, nop: 1 },
  warmUpThousands: 10,
  reloads: 1,
  kinds: { ...FULL.kinds, http: ['stock', 100], nop: ['stock', 1, 100] },
};

/** Records a second of the calm rounds: all tenants of a collector together. */
const CALM_RATE = 10_000;
/** How many times the processor time of one tenant behind HyperDX's own config so many tenants may take. */
const MOST_CPU: Readonly<Record<string, number>> = { '100': 1.25, '250': 1.4 };
const MEGABYTE = 1_048_576;

const per100k = ({ cpu, records }: Round): number => ratio(cpu * 100_000, records);

/** Everything that one collector was found to cost. */
interface Measured {
  side: Side;
  idleBytes: number;
  fast: Round[];
  calm: Round[];
  reloads: Reload[];
}

/** Starts the collectors of one ending together and measures them in turns; ends them in any case. */
async function measureEnding(
  ending: Ending,
  size: Size,
  sink: Program,
  { progress, signal }: BenchOptions,
): Promise<Measured[]> {
  const kinds = size.kinds[ending];
  const requests = makeRequests();
  const measured: Measured[] = [];
  const round = async ({ side }: Measured, load: Load): Promise<Round> => {
    const result = await runRound(
      side,
      requests,
      load,
      ending === 'nop' ? undefined : sink,
      signal,
    );
    progress(
      `${ending}, ${sideName(side.kind)}: ${per100k(result).toPrecision(3)} s of CPU per 100,000 records, ` +
        `${Math.round(ratio(result.records, result.seconds))} records/s`,
    );
    return result;
  };
  try {
    for (const kind of kinds) {
      signal.throwIfAborted();
      const side = await startSide(kind, ending, sink);
      measured.push({
        side,
        idleBytes: await residentBytes(side.pid),
        fast: [],
        calm: [],
        reloads: [],
      });
      progress(`${ending}, ${sideName(kind)}: started in ${side.start.seconds.toPrecision(3)} s`);
    }
    for (const one of measured) await round(one, { records: size.warmUpThousands * 1_000 });
    for (let done = 0; done < size.rounds[ending]; done += 1) {
      // Who goes first changes: what one leaves behind for the next evens out.
      const order = done % 2 === 0 ? measured : measured.toReversed();
      for (const one of order) {
        one.fast.push(await round(one, { records: size.thousands * 1_000 }));
      }
      if (ending === 'nop') continue;
      for (const one of order) {
        one.calm.push(await round(one, { records: size.calmThousands * 1_000, rate: CALM_RATE }));
      }
    }
    // Over HTTP it is the same config but for an address.
    for (const one of ending === 'http' ? [] : measured) {
      progress(`${ending}, ${sideName(one.side.kind)}: reloads`);
      for (let done = 0; done < size.reloads; done += 1) {
        one.reloads.push(await reload(one.side, signal));
      }
    }
    return measured;
  } finally {
    // One that hangs must not keep the others waiting: half a minute each.
    await Promise.allSettled(measured.map(({ side }) => side.collector.stop()));
  }
}

/** How the rounds of one collector compare with those of the stock config at the same time, the median of it. */
function timesStock(
  { fast, calm }: Measured,
  stock: Measured,
  which: 'fast' | 'calm',
  value: (round: Round) => number,
): number {
  const [own, others] = which === 'fast' ? [fast, stock.fast] : [calm, stock.calm];
  return median(own.map((round, at) => ratio(value(round), others[at] ? value(others[at]) : NaN)));
}

function figuresOf(ending: Ending, measured: readonly Measured[]): Figure[] {
  const stock = measured.find(({ side }) => side.kind === 'stock');
  if (!stock) throw new Error('nothing to compare with');
  const writes = ending !== 'nop';
  const prefix = ending === 'tcp' ? '' : `${ending}, `;
  const figures: Figure[] = [];
  for (const one of measured) {
    const { kind, start, configBytes } = one.side;
    const figure = (name: string, value: number, unit: string): void => {
      figures.push({ name: `${prefix}${sideName(kind)}: ${name}`, value, unit });
    };
    const of = (rounds: readonly Round[], value: (round: Round) => number): number =>
      median(rounds.map(value));
    if (kind !== 'stock') {
      const atMost = ending === 'tcp' ? MOST_CPU[String(kind)] : undefined;
      figures.push({
        name: `${prefix}${sideName(kind)}: CPU per record, times stock`,
        value: timesStock(one, stock, 'fast', per100k),
        unit: 'x',
        ...(atMost === undefined ? {} : { reach: { atMost } }),
      });
    }
    figure('CPU per 100,000 records', of(one.fast, per100k), 's');
    figure(
      'records a second',
      of(one.fast, (r) => ratio(r.records, r.seconds)),
      'records/s',
    );
    if (writes) {
      figure(
        'records an INSERT',
        of(one.fast, (r) => ratio(r.records, r.inserts)),
        'records',
      );
      const calm = `at ${CALM_RATE} records/s`;
      if (kind !== 'stock') {
        figure(`CPU per record ${calm}, times stock`, timesStock(one, stock, 'calm', per100k), 'x');
      }
      figure(`CPU per 100,000 records ${calm}`, of(one.calm, per100k), 's');
      figure(
        `records an INSERT ${calm}`,
        of(one.calm, (r) => ratio(r.records, r.inserts)),
        'records',
      );
      figure(
        'memory, most under way',
        of(one.fast, (r) => r.peakBytes / MEGABYTE),
        'MB',
      );
      figure(
        `memory, most under way ${calm}`,
        of(one.calm, (r) => r.peakBytes / MEGABYTE),
        'MB',
      );
    }
    figure('memory before the first record', one.idleBytes / MEGABYTE, 'MB');
    figure('memory afterwards', (one.fast.at(-1)?.residentBytes ?? NaN) / MEGABYTE, 'MB');
    if (ending === 'http') continue;
    figure('config', configBytes / 1_024, 'KB');
    figure('start', start.seconds, 's');
    figure('start, CPU', start.cpu, 's');
    figure('reload', median(one.reloads.map(({ seconds }) => seconds)), 's');
    figure('reload, CPU', median(one.reloads.map(({ cpu }) => cpu)), 's');
    figure('reload, longest without an answer', median(one.reloads.map(({ away }) => away)), 's');
  }
  return figures;
}

async function run(options: BenchOptions): Promise<Findings> {
  const { progress, quick } = options;
  const usual = quick ? QUICK : FULL;
  const size: Size = { ...usual, thousands: options.size ?? usual.thousands };
  const conditions = {
    ...machineConditions(),
    recordsPerRound: size.thousands * 1_000,
    rounds: size.rounds.tcp,
    roundsOverHttp: size.rounds.http,
    recordsPerRequest: RECORDS_PER_REQUEST,
    senders: SENDERS,
    keys: 'each tenant one, all alike often, in random order',
    signal: 'logs, OTLP/HTTP protobuf',
    stock: "HyperDX's own config for one team, with the bootstrap's batch processor",
    writesTo:
      "a process that answers the exporter and keeps nothing, over ClickHouse's native protocol (tcp://); figures that begin with `http` are of its HTTP interface",
  };
  progress('starting what the collectors write to');
  const sink = await startProgram('collectorSink', 0);
  try {
    const figures: Figure[] = [];
    for (const ending of ['tcp', 'http', 'nop'] as const) {
      figures.push(...figuresOf(ending, await measureEnding(ending, size, sink, options)));
    }
    return { conditions, figures };
  } finally {
    progress('stopping');
    await sink.stop();
  }
}

export const collector: Bench = {
  summary: 'what tenants cost a shared collector, against one tenant on a config as HyperDX has it',
  description:
    `Sends logs, ${RECORDS_PER_REQUEST} records a request, through a collector with HyperDX's own config for one team and through collectors with the ` +
    `product's config for ${FULL.kinds.tcp.slice(1).join(', ')} tenants, in turns, into a sink that keeps nothing: as fast as they are taken, and at ` +
    `${CALM_RATE} records a second. Then over HTTP, and without writing, up to ${FULL.kinds.nop.at(-1) ?? ''} tenants. Takes processor time, memory, start and reload of each. ` +
    'A full run takes about 12 minutes on two cores and is ended after 40; with --quick it takes a minute and is ended after 5. ' +
    'What was found is in docs/scale.md.',
  sizeUnit: 'thousand records a collector and round',
  limitSeconds: { full: 2_400, quick: 300 },
  run,
};
