import type { Seen } from '../browser';
import type { Side } from './world';

/** Compares an answer's content with the contract. */
export type Check = (seen: Seen, side: Side) => void | Promise<void>;

const typeOf = ({ headers }: Seen): string | null => headers.get('content-type');

/** JSON, equal to this. */
export function json(expected: (side: Side) => unknown): Check {
  return (seen, side) => {
    expect(typeOf(seen)).toBe('application/json; charset=utf-8');
    expect(seen.json).toEqual(expected(side));
  };
}

/** A bare text. */
export function text(expected: string): Check {
  return (seen) =>
    expect([typeOf(seen)?.split(';')[0], seen.text]).toEqual([expect.any(String), expected]);
}

export const empty: Check = (seen) => expect(seen.text).toBe('');

/** To a page of the UI: the whole address is FRONTEND_URL and this. */
export function redirect(to: string): Check {
  return (seen, { server }) =>
    expect(seen.headers.get('location')).toBe(`${server.config.frontendUrl}${to}`);
}

/** Fields that a request's parts are refused for, as session routes say it. */
export function faults(expected: Partial<Record<'Body' | 'Params' | 'Query', string[]>>): Check {
  return (seen) => {
    expect(typeOf(seen)).toBe('application/json; charset=utf-8');
    const parts = seen.json as { type: string; errors: { issues: { path: unknown[] }[] } }[];
    const found = parts.map(({ type, errors }) => [
      type,
      [...new Set(errors.issues.map(({ path }) => path.join('.')))].sort(),
    ]);
    expect(Object.fromEntries(found)).toEqual(expected);
  };
}

/** `{message}`, with a code of ours beside it. */
export function message(pattern: RegExp, code?: string): Check {
  return (seen) => {
    expect(typeOf(seen)).toBe('application/json; charset=utf-8');
    const { message: said, code: coded, ...more } = seen.json as Record<string, unknown>;
    expect(said).toMatch(pattern);
    if (code !== undefined) expect(coded).toBe(code);
    expect(more).toEqual({});
  };
}

/** Every one of these. */
export function all(...checks: Check[]): Check {
  return async (seen, side) => {
    for (const check of checks) await check(seen, side);
  };
}

export const anyText = expect.any(String) as string;
export const anyId = expect.stringMatching(/^[a-f0-9]{24}$/) as string;
export const aTime = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string;
export const aUuid = expect.stringMatching(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/) as string;
