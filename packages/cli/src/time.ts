import { InvalidArgumentError } from 'commander';
import { z } from 'zod';

const HOUR_MS = 3_600_000;
const units: Readonly<Record<string, number>> = { h: HOUR_MS, d: 24 * HOUR_MS, w: 168 * HOUR_MS };

/** Milliseconds of `12h`, `90d` or `4w`; `undefined` for anything else. */
function durationMs(text: string): number | undefined {
  const [, count, unit] = /^([1-9]\d{0,5})([hdw])$/.exec(text) ?? [];
  const unitMs = unit === undefined ? undefined : units[unit];
  return unitMs === undefined ? undefined : Number(count) * unitMs;
}

/** An option's value that is a length of time. */
export function duration(text: string): number {
  const ms = durationMs(text);
  if (ms === undefined)
    throw new InvalidArgumentError('must be hours, days or weeks: 12h, 90d, 4w.');
  return ms;
}

const MINUTE_MS = 60_000;

/** An option's value that is a length of time and may be short: minutes too, or none at all. */
export function shortDuration(text: string): number {
  if (text === '0') return 0;
  const [, minutes] = /^([1-9]\d{0,5})m$/.exec(text) ?? [];
  const ms = minutes === undefined ? durationMs(text) : Number(minutes) * MINUTE_MS;
  if (ms === undefined)
    throw new InvalidArgumentError(
      'must be 0, or minutes, hours, days or weeks: 30m, 12h, 7d, 4w.',
    );
  return ms;
}

const Instant = z.iso.datetime({ offset: true });

/** An option's value that is a time, or how long ago it was; as ISO 8601. */
export function pastInstant(text: string): string {
  const ms = durationMs(text);
  if (ms !== undefined) return new Date(Date.now() - ms).toISOString();
  if (Instant.safeParse(text).success) return text;
  throw new InvalidArgumentError(
    'must be a time with its offset (2026-03-01T00:00:00Z), or how long ago: 12h, 7d, 4w.',
  );
}
