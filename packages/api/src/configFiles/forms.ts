import { z } from 'zod';

const UNIT_MS: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
const GO_DURATION = /^(\d+(\.\d+)?(ms|s|m|h))+$/;

/** Milliseconds of a Go duration such as `720h` or `1h30m`; `undefined` where it is none. */
export function parseGoDuration(text: string): number | undefined {
  if (!GO_DURATION.test(text)) return undefined;
  let total = 0;
  for (const [, amount, , unit] of text.matchAll(/(\d+(\.\d+)?)(ms|s|m|h)/g)) {
    total += Number(amount) * (UNIT_MS[unit ?? ''] ?? 0);
  }
  return total;
}

/** The forms of values that variables and files have in common. */
export const httpUrl = z.url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' });
export const goDuration = z
  .string()
  .refine(
    (text) => (parseGoDuration(text) ?? 0) > 0,
    'must be a positive Go duration such as 720h',
  );
export const collectorUrl = z
  .string()
  .regex(/^(tcp|clickhouse|https?):\/\/[!-~]+$/, 'must be a tcp, clickhouse, http or https URL');
export const databaseName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be a plain identifier');
