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
  /** Ends the wait at once, in the midst of a try too. */
  signal?: AbortSignal | undefined;
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
 * @throws Error naming what was waited for, with the tail of the process's log, when the time is up or the process has ended; the
 *   signal's reason when that is aborted.
 */
export async function waitFor<T>(
  predicate: () => T | Promise<T>,
  options: WaitOptions,
): Promise<NonNullable<T>> {
  const deadline = Date.now() + options.timeoutMs;
  let lastError: unknown;
  const { signal } = options;
  for (;;) {
    signal?.throwIfAborted();
    try {
      const value = await withDeadline(predicate, deadline, signal);
      if (value) return value;
      lastError = undefined;
    } catch (error) {
      lastError = error;
    }
    signal?.throwIfAborted();
    if (options.process?.hasExited()) throw failure('the process ended', options, lastError);
    if (Date.now() >= deadline) {
      throw failure(`${options.timeoutMs} ms passed`, options, lastError);
    }
    // What an abort rejects with is thrown at the top.
    await sleep(options.intervalMs ?? 50, undefined, { signal }).catch(() => undefined);
  }
}

/** One try, given up at the deadline or abort: a predicate that never settles must not outlive the wait. */
async function withDeadline<T>(
  predicate: () => T | Promise<T>,
  deadline: number,
  signal: AbortSignal | undefined,
): Promise<T> {
  const timer = new AbortController();
  const end = signal ? AbortSignal.any([timer.signal, signal]) : timer.signal;
  const late = sleep(Math.max(deadline - Date.now(), 1), undefined, { signal: end }).then(() => {
    throw new Error('the try did not answer in time');
  });
  // Cancelled below when the predicate settles first.
  late.catch(() => undefined);
  try {
    return await Promise.race([Promise.resolve().then(predicate), late]);
  } finally {
    timer.abort();
  }
}
