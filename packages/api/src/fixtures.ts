import { randomBytes } from 'node:crypto';

import { createClient } from '@clickhouse/client';
import type { ClickHouseClient } from '@clickhouse/client';
import { engineCapabilities, openClickHouse, openMongo } from '@hyperdx-tenancy/devkit/engines';
import type { TestClickHouse, TestMongo } from '@hyperdx-tenancy/devkit/engines';
import { waitFor } from '@hyperdx-tenancy/devkit/process';

import { checkAnswer } from './__tests__/responseCheck';
import { parseConfig } from './config';
import type { Config } from './config';
import Server from './server';
import { createLogger } from './utils/logger';

/** Real engines for a test file: those that `TEST_ENGINES` names. */
export interface Engines {
  clickhouse: TestClickHouse;
  mongo: TestMongo;
  /** An administrator's client: what is really there. */
  admin: ClickHouseClient;
  stop(): Promise<void>;
}

/** These engines, with an administrator's client. */
export function enginesOf(clickhouse: TestClickHouse, mongo: TestMongo): Engines {
  const admin = createClient({
    url: clickhouse.url,
    username: clickhouse.user,
    password: clickhouse.password,
    database: clickhouse.database,
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

/** @param own engines that the test may end, even where the environment names servers. */
export async function startEngines(own = false): Promise<Engines> {
  return enginesOf(...(await Promise.all([openClickHouse({ own }), openMongo({ own })])));
}

/** Engines, as far as a configuration names them. */
export interface ReachedEngines {
  clickhouse: Pick<TestClickHouse, 'url' | 'user' | 'password' | 'database'>;
  mongo: Pick<TestMongo, 'uri'>;
}

/** A configuration on these engines, with secrets of its own. */
export function testConfig(
  { clickhouse, mongo }: ReachedEngines,
  env: Record<string, string> = {},
): Config {
  const secret = (): string => randomBytes(16).toString('hex');
  return parseConfig({
    NODE_ENV: 'test',
    MONGO_URI: mongo.uri,
    CLICKHOUSE_HOST: clickhouse.url,
    CLICKHOUSE_USER: clickhouse.user,
    CLICKHOUSE_PASSWORD: clickhouse.password,
    HYPERDX_OTEL_EXPORTER_CLICKHOUSE_DATABASE: clickhouse.database,
    PORT: '0',
    OPAMP_PORT: '0',
    TENANCY_METRICS_PORT: '0',
    TENANCY_DOOR_PORT: '0',
    EXPRESS_SESSION_SECRET: secret(),
    TENANCY_BIND_ADDRESS: '127.0.0.1',
    // Where the engine has no users, our own checks are what keeps tenants apart.
    TENANCY_ACCESS_MODE: engineCapabilities().userManagement ? 'grants' : 'guard',
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
  metricsUrl: string;
  doorUrl: string;
  config: Config;
  /**
   * Sends a request; the operator's token goes with it unless headers say otherwise. Its answer is compared with the
   * OpenAPI document, so that every test that calls the admin API proves a part of it.
   */
  request(
    method: string,
    path: string,
    options?: { body?: unknown; raw?: string; headers?: Record<string, string> },
  ): Promise<Answer>;
  stop(): Promise<void>;
}

/** No reconciler runs: a test that leaves something unfinished wants to find it so. */
export async function startTestServer(
  config: Config,
  ready = true,
  log = createLogger(process.env['TEST_LOG_LEVEL'] ?? 'silent'),
): Promise<TestServer> {
  const server = new Server(config, log, NEVER_MS);
  const { port, opampPort, metricsPort, doorPort } = await server.start();
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
        authorization: `Bearer ${config.adminToken ?? ''}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...options.headers,
      },
      ...(body === undefined ? {} : { body }),
    });
    const text = await response.text();
    const { status, headers } = response;
    checkAnswer(method, path, { status, headers, text });
    const isJson = response.headers.get('content-type')?.includes('json') === true;
    return {
      status,
      headers,
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
    metricsUrl: `http://127.0.0.1:${metricsPort}/metrics`,
    doorUrl: `http://127.0.0.1:${doorPort}`,
    config,
    request,
    stop: () => server.stop(),
  };
}

export interface UseServerOptions {
  env?: Record<string, string>;
  engines?: () => Promise<Engines>;
}

/** What {@link useServer} gives a test file. */
export interface UsedServer {
  engines: Engines;
  server: TestServer;
  /** Starts the service again, with its configuration, after a test has stopped it. */
  startAgain(): Promise<void>;
}

/**
 * Engines and the whole service on them, for all tests of a file or of a `describe`: started before the first one and
 * stopped after the last. Both are there once tests run, not before. One service at a time: all of a process share one
 * connection to MongoDB.
 */
export function useServer({
  env,
  engines: start = startEngines,
}: UseServerOptions = {}): UsedServer {
  const engines = {} as Engines;
  const server = {} as TestServer;
  const stops: (() => Promise<void>)[] = [];

  beforeAll(async () => {
    Object.assign(engines, await start());
    stops.unshift(() => engines.stop());
    Object.assign(server, await startTestServer(testConfig(engines, env)));
    stops.unshift(() => server.stop());
  }, 180_000);

  // A service that did not start leaves no engine behind.
  afterAll(async () => {
    for (const stop of stops) await stop();
  }, 60_000);

  return {
    engines,
    server,
    async startAgain() {
      Object.assign(server, await startTestServer(server.config));
    },
  };
}
