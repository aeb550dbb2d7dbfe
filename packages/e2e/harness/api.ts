import { randomBytes } from 'node:crypto';
import { join } from 'node:path';

import { freePort, spawnManaged, waitFor } from '@hyperdx-tenancy/devkit/process';
import type { Exit, ManagedProcess } from '@hyperdx-tenancy/devkit/process';
import { NewCollectorToken } from '@hyperdx-tenancy/domain/contracts/collectorToken';
import type { CollectorGroup } from '@hyperdx-tenancy/domain/contracts/collectorGroup';
import { TenantView } from '@hyperdx-tenancy/domain/contracts/tenant';
import type { z } from 'zod';

import { within } from './within';

const ENTRY = join(repositoryRoot(), 'packages/api/dist/index.js');
/** With ten thousand tenants on a FerretDB that has little of the machine it reads for a minute. */
const READY_TIMEOUT_MS = 120_000;
const REQUEST_TIMEOUT_MS = 120_000;

/** The root of the checkout, from the sources and from the build alike. */
export function repositoryRoot(): string {
  const [root] = __dirname.split(join('packages', 'e2e'));
  if (!root) throw new Error(`${__dirname} is not in packages/e2e`);
  return root;
}

export interface ApiOptions {
  mongoUri: string;
  clickhouse: { url: string; user: string; password: string };
  /** The exporter's endpoint for that ClickHouse. */
  collectorEndpoint: string;
  /** More variables, or others. */
  env?: Record<string, string>;
  /** Where its log goes; kept in memory without it. */
  logFile?: string;
  /** Gives up waiting for it to be ready. */
  signal?: AbortSignal | undefined;
}

/** An answer of the admin API. */
export interface ApiAnswer {
  status: number;
  body: unknown;
  headers: Headers;
}

/** The built API as a process of its own. */
export class Api {
  private process: ManagedProcess | undefined;

  private constructor(
    readonly url: string,
    readonly opampUrl: string,
    readonly doorUrl: string,
    readonly adminToken: string,
    readonly collectorToken: string,
    private readonly env: NodeJS.ProcessEnv,
    private readonly logFile: string | undefined,
  ) {}

  /** Starts it; resolves when `/ready` says so. */
  static async start(options: ApiOptions): Promise<Api> {
    const port = await freePort();
    const opampPort = await freePort();
    const doorPort = await freePort();
    const secret = (): string => randomBytes(24).toString('hex');
    const adminToken = secret();
    const collectorToken = secret();
    const api = new Api(
      `http://127.0.0.1:${port}`,
      `http://127.0.0.1:${opampPort}`,
      `http://127.0.0.1:${doorPort}`,
      adminToken,
      collectorToken,
      {
        // Only what is stated: a variable of the developer's shell must not decide a test.
        PATH: process.env['PATH'],
        NODE_ENV: 'test',
        MONGO_URI: options.mongoUri,
        CLICKHOUSE_HOST: options.clickhouse.url,
        CLICKHOUSE_USER: options.clickhouse.user,
        CLICKHOUSE_PASSWORD: options.clickhouse.password,
        CLICKHOUSE_ENDPOINT: options.collectorEndpoint,
        PORT: String(port),
        OPAMP_PORT: String(opampPort),
        TENANCY_METRICS_PORT: '0',
        TENANCY_DOOR_PORT: String(doorPort),
        // Where HyperDX finds it, whichever process of the install writes the connection.
        TENANCY_DOOR_URL: `http://127.0.0.1:${doorPort}`,
        EXPRESS_SESSION_SECRET: secret(),
        TENANCY_ACCESS_MODE: 'guard',
        TENANCY_BIND_ADDRESS: '127.0.0.1',
        TENANCY_SECRET: secret(),
        TENANCY_ADMIN_TOKEN: adminToken,
        TENANCY_COLLECTOR_TOKEN: collectorToken,
        ...options.env,
      },
      options.logFile,
    );
    try {
      await api.launch(options.signal);
    } catch (error) {
      await api.kill();
      throw error;
    }
    return api;
  }

