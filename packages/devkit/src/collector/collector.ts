import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnManaged, waitFor, type ManagedProcess } from '../process';
import { collectorBinary } from './binaries';
import { configArgs, configPaths } from './configFiles';
import { collectorPorts, localConfig, portEnvironment, type CollectorPorts } from './ports';

export interface CollectorOptions {
  /** Configs, texts or paths, merged in order. One that moves HyperDX's receivers to this collector's ports comes after them. */
  config: readonly string[];
  ports?: Partial<CollectorPorts>;
  /** Folder of its configs and log, kept after `stop`. Without it a temporary one that `stop` removes. */
  dir?: string;
  /** For the collector, besides this process's environment. */
  env?: Readonly<Record<string, string>>;
  /** Until it serves: 30 s for each exporter whose server hangs. @default 60_000 */
  startTimeoutMs?: number;
}

export interface Collector extends CollectorPorts {
  readonly dir: string;
  /** Process id, while it runs. */
  readonly pid: number | undefined;
  logs(): string;
  /** Ends it in good order: queues are flushed. */
  stop(): Promise<void>;
  /** Ends it as a crash would. */
  kill(): Promise<void>;
  /** Ends it, if it runs, and starts it again on the same configs and ports. */
  restart(): Promise<void>;
}

/** What the collector says when every receiver is open. */
const readyLine = 'Everything is ready';
/** Exporters may hold on to a queue for long. */
const stopMs = 30_000;

/**
 * Starts a collector without a supervisor, all ports on 127.0.0.1, and waits until it serves.
 *
 * @throws Error with the end of its log when it refuses the config.
 */
export async function startCollector(options: CollectorOptions): Promise<Collector> {
  const program = await collectorBinary();
  const ports = await collectorPorts(options.ports);
  const dir = options.dir ?? (await mkdtemp(join(tmpdir(), 'hyperdx-tenancy-collector-')));
  await mkdir(dir, { recursive: true });
  const paths = await configPaths([...options.config, localConfig(ports)], dir);
  const logFile = join(dir, 'collector.log');
  const logs = (): string => {
    try {
      return readFileSync(logFile, 'utf8');
    } catch {
      return '';
    }
  };
  let running: ManagedProcess | undefined;

  const start = async (): Promise<void> => {
    const earlier = logs().length;
    running = await spawnManaged({
      name: 'otelcol',
      command: program,
      args: configArgs(paths),
      env: { ...process.env, ...portEnvironment(ports), ...options.env },
      logFile,
    });
    await waitFor(() => logs().slice(earlier).includes(readyLine), {
      timeoutMs: options.startTimeoutMs ?? 60_000,
      what: 'the collector to serve',
      process: running,
    });
  };
  const removeFolder = async (): Promise<void> => {
    if (options.dir === undefined) await rm(dir, { recursive: true, force: true });
  };

  try {
    await start();
  } catch (error) {
    await running?.kill();
    await removeFolder();
    throw error;
  }
  return {
    ...ports,
    dir,
    get pid() {
      return running?.hasExited() === false ? running.pid : undefined;
    },
    logs,
    async stop() {
      await running?.stop({ graceMs: stopMs });
      await removeFolder();
    },
    async kill() {
      await running?.kill();
    },
    async restart() {
      await running?.stop({ graceMs: stopMs });
      await start();
    },
  };
}
