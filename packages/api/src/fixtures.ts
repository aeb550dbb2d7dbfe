import { randomBytes } from 'node:crypto';

import { createClient } from '@clickhouse/client';
import type { ClickHouseClient } from '@clickhouse/client';
import { startClickHouse } from '@hyperdx-tenancy/devkit/clickhouse';
import type { ClickHouseServer } from '@hyperdx-tenancy/devkit/clickhouse';
import { openMongo } from '@hyperdx-tenancy/devkit/mongo';
import type { Mongo } from '@hyperdx-tenancy/devkit/mongo';
import { waitFor } from '@hyperdx-tenancy/devkit/process';

import { parseConfig } from './config';
import type { Config } from './config';
import Server from './server';
import { createLogger } from './utils/logger';

/** Real engines for a test file. */
export interface Engines {
  clickhouse: ClickHouseServer;
  mongo: Mongo;
  /** An administrator's client: what is really there. */
  admin: ClickHouseClient;
  stop(): Promise<void>;
}

/** @param own a MongoDB that the test may end, even where `MONGO_URI` names one. */
export async function startEngines(own = false): Promise<Engines> {
  const [clickhouse, mongo] = await Promise.all([
    startClickHouse({ password: 'test' }),
    openMongo({ own }),
  ]);
  const admin = createClient({
    url: clickhouse.url,
    username: clickhouse.user,
    password: clickhouse.password,
  });
  return {
    clickhouse,
    mongo,
    admin,
    async stop() {
      await admin.close();
      await Promise.all([clickhouse.stop(), mongo.stop()]);
    },
  };
}

/** A configuration on these engines, with secrets of its own. */
export function testConfig(
  { clickhouse, mongo }: Pick<Engines, 'clickhouse' | 'mongo'>,
  env: Record<string, string> = {},
): Config {
  const secret = (): string => randomBytes(16).toString('hex');
  return parseConfig({
    NODE_ENV: 'test',
    MONGO_URI: mongo.uri,
    CLICKHOUSE_HOST: clickhouse.url,
    CLICKHOUSE_USER: clickhouse.user,
    CLICKHOUSE_PASSWORD: clickhouse.password,
    PORT: '0',
    OPAMP_PORT: '0',
    TENANCY_BIND_ADDRESS: '127.0.0.1',
    TENANCY_SECRET: secret(),
    TENANCY_ADMIN_TOKEN: secret(),
    TENANCY_COLLECTOR_TOKEN: secret(),
    ...env,
  });
}

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  json: Record<string, unknown>;
}

/** Longer than any test. */
const NEVER_MS = 1_000_000_000;

/** The whole service in this process, on free ports. */
export interface TestServer {
  url: string;
  opampUrl: string;
  config: Config;
  /** Sends a request; the operator's token goes with it unless headers say otherwise. */
  request(
    method: string,
    path: string,
    options?: { body?: unknown; raw?: string; headers?: Record<string, string> },
  ): Promise<Answer>;
  stop(): Promise<void>;
}

/** No reconciler runs: a test that leaves something unfinished wants to find it so. */
export async function startTestServer(config: Config, ready = true): Promise<TestServer> {
  const server = new Server(
    config,
    createLogger(process.env['TEST_LOG_LEVEL'] ?? 'silent'),
    NEVER_MS,
  );
  const { port, opampPort } = await server.start();
  const url = `http://127.0.0.1:${port}`;

  async function request(
    method: string,
    path: string,
    options: Parameters<TestServer['request']>[2] = {},
  ): Promise<Answer> {
    const body =
      options.raw ?? (options.body === undefined ? undefined : JSON.stringify(options.body));
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${config.adminToken}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...options.headers,
      },
      ...(body === undefined ? {} : { body }),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json') === true;
    return {
      status: response.status,
      headers: response.headers,
      text,
      json: isJson ? (JSON.parse(text) as Record<string, unknown>) : {},
    };
  }

  if (ready) {
    await waitFor(async () => (await request('GET', '/ready')).status === 200, {
      what: 'the service to be ready',
      timeoutMs: 20_000,
    });
  }
  return {
    url,
    opampUrl: `http://127.0.0.1:${opampPort}`,
    config,
    request,
    stop: () => server.stop(),
  };
}
