import type { ErrorCode } from '@hyperdx-tenancy/domain/errors';

/** Attempts that are made before an operator has to look: with the pauses below, about three minutes. */
export const MAX_ATTEMPTS = 8;

const FIRST_PAUSE_MS = 2_000;
const LONGEST_PAUSE_MS = 60_000;

/** What may pass by itself. Everything else would fail the same way again. */
const TRANSIENT: ReadonlySet<ErrorCode> = new Set([
  'clickhouse_unavailable',
  'mongo_unavailable',
  'overloaded',
]);

/** What becomes of a tenant whose making stopped. */
export interface Verdict {
  status: 'provisioning' | 'failed';
  /** When the reconciler may go on; `null` where only an operator may. */
  nextAttemptAt: Date | null;
}

/** How soon to look again whether collectors have applied their config: they ask every 5 to 30 seconds. */
const COLLECTORS_PAUSE_MS = 3_000;

/**
 * When to go on with the change of a tenant that lives: always, since it must not stay half done, and what is wrong may
 * be mended any time.
 */
export function nextAttempt(
  code: ErrorCode,
  attempt: number,
  now: Date,
  random: () => number = Math.random,
): Date {
  const growing = FIRST_PAUSE_MS * 2 ** Math.min(attempt - 1, 10);
  const pause =
    code === 'collectors_behind' ? COLLECTORS_PAUSE_MS : Math.min(growing, LONGEST_PAUSE_MS);
  return new Date(now.getTime() + pause * (0.5 + random() / 2));
}

/**
 * Decides whether to go on by ourselves, and when: pauses double, and are drawn from their upper half, so
 * that tenants stopped by the same outage do not all come back at once.
 * @param attempt the number of the attempt that stopped, from 1.
 */
export function afterFault(
  code: ErrorCode,
  attempt: number,
  now: Date,
  random: () => number = Math.random,
): Verdict {
  if (!TRANSIENT.has(code) || attempt >= MAX_ATTEMPTS)
    return { status: 'failed', nextAttemptAt: null };
  const pause = Math.min(FIRST_PAUSE_MS * 2 ** (attempt - 1), LONGEST_PAUSE_MS);
  return {
    status: 'provisioning',
    nextAttemptAt: new Date(now.getTime() + pause * (0.5 + random() / 2)),
  };
}
