import { setTimeout as sleep } from 'node:timers/promises';

export interface RetryOptions {
  /** How often it is tried at the most. */
  attempts: number;
  /** Milliseconds for all attempts and pauses together. */
  deadlineMs: number;
  /** The longest pause after the first attempt; it doubles after each. */
  pauseMs: number;
  /** Whether another attempt may end otherwise. */
  isTransient(error: unknown): boolean;
}

/**
 * Tries something until it succeeds, fails for good, or time is up. Pauses are drawn at random, so that
 * callers who failed together do not come back together.
 * @param call is given a signal that ends with the deadline.
 * @throws the last attempt's error.
 */
export async function retry<T>(
  call: (signal: AbortSignal) => Promise<T>,
  options: RetryOptions,
): Promise<T> {
  const signal = AbortSignal.timeout(options.deadlineMs);
  for (let attempt = 1, pause = options.pauseMs; ; attempt += 1, pause *= 2) {
    try {
      return await call(signal);
    } catch (error) {
      if (attempt >= options.attempts || signal.aborted || !options.isTransient(error)) throw error;
      const ended = await sleep(Math.random() * pause, false, { signal }).catch(() => true);
      if (ended) throw error;
    }
  }
}
