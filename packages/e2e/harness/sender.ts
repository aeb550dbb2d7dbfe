import { setTimeout as sleep } from 'node:timers/promises';

import { otlpRequests } from './otlp';
import type { OtlpRequest, Sample } from './otlp';
import { within } from './within';

/** What became of a number of samples: each is in exactly one of the two. */
export interface Account {
  /** Acknowledged with 200: it must be found, once. */
  accepted: Sample[];
  /** Answered with a status that says not to try again, such as 401. */
  refused: { sample: Sample; status: number }[];
}

/** Statuses that a sender tries again after (OTLP specification, "Retryable Response Codes"). */
const RETRYABLE = new Set([429, 502, 503, 504]);
const REQUEST_TIMEOUT_MS = 10_000;
const DEADLINE_MS = 30_000;
const MAX_PAUSE_MS = 1_000;

/** How a request is sent. */
export interface SendOptions {
  /** How long to go on trying, milliseconds. @default 30_000 */
  deadlineMs?: number | undefined;
  /** The longest pause between two attempts, milliseconds. @default 1_000 */
  maxPauseMs?: number | undefined;
  /** Told of each attempt. */
  onAttempt?: ((attempt: Attempt) => void) | undefined;
  /** Gives up at once. */
  signal?: AbortSignal | undefined;
}

/** One try to send a request; times of `performance.now()`. */
export interface Attempt {
  from: number;
  to: number;
  /** `undefined`: refused, cut off, or not answered in time. */
  status: number | undefined;
}

/** Sends a request under a key, once. @returns the status; `undefined`: refused, cut off, or not answered in time. */
export async function attempt(
  endpoint: string,
  key: string,
  request: OtlpRequest,
  signal?: AbortSignal,
): Promise<number | undefined> {
  try {
    const response = await fetch(`${endpoint}${request.route}`, {
      method: 'POST',
      headers: {
        'content-type': request.contentType ?? 'application/json',
        authorization: key,
      },
      body: request.body,
      signal: within(REQUEST_TIMEOUT_MS, signal),
    });
    await response.arrayBuffer();
    return response.status;
  } catch {
    signal?.throwIfAborted();
    // Refused or reset: a collector that reloads its config does that for a moment.
    return undefined;
  }
}

/**
 * Sends a request under a key until it is accepted or refused for good.
 * @throws Error where it is neither by the deadline; the signal's reason once that is aborted.
 */
export async function sendRequest(
  endpoint: string,
  key: string,
  request: OtlpRequest,
  { deadlineMs = DEADLINE_MS, maxPauseMs = MAX_PAUSE_MS, onAttempt, signal }: SendOptions = {},
): Promise<number> {
  const deadline = Date.now() + deadlineMs;
  for (let pause = 50; ; pause = Math.min(pause * 2, maxPauseMs)) {
    const from = performance.now();
    const status = await attempt(endpoint, key, request, signal);
    onAttempt?.({ from, to: performance.now(), status });
    if (status !== undefined && !RETRYABLE.has(status)) return status;
    if (Date.now() > deadline) {
      throw new Error(
        `${request.route} at ${endpoint}: no final answer in ${deadlineMs} ms (last: ${status ?? 'none'})`,
      );
    }
    await sleep(pause * (0.5 + Math.random() / 2), undefined, { signal });
  }
}

/**
 * Sends samples under a key and accounts for each of them.
 * @param service value of `service.name`.
 */
export async function send(
  endpoint: string,
  key: string,
  samples: readonly Sample[],
  service = 'e2e',
  options: SendOptions = {},
): Promise<Account> {
  const account: Account = { accepted: [], refused: [] };
  for (const request of otlpRequests(samples, service)) {
    const status = await sendRequest(endpoint, key, request, options);
    if (status === 200) account.accepted.push(...request.samples);
    else account.refused.push(...request.samples.map((sample) => ({ sample, status })));
  }
  return account;
}

/** True once the collector lets a key in: asked with a request that carries nothing. */
export async function keyIsKnown(
  endpoint: string,
  key: string,
  signal?: AbortSignal,
): Promise<boolean> {
  const request = { route: '/v1/logs', body: '{"resourceLogs":[]}', samples: [] };
  return (await attempt(endpoint, key, request, signal)) === 200;
}
