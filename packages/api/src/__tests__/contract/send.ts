import type { Seen } from '../browser';
import { partsOf } from './routes';
import type { ContractRoute } from './routes';

/** What a request says beyond its route. */
export interface Ask {
  params?: Record<string, string>;
  /** After the `?`. */
  query?: string;
  json?: unknown;
  form?: Record<string, string>;
  raw?: { type: string; body: string };
  headers?: Record<string, string>;
}

/** Headers that say who calls. */
export type Credentials = Readonly<Record<string, string>>;

export const NOBODY: Credentials = {};

function bodyOf({ json, form, raw }: Ask): { body?: string; type?: string } {
  if (raw) return raw;
  if (form) {
    const body = new URLSearchParams(form).toString();
    return { body, type: 'application/x-www-form-urlencoded' };
  }
  return json === undefined ? {} : { body: JSON.stringify(json), type: 'application/json' };
}

/** A route's path with this request's values in it. */
export function pathOf(route: ContractRoute, { params = {}, query }: Ask): string {
  const path = partsOf(route).path.replace(/:(\w+)/g, (_, name: string) => {
    const value = params[name];
    if (value === undefined) throw new Error(`${route}: no value for ${name}`);
    return value;
  });
  return query === undefined ? path : `${path}?${query}`;
}

/** Sends a request as it is: no cookie is kept, no redirect followed. */
export async function sendTo(
  url: string,
  method: string,
  path: string,
  who: Credentials,
  ask: Ask = {},
): Promise<Seen> {
  const { body, type } = bodyOf(ask);
  const response = await fetch(`${url}${path}`, {
    method,
    redirect: 'manual',
    signal: AbortSignal.timeout(30_000),
    headers: { ...who, ...(type === undefined ? {} : { 'content-type': type }), ...ask.headers },
    ...(body === undefined ? {} : { body }),
  });
  const text = await response.text();
  const { status, headers } = response;
  const isJson = headers.get('content-type')?.startsWith('application/json') === true;
  return { status, headers, text, json: isJson && text !== '' ? JSON.parse(text) : undefined };
}
