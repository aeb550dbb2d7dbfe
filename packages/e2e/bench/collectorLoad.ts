import { setTimeout as sleep } from 'node:timers/promises';

import { waitFor } from '@hyperdx-tenancy/devkit/process';

import type { OtlpRequest } from '../harness/otlp';
import { sendRequest } from '../harness/sender';
import { within } from '../harness/within';
import type { Side } from './collectorSides';
import { Swallowed, SWALLOWED_PATH } from './collectorSwallowed';
import { logsRequest } from './otlpLogs';
import { cpuSeconds, forgetPeak, peakResidentBytes, residentBytes } from './processes';
import type { Program } from './program';
import { eachOf } from './work';

/** Records of one request: what a small application's SDK has gathered when it sends. */
export const RECORDS_PER_REQUEST = 100;
/** Requests under way at once. */
export const SENDERS = 8;
/** From the last acknowledgement until all is written: three of the exporters' attempts fit in. */
const WRITTEN_TIMEOUT_MS = 60_000;

/** Requests that differ, sent again and again: made once, so that making them takes none of the machine's time. */
const DIFFERENT_REQUESTS = 200;

/** How much is sent, and how fast. */
export interface Load {
  records: number;
  /** Records a second; as fast as they are taken where it is absent. */
  rate?: number;
}

/** What one round of one side came to. */
export interface Round {
  records: number;
  /** From the first request until the last record is written. */
  seconds: number;
  /** Processor time of the collector in that time, seconds. */
  cpu: number;
  /** INSERTs that the records were written with; none where nothing is written. */
  inserts: number;
  /** Resident set: at its most, and at the end. */
  peakBytes: number;
  residentBytes: number;
}

export function makeRequests(): OtlpRequest[] {
  return Array.from({ length: DIFFERENT_REQUESTS }, (_, at) => ({
    ...logsRequest(at * RECORDS_PER_REQUEST, RECORDS_PER_REQUEST, 'bench', at % 20),
    samples: [],
  }));
}

/** Whole numbers below `limit`, all alike often, in an order that is the same in each run (Numerical Recipes' generator). */
function* uniform(limit: number): Generator<number, never> {
  for (let state = 1; ;) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    yield Math.floor((state / 2 ** 32) * limit);
  }
}

async function swallowed(
  sink: Program,
  { database }: Side,
): Promise<{ rows: number; inserts: number }> {
  const answer = await fetch(`http://127.0.0.1:${sink.port}${SWALLOWED_PATH}`, {
    signal: within(5_000),
  });
  return Swallowed.parse(await answer.json())[database] ?? { rows: 0, inserts: 0 };
}

/**
 * Sends records through a side's collector, under its tenants' keys alike often, and waits until all are written.
 * @param sink where they are written; absent where they are not.
 * @throws Error where a request is refused for good, or not all are written in time.
 */
export async function runRound(
  side: Side,
  requests: readonly OtlpRequest[],
  { records, rate }: Load,
  sink: Program | undefined,
  signal: AbortSignal,
): Promise<Round> {
  const { pid, keys, collector } = side;
  const endpoint = `http://127.0.0.1:${collector.httpPort}`;
  const owners = uniform(keys.length);
  const jobs = Array.from({ length: Math.ceil(records / RECORDS_PER_REQUEST) }, (_, at) => ({
    key: keys[owners.next().value],
    request: requests[at % requests.length],
  }));
  const sent = jobs.length * RECORDS_PER_REQUEST;
  const before = sink ? await swallowed(sink, side) : undefined;
  await forgetPeak(pid);
  const cpuBefore = await cpuSeconds(pid);
  const begun = performance.now();
  await eachOf(jobs, SENDERS, signal, async ({ key, request }, at) => {
    const due = rate === undefined ? 0 : begun + (at * RECORDS_PER_REQUEST * 1_000) / rate;
    const early = due - performance.now();
    if (early > 0) await sleep(early, undefined, { signal });
    if (key === undefined || !request) throw new Error('there is nobody to send for');
    const status = await sendRequest(endpoint, key, request, { signal });
    if (status !== 200) throw new Error(`the collector of ${side.database} answered ${status}`);
  });
  if (sink && before) {
    await waitFor(async () => (await swallowed(sink, side)).rows >= before.rows + sent, {
      what: `${sent} rows behind the collector of ${side.database}`,
      timeoutMs: WRITTEN_TIMEOUT_MS,
      intervalMs: 20,
      signal,
    });
  }
  const seconds = (performance.now() - begun) / 1_000;
  const cpu = (await cpuSeconds(pid)) - cpuBefore;
  const after = sink ? await swallowed(sink, side) : undefined;
  return {
    records: sent,
    seconds,
    cpu,
    inserts: (after?.inserts ?? 0) - (before?.inserts ?? 0),
    peakBytes: await peakResidentBytes(pid),
    residentBytes: await residentBytes(pid),
  };
}
