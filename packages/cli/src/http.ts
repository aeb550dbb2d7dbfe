import { ADMIN_BASE } from '@hyperdx-tenancy/domain/contracts/routes';
import type { AdminRoute } from '@hyperdx-tenancy/domain/contracts/routes';
import { ErrorBody } from '@hyperdx-tenancy/domain/contracts/tenant';
import type { z } from 'zod';

import { CliError, reasonOfForeignStatus, reasonOfStatus } from './exitCodes';

/** A call of one route. */
export interface Call<Schema extends z.ZodType> {
  route: Pick<AdminRoute, 'method' | 'path'>;
  /** What stands for `:id` and the like in the route's path. */
  params?: Readonly<Record<string, string>>;
  /** Those that are `undefined` are left out, as of the headers. */
  query?: Readonly<Record<string, string | number | undefined>>;
  headers?: Readonly<Record<string, string | undefined>>;
  body?: unknown;
  /** What is answered where all is well; an answer without a body is `null`. */
  answer: Schema;
  timeoutMs: number;
}

/** A thing with the entity tag that it was answered with. */
export interface Tagged<T> {
  value: T;
  /** As `If-Match` takes it. */
  etag: string | undefined;
}

/** Calls a route. @throws CliError for everything but a good answer. */
export type Caller = <Schema extends z.ZodType>(
  call: Call<Schema>,
) => Promise<Tagged<z.output<Schema>>>;

function refusal(status: number, text: string): CliError {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    body = undefined;
  }
  const parsed = ErrorBody.safeParse(body);
  return parsed.success
    ? new CliError(reasonOfStatus(status), parsed.data.message, parsed.data.code)
    : new CliError(
        reasonOfForeignStatus(status),
        `The answer was ${status}, and not in the API's words; is --url right?`,
      );
}

/** Where a redirect leads, as far as it may be shown: what follows the host can carry secrets. */
function redirectError(url: URL, response: Response): CliError {
  const location = response.headers.get('location') ?? '';
  const to = URL.canParse(location, url.href) ? new URL(location, url.href).origin : 'nowhere';
  return new CliError(
    'usage',
    `--url: ${url.origin} answered with a redirect (${response.status}) to ${to}, to which the token is not sent; name the API's own address.`,
  );
}

function understand<Schema extends z.ZodType>(schema: Schema, text: string): z.output<Schema> {
  try {
    return schema.parse(text === '' ? null : JSON.parse(text));
  } catch (cause) {
    throw new CliError(
      'unexpected',
      'The API answered something else than what was asked for; is --url right?',
      'unexpected',
      { cause },
    );
  }
}

/**
 * The answer's entity tag as a strong one. A proxy that compresses answers makes it weak, which `If-Match` never matches
 * (RFC 9110, section 13.1.1); the API's own tags are all strong.
 */
function etagOf(response: Response): string | undefined {
  return response.headers.get('etag')?.replace(/^W\//, '');
}

const isStated = <T>(entry: [string, T | undefined]): entry is [string, T] =>
  entry[1] !== undefined;

function urlOf(baseUrl: string, { route, params = {}, query = {} }: Call<z.ZodType>): URL {
  const path = route.path.replace(/:(\w+)/g, (_all, name: string) =>
    encodeURIComponent(params[name] ?? ''),
  );
  const url = new URL(`${baseUrl.replace(/\/+$/, '')}${ADMIN_BASE}${path}`);
  for (const [name, value] of Object.entries(query).filter(isStated))
    url.searchParams.set(name, String(value));
  return url;
}

/**
 * The admin API over HTTP.
 * @param baseUrl of the API, without `/tenancy/v1`.
 * @param timeout milliseconds to wait for an answer, from what is usual for the call.
 */
export function createCaller(
  baseUrl: string,
  token: string,
  timeout: (usualMs: number) => number,
): Caller {
  return async (call) => {
    const url = urlOf(baseUrl, call);
    const limit = timeout(call.timeoutMs);
    let response: Response;
    let text: string;
    try {
      response = await fetch(url, {
        method: call.route.method.toUpperCase(),
        // The token goes to the named host alone.
        redirect: 'manual',
        signal: AbortSignal.timeout(limit),
        headers: {
          authorization: `Bearer ${token}`,
          ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
          ...Object.fromEntries(Object.entries(call.headers ?? {}).filter(isStated)),
        },
        ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
      });
      text = await response.text();
    } catch (cause) {
      const late = cause instanceof DOMException && cause.name === 'TimeoutError';
      const why = late ? `did not answer within ${limit / 1_000} s` : 'cannot be reached';
      throw new CliError('unavailable', `The API at ${url.origin} ${why}.`, 'unavailable', {
        cause,
      });
    }
    const { status } = response;
    if (status >= 300 && status < 400) throw redirectError(url, response);
    if (status >= 400) throw refusal(status, text);
    return { value: understand(call.answer, text), etag: etagOf(response) };
  };
}
