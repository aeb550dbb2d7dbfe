import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

import { waitFor } from '@hyperdx-tenancy/devkit/process';

import type { Side } from './collectorSides';
import { cpuSeconds } from './processes';

/** What the collector says when every receiver is open. */
const READY_LINE = 'Everything is ready';
const RELOAD_TIMEOUT_MS = 120_000;
const PROBE_TIMEOUT_MS = 1_000;
const PROBE_PAUSE_MS = 5;

/** What a reload costs, seconds. */
export interface Reload {
  /** From the signal until every receiver is open again. */
  seconds: number;
  cpu: number;
  /** The longest time without an answer to a sender that asks again and again, each time over a new connection. */
  away: number;
}

/** Whether the collector answers a request that carries nothing. */
async function answers({ collector, keys }: Side): Promise<boolean> {
  return new Promise((resolve) => {
    const outgoing = request(
      {
        host: '127.0.0.1',
        port: collector.httpPort,
        path: '/v1/logs',
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: keys[0] },
        agent: false,
        signal: AbortSignal.timeout(PROBE_TIMEOUT_MS),
      },
      (answer) => {
        answer.resume();
        answer.once('close', () => resolve(answer.statusCode === 200));
      },
    );
    outgoing.once('error', () => resolve(false));
    outgoing.end('{"resourceLogs":[]}');
  });
}

/**
 * Asks again and again, from now until the first question that was asked after `until` and answered.
 * @returns the longest time without an answer, milliseconds.
 */
async function longestSilence(
  side: Side,
  until: () => boolean,
  signal: AbortSignal,
): Promise<number> {
  let longest = 0;
  let answeredAt = performance.now();
  for (;;) {
    signal.throwIfAborted();
    // The silence that ends with the reload is a part of it.
    const isLast = until();
    if (await answers(side)) {
      const now = performance.now();
      longest = Math.max(longest, now - answeredAt);
      answeredAt = now;
      if (isLast) return longest;
    }
    await sleep(PROBE_PAUSE_MS, undefined, { signal });
  }
}

/** Has a collector read its config again (SIGHUP), as its supervisor does with a new one. */
export async function reload(side: Side, signal: AbortSignal): Promise<Reload> {
  const { collector, pid } = side;
  const earlier = collector.logs().length;
  const cpuBefore = await cpuSeconds(pid);
  const ended = new AbortController();
  let ready = false;
  const silence = longestSilence(side, () => ready, AbortSignal.any([signal, ended.signal]));
  // Awaited below, unless the reload itself fails; until then nobody listens.
  silence.catch(() => undefined);
  try {
    const begun = performance.now();
    process.kill(pid, 'SIGHUP');
    await waitFor(() => collector.logs().slice(earlier).includes(READY_LINE), {
      what: `the collector of ${side.database} to serve again`,
      timeoutMs: RELOAD_TIMEOUT_MS,
      intervalMs: 10,
      signal,
    });
    const seconds = (performance.now() - begun) / 1_000;
    ready = true;
    const away = (await silence) / 1_000;
    return { seconds, cpu: (await cpuSeconds(pid)) - cpuBefore, away };
  } finally {
    ended.abort();
  }
}
