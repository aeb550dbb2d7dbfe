import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import {
  ClickHouseError,
  ClickHouseLogLevel,
  createClient,
  type ClickHouseClient,
  type ClickHouseClientConfigOptions,
} from '@clickhouse/client';

export interface ClickHouseUnderTest {
  url: string;
  user: string;
  password: string;
}

export interface ClickHouseCase {
  name: string;
  run(server: ClickHouseUnderTest): Promise<void>;
}

/** What a case works with. */
export interface Bench {
  server: ClickHouseUnderTest;
  /** The case's own database. */
  database: string;
  /** A client whose database that is. */
  client: ClickHouseClient;
  /** A bare request: what `curl` would send. */
  request: (options: RawRequest) => Promise<RawAnswer>;
}

export interface RawRequest {
  method?: string;
  path?: string;
  parameters?: Record<string, string>;
  headers?: Record<string, string>;
  body?: string | Buffer | FormData;
}

export interface RawAnswer {
  status: number;
  headers: Headers;
  body: Buffer;
  text: string;
}

/** Longer than any case takes on a busy machine; a request without a limit could hold up the whole run. */
const requestTimeoutMs = 60_000;

export function clientOf(
  server: ClickHouseUnderTest,
  options: ClickHouseClientConfigOptions = {},
): ClickHouseClient {
  return createClient({
    url: server.url,
    username: server.user,
    password: server.password,
    request_timeout: requestTimeoutMs,
    // Failures are what several cases are about; they need not be on the screen too.
    log: { level: ClickHouseLogLevel.OFF },
    ...options,
  });
}

async function rawRequest(
  server: ClickHouseUnderTest,
  database: string,
  { method = 'POST', path = '/', parameters = {}, headers = {}, body }: RawRequest,
): Promise<RawAnswer> {
  const url = new URL(path, server.url);
  for (const [name, value] of Object.entries({ database, ...parameters })) {
    url.searchParams.set(name, value);
  }
  const answer = await fetch(url, {
    method,
    headers: {
      'X-ClickHouse-User': server.user,
      'X-ClickHouse-Key': server.password,
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : asBody(body) }),
    signal: AbortSignal.timeout(requestTimeoutMs),
  });
  const bytes = Buffer.from(await answer.arrayBuffer());
  return { status: answer.status, headers: answer.headers, body: bytes, text: bytes.toString() };
}

/** fetch takes views over an ArrayBuffer alone, and a Buffer's may be shared. */
function asBody(body: Buffer | FormData): Uint8Array<ArrayBuffer> | FormData {
  return Buffer.isBuffer(body) ? new Uint8Array(body) : body;
}

/** A case that gets a database of its own and a client. */
export function databaseCase(name: string, body: (bench: Bench) => Promise<void>): ClickHouseCase {
  return {
    name,
    async run(server) {
      const database = `cases_${randomBytes(6).toString('hex')}`;
      const client = clientOf(server, { database });
      const request = (options: RawRequest): Promise<RawAnswer> =>
        rawRequest(server, database, options);
      const ddl = async (query: string): Promise<void> => {
        const answer = await rawRequest(server, 'default', { body: query });
        assert.equal(answer.status, 200, answer.text);
      };
      await ddl(`CREATE DATABASE ${database}`);
      try {
        await body({ server, database, client, request });
      } finally {
        await client.close();
        await ddl(`DROP DATABASE IF EXISTS ${database} SYNC`);
      }
    },
  };
}

/** The rows of a query, as JSON objects. */
export async function rowsOf<T = Record<string, unknown>>(
  client: ClickHouseClient,
  query: string,
  settings: Record<string, string | number> = {},
): Promise<T[]> {
  const result = await client.query({
    query,
    format: 'JSONEachRow',
    clickhouse_settings: settings,
  });
  return result.json<T>();
}

/** Expects ClickHouse's exception of this code and name. */
export async function rejectsWith(
  code: number,
  type: string,
  work: () => Promise<unknown>,
): Promise<void> {
  await assert.rejects(work, (error: unknown) => {
    assert.ok(error instanceof ClickHouseError, `not ClickHouse's error: ${String(error)}`);
    assert.deepEqual({ code: error.code, type: error.type }, { code: String(code), type });
    return true;
  });
}
