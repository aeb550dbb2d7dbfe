import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { bootstrapConfig, startCollector } from '@hyperdx-tenancy/devkit/collector';
import type { Collector } from '@hyperdx-tenancy/devkit/collector';
import { freePort, waitFor } from '@hyperdx-tenancy/devkit/process';
import { buildSharedConfig } from '@hyperdx-tenancy/domain/collector';

import type { BareTenant } from './collectorTenants';

/** Where queues are: in the collector's memory, or in files on its volume. */
export type Queues = 'memory' | 'disk';

export interface SharedCollectorOptions {
  queues: Queues;
  /** MiB; the rest of the platform's defaults follow from it. */
  memoryLimitMiB?: number;
  /** MiB of one tenant's queue of one signal. */
  queueMiB?: number;
}

/** A collector without a supervisor that many tenants share, on a config of the product's own builder. */
export interface SharedCollector {
  /** Its OTLP/HTTP address, known and the same before it starts and after it restarts. */
  readonly endpoint: string;
  /** Host and port of OTLP/gRPC. */
  readonly grpcAddress: string;
  readonly pid: number | undefined;
  logs(): string;
  /** Starts it with these tenants; resolves when it serves. */
  start(tenants: readonly BareTenant[]): Promise<void>;
  /** Gives it a config with these tenants in place, on SIGHUP, as a supervisor does; resolves when it serves again. */
  reload(tenants: readonly BareTenant[]): Promise<void>;
  /**
   * Ends it in good order and starts it again; resolves when it serves.
   * @param graceMs kills it then, as a supervisor does after 10 s; by default it may take what it needs to flush its queues.
   */
  restart(graceMs?: number): Promise<void>;
  stop(): Promise<void>;
}

/** Until a start, an end or a reload counts as failed; a tenant whose ClickHouse hangs may hold it up. */
const PATIENCE_MS = 110_000;
const READY = 'Everything is ready';
/** A key of the right form that nobody has. */
const PLACEHOLDER = 'placeholder-that-nobody-has';

/** Prepares a collector; nothing runs before `start`. */
export async function prepareCollector(options: SharedCollectorOptions): Promise<SharedCollector> {
  const folder = await mkdtemp(join(tmpdir(), 'collector-scenario-'));
  const volume = join(folder, 'volume');
  await mkdir(volume);
  const configFile = join(folder, 'offered.yaml');
  const [httpPort, grpcPort] = [await freePort(), await freePort()];
  let collector: Collector | undefined;

  const offer = async (tenants: readonly BareTenant[]): Promise<void> => {
    const { body, leftOut } = buildSharedConfig({
      teams: tenants.map(({ team }) => team),
      placeholderToken: PLACEHOLDER,
      ...(options.queues === 'disk' && {
        storage: { extension: 'file_storage', directory: volume },
      }),
      ...(options.memoryLimitMiB !== undefined && { memoryLimitMiB: options.memoryLimitMiB }),
      ...(options.queueMiB !== undefined && { queueMiB: options.queueMiB }),
    });
    if (leftOut.length > 0) throw new Error(`left out: ${JSON.stringify(leftOut)}`);
    await writeFile(`${configFile}.new`, body, { mode: 0o600 });
    // At once: a collector that restarts by itself never reads half of it.
    await rename(`${configFile}.new`, configFile);
  };
  const logs = (): string => collector?.logs() ?? '';
  const signal = (name: NodeJS.Signals): void => {
    const pid = collector?.pid;
    if (pid === undefined) throw new Error('the collector does not run');
    process.kill(pid, name);
  };
  const running_ = {
    hasExited: () => collector?.pid === undefined,
    logTail: () => logs().slice(-2_000),
  };
  /** Ends it in good order. */
  const end = async (graceMs: number | undefined): Promise<void> => {
    signal('SIGTERM');
    const ended = waitFor(() => collector?.pid === undefined, {
      what: 'the collector to end',
      timeoutMs: graceMs ?? PATIENCE_MS,
      intervalMs: 20,
    });
    if (graceMs === undefined) await ended;
    else await ended.catch(() => collector?.kill());
  };

  return {
    endpoint: `http://127.0.0.1:${httpPort}`,
    grpcAddress: `127.0.0.1:${grpcPort}`,
    get pid() {
      return collector?.pid;
    },
    logs,
    async start(tenants) {
      await offer(tenants);
      collector = await startCollector({
        config: [bootstrapConfig, configFile],
        dir: folder,
        ports: { httpPort, grpcPort },
        startTimeoutMs: PATIENCE_MS,
      });
    },
    async reload(tenants) {
      await offer(tenants);
      const earlier = logs().length;
      signal('SIGHUP');
      await waitFor(() => logs().slice(earlier).includes(READY), {
        what: 'the collector to serve with the new config',
        timeoutMs: PATIENCE_MS,
        intervalMs: 20,
        process: running_,
      });
    },
    async restart(graceMs) {
      await end(graceMs);
      await collector?.restart();
    },
    async stop() {
      // What it holds is accounted for before.
      await collector?.kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
