import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import { otlpRequests } from './otlp';
import type { OtlpRequest, Sample } from './otlp';
import { sendRequest } from './sender';
import type { Signal } from './signals';

/** Whose records are sent, and under which key. */
export interface Sender {
  id: string;
  key: string;
}

export interface LoadOptions {
  /** OTLP/HTTP address. */
  endpoint: string;
  signals: readonly Signal[];
  /** Records of each signal in one batch. @default 1 */
  perSignal?: number;
  /** Milliseconds between two batches. */
  everyMs: number;
  /** How long a batch is sent again and again. @default 110_000 */
  deadlineMs?: number;
}

/** What was sent in one phase of a load, and how it went. */
export interface Phase {
  name: string;
  /** Records that were sent until somebody answered for good. */
  sent: number;
  /** Answered with 200: each must be found. */
  acknowledged: Sample[];
  /** Statuses that said not to try again, and for how many records. */
  refused: Map<number, number>;
  /** All the time in which the last thing heard was a refusal, a cut connection or silence; milliseconds. */
  refusedMs: number;
  /** The longest that one request had to wait from its first attempt to its acknowledgement; milliseconds. */
  longestMs: number;
}

/** Records sent under a key one batch after the other, as a sender does that never gives up. */
export interface Load {
  /** What is sent from now on belongs to another phase. */
  enter(name: string): void;
  /** Ends with the batch that is under way. @throws Error where a batch got no final answer within its time. */
  stop(): Promise<readonly Phase[]>;
  /** Ends it as it is, where nobody is going to ask what became of it. */
  abandon(): void;
}

/** Times are measured to about this. */
const MAX_PAUSE_MS = 100;
const DEADLINE_MS = 110_000;

function newPhase(name: string): Phase {
  return { name, sent: 0, acknowledged: [], refused: new Map(), refusedMs: 0, longestMs: 0 };
}

/** Starts to send; the endpoint need not be there yet. */
export function startLoad(sender: Sender, phase: string, options: LoadOptions): Load {
  const { endpoint, signals, perSignal = 1, everyMs, deadlineMs = DEADLINE_MS } = options;
  const phases = [newPhase(phase)];
  // Two loads under one key never have a record's id in common.
  const mark = randomBytes(3).toString('hex');
  let stopped = false;
  const abandoned = new AbortController();
  const { signal } = abandoned;

  const current = (): Phase => phases.at(-1) ?? newPhase(phase);
  /** Sends one request and adds it to its phase; what held it up, to the phase in which that began. */
  const deliver = async (of: Phase, request: OtlpRequest): Promise<void> => {
    of.sent += request.samples.length;
    let refused: { since: number; in: Phase } | undefined;
    const first = performance.now();
    const status = await sendRequest(endpoint, sender.key, request, {
      deadlineMs,
      maxPauseMs: MAX_PAUSE_MS,
      signal,
      onAttempt({ from, status: answer }) {
        const again = answer === undefined || answer === 429 || answer >= 500;
        if (again) refused ??= { since: from, in: current() };
      },
    });
    const now = performance.now();
    const held = refused?.in ?? of;
    if (refused) held.refusedMs += now - refused.since;
    held.longestMs = Math.max(held.longestMs, now - first);
    if (status === 200) of.acknowledged.push(...request.samples);
    else of.refused.set(status, (of.refused.get(status) ?? 0) + request.samples.length);
  };
  const run = async (): Promise<void> => {
    for (let batch = 0; !stopped; batch += 1) {
      const of = current();
      const samples = signals.flatMap((signal) =>
        Array.from({ length: perSignal }, (_, index) => ({
          signal,
          owner: sender.id,
          id: `${signal}-${mark}-${of.name}-${batch}-${index}`,
        })),
      );
      for (const request of otlpRequests(samples, 'e2e')) await deliver(of, request);
      await sleep(everyMs, undefined, { signal });
    }
  };
  const work = run();
  // Thrown again by `stop`.
  work.catch(() => undefined);
  return {
    enter: (name) => void phases.push(newPhase(name)),
    abandon() {
      stopped = true;
      abandoned.abort();
    },
    async stop() {
      stopped = true;
      await work;
      return phases;
    },
  };
}
