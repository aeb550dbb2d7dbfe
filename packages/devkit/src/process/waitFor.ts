import { setTimeout as sleep } from 'node:timers/promises';
import type { ManagedProcess } from './managed';

export interface WaitOptions {
  /** Milliseconds until the wait fails. */
  timeoutMs: number;
  /** What is waited for, as the error names it: "ClickHouse to answer /ping". */
  what: string;
  /** Milliseconds between two tries. @default 50 */
  intervalMs?: number;
  /** The process that should bring it about: its exit ends the wait, its log's tail goes into the error. */
  process?: Pick<ManagedProcess, 'hasExited' | 'logTail'>;
}

/** The end of a log, short enough for an error message. */
const tailLength = 2_000;

function failure(reason: string, options: WaitOptions, lastError: unknown): Error {
  const log = options.process?.logTail().slice(-tailLength).trim();
  const detail = lastError instanceof Error ? ` (last error: ${lastError.message})` : '';
  const tail = log ? `\n--- end of its log ---\n${log}` : '';
  return new Error(`${reason} while waiting for ${options.what}${detail}${tail}`, {
    cause: lastError,
  });
}

/**
 * Tries `predicate` until it answers something truthy, and returns that. A predicate that throws counts as "not yet"; its last
 * error is the `cause` of the failure.
 *
 * @throws Error naming what was waited for, with the tail of the process's log, when the time is up or the process has ended.
 */
export async function waitFor<T>(
  predicate: () => T | Promise<T>,
  options: WaitOptions,
): Promise<NonNullable<T>> {
  const deadline = Date.now() + options.timeoutMs;
  let lastError: unknown;
  for (;;) {
    try {
      const value = await withDeadline(predicate, deadline);
      if (value) return value;
      lastError = undefined;
    } catch (error) {
      lastError = error;
    }
    if (options.process?.hasExited()) throw failure('the process ended', options, lastError);
    if (Date.now() >= deadline) {
      throw failure(`${options.timeoutMs} ms passed`, options, lastError);
    }
    await sleep(options.intervalMs ?? 50);
  }
}

/** One try, given up at the deadline: a predicate that never settles must not outlive the wait. */
async function withDeadline<T>(predicate: () => T | Promise<T>, deadline: number): Promise<T> {
  const timer = new AbortController();
  const late = sleep(Math.max(deadline - Date.now(), 1), undefined, { signal: timer.signal }).then(
    () => {
      throw new Error('the try did not answer in time');
    },
  );
  // Cancelled below when the predicate settles first.
  late.catch(() => undefined);
  try {
    return await Promise.race([Promise.resolve().then(predicate), late]);
  } finally {
    timer.abort();
  }
}
