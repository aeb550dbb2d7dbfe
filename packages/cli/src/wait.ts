import { setTimeout as sleep } from 'node:timers/promises';

import { CliError } from './exitCodes';
import { note } from './output';

const POLL_MS = 2_000;
/** The same words again, so that one sees it live. */
const REPEAT_MS = 10_000;
const WAIT_MS = 600_000;

export interface WaitOptions {
  /** Ten minutes by default. */
  timeoutMs?: number | undefined;
  /** Two seconds by default. */
  pollMs?: number;
  /** When the time began to run, by `Date.now()`; now by default. */
  started?: number;
}

/** Something that goes on without us. */
export interface Work<T> {
  /** Reads how far it is. */
  read: () => Promise<T>;
  /** What it still waits for; `undefined` once it has ended. */
  pending: (state: T) => string | undefined;
}

/** The state after a moment; the old one where the API is away, which waiting outlives. */
async function readAgain<T>(state: T, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof CliError) || error.reason !== 'unavailable') throw error;
    note(error.message);
    return state;
  }
}

/**
 * Asks again and again until work has ended, and says on standard error what it waits for.
 * @param state as it was answered when the work was asked for.
 * @throws CliError `unavailable` where it does not end in time: it goes on all the same.
 */
export async function waitUntilDone<T>(
  state: T,
  { read, pending }: Work<T>,
  { timeoutMs = WAIT_MS, pollMs = POLL_MS, started = Date.now() }: WaitOptions = {},
): Promise<T> {
  let last = state;
  let said = { text: '', at: 0 };
  for (;;) {
    const text = pending(last);
    if (text === undefined) return last;
    const now = Date.now();
    if (text !== said.text || now - said.at >= REPEAT_MS) {
      note(`${text} ... ${Math.round((now - started) / 1_000)} s`);
      said = { text, at: now };
    }
    const left = started + timeoutMs - now;
    if (left <= 0)
      throw new CliError(
        'unavailable',
        `Not done after ${timeoutMs / 1_000} s, but it goes on by itself: ${text}.`,
        'timeout',
      );
    await sleep(Math.min(pollMs, left));
    last = await readAgain(last, read);
  }
}
