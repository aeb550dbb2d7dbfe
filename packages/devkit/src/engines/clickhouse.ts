import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { startClickHouse, type ClickHouseServer } from '../clickhouse';
import { startContainer } from './container';
import { runStatement, type Login } from './http';
import { imageOf } from './images';
import { testEngine, type TestEngine } from './testEngine';

/** A ClickHouse for a test file, whichever engine it is. */
export interface TestClickHouse extends Omit<ClickHouseServer, 'dataDir' | 'pid'> {
  readonly engine: TestEngine;
  /** The test file's own: `default` on a server that serves nobody else, a fresh name on a shared one. */
  readonly database: string;
  /** An endpoint for the exporter of a collector from `openCollector`: in a container it reaches ClickHouse by another address. */
  readonly exporterEndpoint: string;
  /** SIGKILL, as a crash; the data stay. @throws Error on `env`. */
  kill(): Promise<void>;
  /** Ends the server; on `env` drops the database instead. Idempotent. */
  stop(): Promise<void>;
  /** Starts again on the same port and data, after `kill` too. @throws Error on `env`. */
  restart(): Promise<void>;
}

export interface OpenOptions {
  /** One that the test may end, even where `env` names one: `embedded` then. */
  own?: boolean;
  /** @default what `TEST_ENGINES` says */
  engine?: TestEngine;
}

const password = 'test';
const httpPort = 8123;
const configFolder = join(__dirname, '..', '..', '..', '..', 'docker', 'test', 'clickhouse');
/** What the isolation of tenants rests on, and a cluster of one server with its Keeper. */
const configFiles = ['access.xml', 'cluster.xml'];

/**
 * Opens the ClickHouse that tests run on.
 * @throws Error naming what is missing: a variable, an image, a server that answers.
 */
export async function openClickHouse({
  own = false,
  engine = testEngine(),
}: OpenOptions = {}): Promise<TestClickHouse> {
  switch (engine) {
    case 'containers':
      return openContainer();
    case 'env':
      return own ? openEmbedded() : openShared(process.env);
    case 'embedded':
      return openEmbedded();
  }
}

async function openEmbedded(): Promise<TestClickHouse> {
  const server = await startClickHouse({ password });
  return {
    ...reached(server, server.version, server.database),
    engine: 'embedded',
    kill: () => server.kill(),
    stop: () => server.stop(),
    restart: () => server.restart(),
  };
}

/** Without compression: the embedded engine, which may also be what a URL leads to, knows no block compression. */
const endpointAt = (url: string): string => `${url}?compress=none`;

const readVersion = (login: Login): Promise<string> => runStatement(login, 'SELECT version()');

/** What all servers that are reached by URL have in common. */
function reached(
  login: Login,
  version: string,
  database: string,
): Omit<TestClickHouse, 'engine' | 'kill' | 'stop' | 'restart'> {
  const { url, user } = login;
  const { hostname, port, protocol } = new URL(url);
  return {
    url,
    user,
    password: login.password,
    host: hostname,
    port: Number(port || (protocol === 'https:' ? 443 : 80)),
    database,
    version,
    exporterEndpoint: endpointAt(url),
    client: () => ({ url, username: user, password: login.password, database }),
  };
}

async function openContainer(): Promise<TestClickHouse> {
  const user = 'default';
  const login = (host: string, port: number): Login => {
    return { url: `http://${host}:${port}`, user, password };
  };
  const container = await startContainer({
    name: 'ClickHouse',
    image: imageOf('clickhouse'),
    port: httpPort,
    env: {
      CLICKHOUSE_USER: user,
      CLICKHOUSE_PASSWORD: password,
      CLICKHOUSE_DEFAULT_ACCESS_MANAGEMENT: '1',
    },
    files: configFiles.map((file) => ({
      source: join(configFolder, file),
      target: `/etc/clickhouse-server/config.d/hyperdx-tenancy-${file}`,
    })),
    serves: async (host, port) => (await readVersion(login(host, port))) !== '',
  });
  const at = login(container.host, container.port);
  return {
    ...reached(at, await readVersion(at), 'default'),
    exporterEndpoint: endpointAt(`http://${container.address}:${httpPort}`),
    engine: 'containers',
    kill: () => container.kill(),
    stop: () => container.stop(),
    restart: () => container.restart(),
  };
}

/** The server that the environment names, as HyperDX's own variables do. */
function named(env: NodeJS.ProcessEnv): Login {
  const url = env['CLICKHOUSE_HOST'] ?? '';
  if (!/^https?:\/\//.test(url) || !URL.canParse(url)) {
    throw new Error(
      'TEST_ENGINES=env: CLICKHOUSE_HOST must be the URL of a ClickHouse server, http://host:8123',
    );
  }
  return {
    url: new URL(url).origin,
    user: env['CLICKHOUSE_USER'] || 'default',
    password: env['CLICKHOUSE_PASSWORD'] ?? '',
  };
}

async function openShared(env: NodeJS.ProcessEnv): Promise<TestClickHouse> {
  const login = named(env);
  const database = `hdxt_${randomBytes(6).toString('hex')}`;
  const version = await readVersion(login);
  await runStatement(login, `CREATE DATABASE ${database}`);
  const refuse = (): Promise<never> =>
    Promise.reject(new Error('the ClickHouse server that CLICKHOUSE_HOST names is not ours'));
  return {
    ...reached(login, version, database),
    engine: 'env',
    kill: refuse,
    restart: refuse,
    async stop() {
      await runStatement(login, `DROP DATABASE IF EXISTS ${database} SYNC`);
    },
  };
}
