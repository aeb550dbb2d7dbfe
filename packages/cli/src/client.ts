import { ErrorBody, TenantPage, TenantView } from '@hyperdx-tenancy/domain/contracts/tenant';
import type { CreateTenant, ListTenants } from '@hyperdx-tenancy/domain/contracts/tenant';
import type { z } from 'zod';

import { CliError, reasonOfForeignStatus, reasonOfStatus } from './exitCodes';

/** Reading answers within milliseconds; making a tenant waits for ClickHouse. */
const READ_TIMEOUT_MS = 30_000;
const CREATE_TIMEOUT_MS = 180_000;

export interface Client {
  createTenant(input: CreateTenant): Promise<TenantView>;
  getTenant(id: string): Promise<TenantView>;
  /** One page; `next` of the answer is the `after` of the next. */
  listTenants(query: Partial<ListTenants>): Promise<TenantPage>;
}

interface Call<Schema extends z.ZodType> {
  method: 'GET' | 'POST';
  path: string;
  query?: Record<string, string>;
  body?: unknown;
  answer: Schema;
  timeoutMs: number;
}

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

/**
 * The admin API over HTTP.
 * @param baseUrl of the API, without `/tenancy/v1`.
 * @param timeoutMs for any answer, in place of the defaults.
 */
export function createClient(baseUrl: string, token: string, timeoutMs?: number): Client {
  async function call<Schema extends z.ZodType>(request: Call<Schema>): Promise<z.output<Schema>> {
    const url = new URL(`${baseUrl.replace(/\/+$/, '')}/tenancy/v1${request.path}`);
    for (const [name, value] of Object.entries(request.query ?? {}))
      url.searchParams.set(name, value);
    const limit = timeoutMs ?? request.timeoutMs;
    let response: Response;
    let text: string;
    try {
      response = await fetch(url, {
        method: request.method,
        // The token goes to the named host alone.
        redirect: 'manual',
        signal: AbortSignal.timeout(limit),
        headers: {
          authorization: `Bearer ${token}`,
          ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
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
    return understand(request.answer, text);
  }

  return {
    createTenant: (body) =>
      call({
        method: 'POST',
        path: '/tenants',
        body,
        answer: TenantView,
        timeoutMs: CREATE_TIMEOUT_MS,
      }),
    getTenant: (id) =>
      call({
        method: 'GET',
        path: `/tenants/${encodeURIComponent(id)}`,
        answer: TenantView,
        timeoutMs: READ_TIMEOUT_MS,
      }),
    listTenants: (query) =>
      call({
        method: 'GET',
        path: '/tenants',
        query: Object.fromEntries(
          Object.entries<string | number | undefined>(query).flatMap(([name, value]) =>
            value === undefined ? [] : [[name, String(value)]],
          ),
        ),
        answer: TenantPage,
        timeoutMs: READ_TIMEOUT_MS,
      }),
  };
}

function understand<Schema extends z.ZodType>(schema: Schema, text: string): z.output<Schema> {
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw new CliError(
      'unexpected',
      'The API answered something else than a tenant; is --url right?',
      'unexpected',
      {
        cause,
      },
    );
  }
}
