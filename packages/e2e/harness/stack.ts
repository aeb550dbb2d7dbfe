import { startClickHouse } from '@hyperdx-tenancy/devkit/clickhouse';
import type { ClickHouseServer } from '@hyperdx-tenancy/devkit/clickhouse';
import { startSupervisor } from '@hyperdx-tenancy/devkit/collector';
import type { Supervisor, SupervisorOptions } from '@hyperdx-tenancy/devkit/collector';
import { openMongo } from '@hyperdx-tenancy/devkit/mongo';
import type { Mongo } from '@hyperdx-tenancy/devkit/mongo';
import { waitFor } from '@hyperdx-tenancy/devkit/process';

import { Api } from './api';
import { startFickleTarget } from './collectorTarget';
import type { FickleTarget } from './collectorTarget';
import { keyIsKnown } from './sender';
import { Store } from './store';

/** ClickHouse, MongoDB and the API, as processes of their own. */
export interface Backend {
  clickhouse: ClickHouseServer;
  mongo: Mongo;
  api: Api;
  store: Store;
  /** What the API and the collectors reach ClickHouse by, where that was asked for; the store does not. */
  target?: FickleTarget;
  stop(): Promise<void>;
}

export interface BackendOptions {
  /** Told what is being done. */
  progress?: (line: string) => void;
  /** More variables of the API. */
  env?: Record<string, string>;
  /** ClickHouse keeps users, and each tenant has its own. @default false: access mode `guard` */
  users?: boolean;
  /** Where the API's log goes; its end is kept in memory without it. */
  apiLogFile?: string;
  /** ClickHouse can fall ill for the API and the collectors. @default false */
  fickle?: boolean;
  /** More parameters of the exporters' endpoint. */
  endpointParameters?: Readonly<Record<string, string>>;
  /** Ends the start between two of its parts, and the wait for the API at once. */
  signal?: AbortSignal;
}

/** Runs clean-ups in reverse order, all of them, and then throws the first fault. */
async function unwind(cleanUps: (() => Promise<unknown>)[]): Promise<void> {
  const faults: unknown[] = [];
  for (const cleanUp of cleanUps.toReversed()) {
    await cleanUp().catch((error: unknown) => faults.push(error));
  }
  if (faults.length > 0) throw faults[0];
}

/** Starts the backend; what has started is ended again where a later part fails. */
export async function startBackend(options: BackendOptions = {}): Promise<Backend> {
  const { progress = (): void => undefined, signal } = options;
  const cleanUps: (() => Promise<unknown>)[] = [];
  try {
    progress('starting ClickHouse (embedded)');
    const clickhouse = await startClickHouse({
      password: 'clickhouse',
      users: options.users ?? false,
    });
    cleanUps.push(() => clickhouse.stop());
    signal?.throwIfAborted();
    progress('starting MongoDB');
    const mongo = await openMongo({ log: progress });
    cleanUps.push(() => mongo.stop());
    signal?.throwIfAborted();
    progress(`MongoDB: ${mongo.how}`);
    const store = new Store({
      url: clickhouse.url,
      username: clickhouse.user,
      password: clickhouse.password,
    });
    cleanUps.push(() => store.close());
    const target = options.fickle === true ? await startFickleTarget(clickhouse) : undefined;
    if (target) cleanUps.push(() => target.close());
    const url = target ? `http://127.0.0.1:${target.port}` : clickhouse.url;
    progress('starting the API');
    const parameters = new URLSearchParams({ compress: 'none', ...options.endpointParameters });
    const api = await Api.start({
      mongoUri: mongo.uri,
      clickhouse: { ...clickhouse, url },
      // The embedded engine speaks ClickHouse's HTTP interface only.
      collectorEndpoint: `${url}?${parameters.toString()}`,
      env: { ...(options.users ? { TENANCY_ACCESS_MODE: 'grants' } : {}), ...options.env },
      ...(options.apiLogFile === undefined ? {} : { logFile: options.apiLogFile }),
      signal,
    });
    cleanUps.push(() => api.stop());
    return {
      clickhouse,
      mongo,
      api,
      store,
      ...(target ? { target } : {}),
      stop: () => unwind(cleanUps),
    };
  } catch (error) {
    await unwind(cleanUps);
    throw error;
  }
}

/** A collector under its supervisor that gets its config from the API. */
export interface Collector {
  supervisor: Supervisor;
  /** Its OTLP/HTTP address. */
  endpoint: string;
  /** Resolves when these keys are let in. */
  knows(keys: readonly string[], timeoutMs?: number, signal?: AbortSignal): Promise<void>;
  stop(): Promise<void>;
}

/** How long a supervisor may take to fetch a config and bring its collector up with it. */
const CONFIG_TIMEOUT_MS = 60_000;

/**
 * @param opampUrl the OpAMP server's base; `ws:` in place of `http:` for a connection that stays.
 * @param token what opens the group's config.
 * @param tokenIn where it travels: HyperDX's collector image can be given a URL alone, so only the path.
 * @param options how its supervisor is set up.
 */
export async function startManagedCollector(
  opampUrl: string,
  token: string,
  tokenIn: 'header' | 'path' = 'header',
  options: Pick<SupervisorOptions, 'stock' | 'ownVolume' | 'env' | 'dir' | 'ports'> = {},
): Promise<Collector> {
  const supervisor = await startSupervisor({
    ...options,
    ...(tokenIn === 'path'
      ? { opampUrl: `${opampUrl}/t/${token}` }
      : { opampUrl, headers: { Authorization: `Bearer ${token}` } }),
  });
  const endpoint = `http://127.0.0.1:${supervisor.httpPort}`;
  return {
    supervisor,
    endpoint,
    async knows(keys, timeoutMs = CONFIG_TIMEOUT_MS, signal) {
      const unknown = new Set(keys);
      await waitFor(
        async () => {
          for (const key of unknown) {
            if (!(await keyIsKnown(endpoint, key, signal))) return false;
            unknown.delete(key);
          }
          return true;
        },
        {
          what: `the collector to let in ${keys.length} keys`,
          timeoutMs,
          intervalMs: 100,
          process: { hasExited: () => false, logTail: () => supervisor.logs() },
          signal,
        },
      );
    },
    stop: () => supervisor.stop(),
  };
}