  get pid(): number | undefined {
    return this.process?.pid;
  }

  /** The end of its log. */
  logs(): string {
    return this.process?.logTail() ?? '';
  }

  async stop(): Promise<void> {
    await this.process?.stop({ graceMs: 15_000 });
  }

  async kill(): Promise<void> {
    await this.process?.kill();
  }

  /** Resolves when the process has ended, however it did. */
  async exited(): Promise<Exit> {
    if (!this.process) throw new Error('the API was never started');
    return this.process.exited;
  }

  /** Starts it again as {@link restart} does, with more variables for this one process. */
  async restartWith(env: Record<string, string>): Promise<void> {
    await this.stop();
    await this.launch(undefined, env);
  }

  /** Starts the same API again, on the same ports with the same secrets. */
  async restart(): Promise<void> {
    await this.launch();
  }

  /** Starts a second process of the same install, on ports of its own. */
  async another(env: Record<string, string> = {}): Promise<Api> {
    const [port, opampPort, doorPort] = [await freePort(), await freePort(), await freePort()];
    const api = new Api(
      `http://127.0.0.1:${port}`,
      `http://127.0.0.1:${opampPort}`,
      `http://127.0.0.1:${doorPort}`,
      this.adminToken,
      this.collectorToken,
      {
        ...this.env,
        PORT: String(port),
        OPAMP_PORT: String(opampPort),
        TENANCY_DOOR_PORT: String(doorPort),
        ...env,
      },
      undefined,
    );
    await api.launch();
    return api;
  }

  /** Calls the admin API as the operator. */
  async call(
    method: string,
    path: string,
    body?: unknown,
    signal?: AbortSignal,
    headers: Record<string, string> = {},
  ): Promise<ApiAnswer> {
    const response = await fetch(`${this.url}/tenancy/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.adminToken}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: within(REQUEST_TIMEOUT_MS, signal),
    });
    const text = await response.text();
    return {
      status: response.status,
      body: text === '' ? undefined : (JSON.parse(text) as unknown),
      headers: response.headers,
    };
  }

  /** Makes a tenant. @throws Error with the API's answer where it refuses. */
  async createTenant(name: string, apiKey?: string, signal?: AbortSignal): Promise<TenantView> {
    return this.created(
      '/tenants',
      { name, ...(apiKey === undefined ? {} : { apiKey }) },
      TenantView,
      signal,
    );
  }

  /** Makes a collector token. @throws Error with the API's answer where it refuses. */
  async createCollectorToken(name: string, group: CollectorGroup): Promise<NewCollectorToken> {
    return this.created('/collector-tokens', { name, group }, NewCollectorToken);
  }

  private async created<Schema extends z.ZodType>(
    path: string,
    input: unknown,
    schema: Schema,
    signal?: AbortSignal,
  ): Promise<z.output<Schema>> {
    const { status, body } = await this.call('POST', path, input, signal);
    if (status !== 201) throw new Error(`POST ${path}: ${status} ${JSON.stringify(body)}`);
    return schema.parse(body);
  }

  private async launch(signal?: AbortSignal, env: Record<string, string> = {}): Promise<void> {
    const started = await spawnManaged({
      name: 'api',
      command: process.execPath,
      args: [ENTRY],
      env: { ...this.env, ...env },
      ...(this.logFile === undefined ? {} : { logFile: this.logFile }),
    });
    this.process = started;
    await waitFor(
      async () => {
        const response = await fetch(`${this.url}/ready`, {
          signal: AbortSignal.timeout(3_000),
        }).catch(() => undefined);
        return response?.status === 200;
      },
      { what: 'the API to be ready', timeoutMs: READY_TIMEOUT_MS, process: started, signal },
    );
  }
}
