import type { ConfigReport } from '../../fleet';
import { isCrash, isInconclusive, isTimeout, unhealthyFor } from '../failures';

/** Unhealthy for so long with a config, or not healthy for so long after it was slow to start: it failed. */
export const GRACE_MS = 60_000;
/**
 * Healthy for so long since it took a config up: it runs it. What it says of its health at first may still be of the
 * collector before.
 */
export const SETTLE_MS = 10_000;

/** How an agent fares with the config that it reported on last. */
export interface Standing {
  hash: string;
  /** `trying`: nothing is certain yet. */
  verdict: 'trying' | 'well' | 'failed';
  /** Why it failed, or may be about to. */
  reason: string;
  healthy: boolean | undefined;
  /** When the verdict falls if nothing else is heard, milliseconds; and which. */
  due: { at: number; verdict: 'well' | 'failed' } | undefined;
}

/**
 * How an agent stands after a report.
 * @returns `undefined` where it says nothing of any config.
 */
export function afterReport(
  known: Standing | undefined,
  { hash, status, error }: ConfigReport,
  now: number,
): Standing | undefined {
  const healthy = known?.healthy;
  switch (status) {
    case 'unset':
      return undefined;
    case 'applied':
      return { hash, verdict: 'well', reason: '', healthy, due: undefined };
    case 'applying':
      return {
        hash,
        verdict: 'trying',
        reason: '',
        healthy,
        due: dueBy(healthy, now),
      };
    case 'failed':
      if (!isInconclusive(error)) {
        return { hash, verdict: 'failed', reason: error, healthy, due: undefined };
      }
      // The wait is not begun anew by saying so again.
      if (known?.hash === hash && known.reason === error && known.verdict !== 'well') return known;
      if (healthy === true && isTimeout(error)) {
        return { hash, verdict: 'well', reason: '', healthy, due: undefined };
      }
      // Of a collector that ended, what was said of its health may be said of the one before.
      return {
        hash,
        verdict: 'trying',
        reason: error,
        healthy,
        due: dueBy(healthy === true, now),
      };
  }
}

/** How an agent stands after it spoke of its health. */
export function afterHealth(known: Standing, healthy: boolean, now: number): Standing {
  if (known.healthy === healthy) return known;
  // Its supervisor started it once more, with the same config.
  if (healthy && known.verdict === 'failed' && isCrash(known.reason)) {
    return { ...known, healthy, verdict: 'trying', due: dueBy(healthy, now) };
  }
  // What is certain stays so: a collector that falls ill after it ran well has another reason.
  if (known.verdict !== 'trying') return { ...known, healthy };
  if (healthy && known.reason !== '' && isInconclusive(known.reason)) {
    return { ...known, healthy, verdict: 'well', reason: '', due: undefined };
  }
  return { ...known, healthy, due: dueBy(healthy, now) };
}

/** How an agent stands when its time has come. */
export function afterTime(known: Standing, now: number): Standing {
  const { due } = known;
  if (!due || due.at > now) return known;
  const reason = due.verdict === 'well' ? '' : known.reason || unhealthyFor(GRACE_MS);
  return { ...known, verdict: due.verdict, reason, due: undefined };
}

/** How an agent stands whose failure is held to be none of its config's: it is given as much time again. */
export function afterExcuse(known: Standing, now: number): Standing {
  if (known.verdict !== 'failed') return known;
  return { ...known, verdict: 'trying', due: dueBy(known.healthy === true, now) };
}

function dueBy(healthy: boolean | undefined, now: number): Standing['due'] {
  if (healthy === undefined) return undefined;
  return healthy
    ? { at: now + SETTLE_MS, verdict: 'well' }
    : { at: now + GRACE_MS, verdict: 'failed' };
}
