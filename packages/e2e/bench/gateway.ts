import { conditionsOf } from './conditions';
import { withGatewayGround } from './gatewayGround';
import type { GatewayGround } from './gatewayGround';
import { kindsOf, streamTargets, ways } from './gatewayKinds';
import type { Kind, Way } from './gatewayKinds';
import { bytesPerSecond, load } from './httpLoad';
import { openMemoryMeter } from './memory';
import type { MemoryMeter } from './memory';
import { cpuSeconds, forgetPeak, peakResidentBytes, residentBytes } from './processes';
import { median, ratio } from './shape';
import type { Bench, BenchOptions, Figure, Findings } from './shape';

interface Size {
  /** Turns of each way. */
  rounds: number;
  /** Of a turn: one request at a time, then many connections. */
  aloneMs: number;
  busyMs: number;
  warmUpMs: number;
  /** Of the long answer. */
  streamMB: number;
}

const FULL: Size = { rounds: 8, aloneMs: 1_500, busyMs: 3_000, warmUpMs: 3_000, streamMB: 1_024 };
const QUICK: Size = { rounds: 2, aloneMs: 200, busyMs: 300, warmUpMs: 500, streamMB: 64 };

const CONNECTIONS = 16;
const LEAST_SHARE = 0.7;
const MOST_ADDED_MS = 1;
const MOST_GROWTH_MB = 32;
const MB = 1_024 * 1_024;
const WARM_UP_MB = 64;

/** One turn of one way. */
interface Turn {
  /** Median of requests one at a time, milliseconds. */
  alone: number;
  /** Requests a second over many connections. */
  rate: number;
  /** Processor time of what is in between, milliseconds a request; 0 where there is nothing. */
  cpu: number;
}

type Turns = Record<Way, Turn[]>;

async function turn(
  kind: Kind,
  way: Way,
  size: Size,
  ground: GatewayGround,
  signal: AbortSignal,
): Promise<Turn> {
  const target = kind.targets[way];
  const pid = { direct: undefined, bare: kind.barePid, ours: ground.apiPid }[way];
  const cpuNow = async (): Promise<number> => (pid === undefined ? 0 : cpuSeconds(pid));
  const alone = await load(target, { connections: 1, ms: size.aloneMs }, signal);
  const before = await cpuNow();
  const busy = await load(target, { connections: CONNECTIONS, ms: size.busyMs }, signal);
  const used = (await cpuNow()) - before;
  return {
    alone: median(alone.times),
    rate: busy.rate,
    cpu: ratio(used * 1_000, busy.times.length),
  };
}

async function measureKind(
  kind: Kind,
  size: Size,
  ground: GatewayGround,
  { progress, signal }: BenchOptions,
): Promise<Turns> {
  progress(kind.name);
  const turns: Turns = { direct: [], bare: [], ours: [] };
  for (const way of ways) {
    const warmUp = { connections: CONNECTIONS, ms: size.warmUpMs };
    await load(kind.targets[way], warmUp, signal);
  }
  for (let round = 0; round < size.rounds; round += 1) {
    // Who goes first changes: what one leaves behind for the next evens out.
    const order = ways.map((_, at) => ways[(at + round) % ways.length] ?? 'direct');
    for (const way of order) turns[way].push(await turn(kind, way, size, ground, signal));
  }
  return turns;
}

function figuresOf({ name, addedTo, judged }: Kind, turns: Turns): Figure[] {
  const values = (way: Way, of: keyof Turn): number[] => turns[way].map((one) => one[of]);
  const shares = values('ours', 'rate').map((rate, at) => ratio(rate, turns.bare[at]?.rate ?? NaN));
  const added = values('ours', 'alone').map((ms, at) => ms - (turns[addedTo][at]?.alone ?? NaN));
  return [
    {
      name: `${name}: requests a second, ours / bare proxy`,
      value: median(shares),
      unit: 'x',
      ...(judged ? { reach: { atLeast: LEAST_SHARE } } : {}),
    },
    {
      name: `${name}: p50 added to ${addedTo === 'direct' ? "the upstream's" : "the bare proxy's"}`,
      value: median(added),
      unit: 'ms',
      ...(judged ? { reach: { atMost: MOST_ADDED_MS } } : {}),
    },
    ...ways.flatMap((way) => [
      { name: `${name}: ${way}`, value: median(values(way, 'rate')), unit: 'requests/s' },
      { name: `${name}: p50 ${way}`, value: median(values(way, 'alone')), unit: 'ms' },
    ]),
    {
      name: `${name}: CPU a request, ours / bare proxy`,
      value: ratio(median(values('ours', 'cpu')), median(values('bare', 'cpu'))),
      unit: 'x',
    },
  ];
}

