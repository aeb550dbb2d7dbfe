import { existsSync, mkdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { freePort, spawnManaged, waitFor, type ManagedProcess } from '../process';
import { configVariable, isReady, type ChildConfig } from './childConfig';

export interface ClickHouseOptions {
  /** Kept when the server stops. @default a temporary directory, removed by `stop` */
  dataDir?: string;
  /** @default a free one */
  port?: number;
  /** @default 'default' */
  user?: string;
  /** @default '' (any password will do) */
  password?: string;
  /** Made when missing; `client()` names it. @default 'default' */
  database?: string;
  /**
   * Carries out CREATE USER, GRANT and their like for `user`, its administrator, and holds every other user to what it
   * was granted. That is this front's work and not the engine's: see `access/accessControl.ts` for what it is worth.
   * @default false
   */
  users?: boolean;
  /** A server configuration for the engine, in XML: users with grants, profiles. */
  usersConfig?: string;
  /** Where the process's output goes. @default kept in memory for error messages */
  logFile?: string;
  /** Queries that run at once; more wait. @default 16 */
  maxConcurrentQueries?: number;
  /** The largest request body, after decompression, in bytes. @default 256 MiB */
  maxBodyBytes?: number;
  /** Until it answers, at each start: opening a data directory with thousands of tables takes a while on a busy machine. @default 120_000 */
  startTimeoutMs?: number;
}

/** The part of `@clickhouse/client`'s options that says where and who. */
export interface ClientOptions {
  url: string;
  username: string;
  password: string;
  database: string;
}

export interface ClickHouseServer {
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  readonly dataDir: string;
  /** The engine's version, as `SELECT version()` answers it. */
  readonly version: string;
  /** The process that serves now. */
  readonly pid: number;
  /** Options for `createClient`. */
  client(): ClientOptions;
  /** SIGKILL, as a crash; the data stay. */
  kill(): Promise<void>;
  /** Ends the server, and removes its data directory if it made it. Idempotent. */
  stop(): Promise<void>;
  /** Starts again on the same port and data, after `kill` or `stop`, or ends the running process first. */
  restart(): Promise<void>;
}

const host = '127.0.0.1';

const defaultStartTimeoutMs = 120_000;

/** Sources run through esbuild-register, as jest and scripts use them; a build runs as it is. */
function entry(): string[] {
  const extension = extname(__filename);
  const main = join(__dirname, `main${extension}`);
  return extension === '.ts' ? ['-r', require.resolve('esbuild-register'), main] : [main];
}

async function startProcess(
  config: ChildConfig,
  { logFile, startTimeoutMs = defaultStartTimeoutMs }: ClickHouseOptions,
): Promise<{ process: ManagedProcess; version: string }> {
  let version: string | undefined;
  const child = await spawnManaged({
    name: 'ClickHouse',
    command: process.execPath,
    args: entry(),
    env: {
      ...process.env,
      // The engine takes a thread of this pool for as long as a query runs, and file operations need some too.
      UV_THREADPOOL_SIZE: String(config.maxConcurrentQueries + 8),
      NODE_OPTIONS: '',
      [configVariable]: JSON.stringify(config),
    },
    ...(logFile === undefined ? {} : { logFile }),
    onMessage: (message) => {
      if (isReady(message)) version = message.ready.version;
    },
  });
  try {
    const ready = await waitFor(() => version, {
      timeoutMs: startTimeoutMs,
      what: `ClickHouse to listen on ${host}:${config.port}`,
      intervalMs: 10,
      process: child,
    });
    return { process: child, version: ready };
  } catch (error) {
    await child.kill();
    throw error;
  }
}

async function createDatabase(url: string, options: ClientOptions): Promise<void> {
  const name = options.database.replace(/[\\`]/g, '\\$&');
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'X-ClickHouse-User': options.username, 'X-ClickHouse-Key': options.password },
    body: `CREATE DATABASE IF NOT EXISTS \`${name}\``,
    signal: AbortSignal.timeout(30_000),
  });
  if (!answer.ok) throw new Error(`cannot create ${options.database}: ${await answer.text()}`);
}

/**
 * Starts a ClickHouse server without Docker: ClickHouse's own engine (the `chdb` package) in a process of its own, behind
 * ClickHouse's HTTP interface on 127.0.0.1. It ends with this process, however this process ends.
 *
 * @throws Error with the tail of the process's log when it does not start.
 */
export async function startClickHouse(options: ClickHouseOptions = {}): Promise<ClickHouseServer> {
  const tempDir = await mkdtemp(join(tmpdir(), 'devkit-clickhouse-'));
  const dataDir = options.dataDir ?? join(tempDir, 'data');
  const config: ChildConfig = {
    dataDir,
    tempDir: join(tempDir, 'run'),
    abandonedDir: tempDir,
    port: options.port ?? (await freePort()),
    user: options.user ?? 'default',
    password: options.password ?? '',
    users: options.users ?? false,
    configFile: options.usersConfig,
    maxConcurrentQueries: options.maxConcurrentQueries ?? 16,
    maxBodyBytes: options.maxBodyBytes ?? 256 * 1024 * 1024,
  };
  const { port, user, password } = config;
  const url = `http://${host}:${port}`;
  const client: ClientOptions = {
    url,
    username: user,
    password,
    database: options.database ?? 'default',
  };

  const start = async (): ReturnType<typeof startProcess> => {
    if (!existsSync(dataDir)) mkdirSync(dataDir, { recursive: true });
    // Pipes and files of a process that was killed.
    await rm(config.tempDir, { recursive: true, force: true });
    mkdirSync(config.tempDir, { recursive: true });
    const started = await startProcess(config, options);
    if (client.database !== 'default') await createDatabase(url, client);
    return started;
  };
  const cleanUp = (): Promise<void> => rm(tempDir, { recursive: true, force: true });

  let running = await start().catch(async (error: unknown) => {
    await cleanUp();
    throw error;
  });
  return {
    url,
    host,
    port,
    user,
    password,
    dataDir,
    database: client.database,
    get version() {
      return running.version;
    },
    get pid() {
      return running.process.pid;
    },
    client: () => ({ ...client }),
    async kill() {
      await running.process.kill();
    },
    async stop() {
      await running.process.stop();
      await cleanUp();
    },
    async restart() {
      await running.process.stop();
      running = await start();
    },
  };
}