/** One long answer by each way, and what the process in between grows by meanwhile. */
async function measureStream(
  { streamMB }: Size,
  ground: GatewayGround,
  meter: MemoryMeter,
  { progress, signal }: BenchOptions,
): Promise<Figure[]> {
  const targets = streamTargets(ground, streamMB * MB);
  progress(`an answer of ${streamMB} MB`);
  const speeds: Partial<Record<Way, number>> = {};
  const { bare, apiPid } = ground;
  const pids = { direct: undefined, bare: bare.pid, ours: apiPid };
  const grown: Partial<Record<Way, number>> = {};
  const before = await meter.measure(apiPid, signal);
  for (const way of ways) {
    // A shorter one first: what any answer takes, garbage between two collections above all, is not what grows with its length.
    await bytesPerSecond(streamTargets(ground, WARM_UP_MB * MB)[way], signal);
    const pid = pids[way];
    const resident = pid === undefined ? NaN : await residentBytes(pid);
    if (pid !== undefined) await forgetPeak(pid);
    speeds[way] = (await bytesPerSecond(targets[way], signal)) / MB;
    if (pid !== undefined) grown[way] = ((await peakResidentBytes(pid)) - resident) / MB;
  }
  const after = await meter.measure(apiPid, signal);
  return [
    {
      name: `${streamMB} MB answer: API's memory at its peak, above that of ${WARM_UP_MB} MB`,
      value: grown.ours ?? NaN,
      unit: 'MB',
      reach: { atMost: MOST_GROWTH_MB },
    },
    {
      name: `${streamMB} MB answer: the bare proxy's memory at its peak, above that of ${WARM_UP_MB} MB`,
      value: grown.bare ?? NaN,
      unit: 'MB',
    },
    {
      name: `${streamMB} MB answer: API's heap kept afterwards`,
      value: (after.heap - before.heap) / MB,
      unit: 'MB',
    },
    ...ways.map((way) => ({
      name: `${streamMB} MB answer: ${way}`,
      value: speeds[way] ?? NaN,
      unit: 'MB/s',
    })),
  ];
}

async function run(options: BenchOptions): Promise<Findings> {
  const usual = options.quick ? QUICK : FULL;
  const size = { ...usual, streamMB: options.size ?? usual.streamMB };
  const meter = await openMemoryMeter();
  try {
    return await withGatewayGround(options, meter.env, async (ground) => {
      const figures: Figure[] = [];
      const conditions = {
        ...conditionsOf(ground),
        connections: CONNECTIONS,
        rounds: size.rounds,
        upstream:
          'a process that answers at once; the last kind and every first verdict: the engine',
        mode: 'guard',
      };
      for (const kind of kindsOf(ground)) {
        figures.push(...figuresOf(kind, await measureKind(kind, size, ground, options)));
      }
      figures.push(...(await measureStream(size, ground, meter, options)));
      return { conditions, figures };
    });
  } finally {
    await meter.close();
  }
}

export const gateway: Bench = {
  summary: 'what the gateway and the query door add to a request',
  description:
    'Sends forwarded GETs, queries at the door and queries of the UI to an upstream that answers at once: straight, through a bare ' +
    'streaming proxy (node:http; for the UI one that looks up session, user and connection over the bare driver), and through the API, ' +
    `in turns; one at a time, then over ${CONNECTIONS} connections. Then one answer of ` +
    `${FULL.streamMB} MB, during which the API's memory is watched. A full run takes about 6 minutes on two cores and is ended after ` +
    '30 without a result; with --quick it takes a minute and is ended after 4.',
  sizeUnit: 'megabytes of the long answer',
  limitSeconds: { full: 1_800, quick: 240 },
  run,
};
