import { readFileSync, statSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cacheFolder, withFileLock } from '../build';
import { spawnManaged, waitFor, type ManagedProcess } from '../process';
import { collectorBinary, supervisorBinary } from './binaries';
import {
  agentProgram,
  bootstrapConfig,
  emptyConfig,
  idleConfig,
  supervisorConfig,
} from './configFiles';
import { collectorPorts, localConfig, portEnvironment, type CollectorPorts } from './ports';
import { endGroup } from './processGroup';

export interface SupervisorOptions {
  /** Base of the OpAMP server, `/v1/opamp` is appended: http://127.0.0.1:4320, ws://..., http://127.0.0.1:4320/t/<token>. */
  opampUrl: string;
  /** Sent with each request or upgrade. */
  headers?: Readonly<Record<string, string>>;
  /** Folder of its state, configs and log, kept after `stop`. Without it a temporary one that `stop` removes. */
  dir?: string;
  ports?: Partial<CollectorPorts>;
  /**
   * As the supervisor in HyperDX's image is set: a config is not validated before it is tried, the collector is restarted for it
   * instead of reloaded, the verdict comes after five seconds, and until the first offer the collector crashes.
   */
  stock?: boolean;
  /**
   * Queues that an offer keeps on a volume are in the collector's own folder, whatever directory the offer names: so several
   * collectors of one group run on one machine. @default false
   */
  ownVolume?: boolean;
  /** Seconds after which a config is reported as applied or failed. @default 60, as in docker/collector; 5 when stock */
  configApplyTimeoutSeconds?: number;
  /** For the supervisor and its collector, besides this process's environment. */
  env?: Readonly<Record<string, string>>;
}

export interface WaitLimit {
  /** @default 60_000 */
  timeoutMs?: number;
}

export interface Supervisor extends CollectorPorts {
  readonly dir: string;
  /** Process id of the supervisor, while it runs. */
  readonly pid: number | undefined;
  /** All that supervisor and collector have said since the first start. */
  logs(): string;
  /** The config that the supervisor last merged for its collector; '' before there is one. */
  effectiveConfig(): string;
  /** Resolves when the collector serves with a merged config that matches: contains the text, or passes the test. */
  waitForConfig(match: string | ((config: string) => boolean), limit?: WaitLimit): Promise<void>;
  /** Resolves when the collector's health check answers 200: so does that of a collector that idles before the first offer. */
  waitForHealthy(limit?: WaitLimit): Promise<void>;
  /** Ends supervisor and collector in good order. */
  stop(): Promise<void>;
  /** Ends both as a crash of the machine would. */
  kill(): Promise<void>;
  /** Ends both, if they run, and starts them again on the same state and ports. */
  restart(): Promise<void>;
}

/** The supervisor gives its collector ten seconds to end. */
const stopMs = 20_000;
const startMs = 60_000;
const waitMs = 60_000;
/** Until those have started that want to at the same time: a dozen on a busy machine. */
const turnMs = 240_000;

/**
 * Runs `start` while no other supervisor of this machine starts. Each runs its collector at first, to learn what it is, with a
 * config that nobody can change and that serves metrics on 8888: with two at once, one fails.
 */
function inTurn(start: () => Promise<void>): Promise<void> {
  return withFileLock(join(cacheFolder(), 'supervisor.lock'), start, { timeoutMs: turnMs });
}

const stockEnvironment = {
  OTELCOL_IDLE_CONFIG: emptyConfig,
  SUPERVISOR_VALIDATE_CONFIG: 'false',
  SUPERVISOR_HUP_RELOAD: 'false',
  SUPERVISOR_CONFIG_APPLY_TIMEOUT: '5s',
} as const;

/** What fills in `docker/collector/supervisor.yaml`. */
export function supervisorEnvironment(
  options: SupervisorOptions,
  { dir, ports, executable }: { dir: string; ports: CollectorPorts; executable: string },
): Record<string, string> {
  const headers = Object.entries(options.headers ?? {}).map(([name, value]) => [name, [value]]);
  const seconds = options.configApplyTimeoutSeconds;
  return {
    OPAMP_SERVER_URL: options.opampUrl.replace(/\/+$/, ''),
    ...(headers.length === 0 ? {} : { OPAMP_HEADERS: JSON.stringify(Object.fromEntries(headers)) }),
    OTELCOL_EXECUTABLE: executable,
    SUPERVISOR_AGENT: options.stock ? executable : agentProgram,
    OTELCOL_IDLE_CONFIG: idleConfig,
    OTELCOL_BOOTSTRAP_CONFIG: bootstrapConfig,
    OTELCOL_LOCAL_CONFIG: join(dir, 'local.yaml'),
    SUPERVISOR_STORAGE: join(dir, 'storage'),
    // Below that it does not say when it starts its collector.
    SUPERVISOR_LOG_LEVEL: 'debug',
    ...portEnvironment(ports),
    ...(options.stock ? stockEnvironment : {}),
    ...(seconds === undefined ? {} : { SUPERVISOR_CONFIG_APPLY_TIMEOUT: `${seconds}s` }),
    ...options.env,
  };
}

/** Whether the `health_check` extension says that the collector's pipelines have started. */
async function isHealthy(port: number): Promise<boolean> {
  const response = await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(2_000) });
  return response.ok;
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/**
 * Whether the collector serves with a config that was written at `writtenMs`, by what supervisor and collector have logged since:
 * a process that was started or told to read its config again, and has then opened its receivers. That it is healthy says less:
 * it was so with the config before.
 */
export function servesSince(log: string, writtenMs: number): boolean {
  const lines = log.split('\n');
  const read = lines.findLastIndex(
    (line) => line.includes('Agent process started') || line.includes('Config updated, restart'),
  );
  const seconds = /"ts":(\d+(?:\.\d+)?)/.exec(lines[read] ?? '')?.[1];
  if (seconds === undefined || Number(seconds) * 1_000 < writtenMs) return false;
  return lines.slice(read).some((line) => line.includes('Everything is ready'));
}

function writtenAt(path: string): number {
  return statSync(path).mtimeMs;
}

/**
 * Starts an OpAMP supervisor with a real collector under it, from the files in `docker/collector`, all ports on 127.0.0.1.
 * Resolves when the supervisor has learned about its collector and polls; what the server offers comes after that.
 *
 * @throws Error with the end of the log when it ends before.
 */
export async function startSupervisor(options: SupervisorOptions): Promise<Supervisor> {
  const [program, executable] = [await supervisorBinary(), await collectorBinary()];
  const ports = await collectorPorts(options.ports);
  const dir = options.dir ?? (await mkdtemp(join(tmpdir(), 'hyperdx-tenancy-supervisor-')));
  await mkdir(dir, { recursive: true });
  const volume = options.ownVolume ? join(dir, 'queues') : undefined;
  await writeFile(join(dir, 'local.yaml'), localConfig(ports, volume));
  const logFile = join(dir, 'supervisor.log');
  const logs = () => readText(logFile);
  const effectivePath = join(dir, 'storage', 'effective.yaml');
  const effectiveConfig = () => readText(effectivePath);
  let running: ManagedProcess | undefined;

  const launch = async (): Promise<void> => {
    const earlier = logs().length;
    running = await spawnManaged({
      name: 'opampsupervisor',
      command: program,
      args: ['--config', supervisorConfig],
      env: { ...process.env, ...supervisorEnvironment(options, { dir, ports, executable }) },
      logFile,
    });
    await waitFor(() => logs().slice(earlier).includes('Supervisor starting'), {
      timeoutMs: startMs,
      what: 'the supervisor to start',
      process: running,
    });
  };
  const start = (): Promise<void> => inTurn(launch);
  const end = async (): Promise<void> => {
    if (!running) return;
    if (!running.hasExited()) {
      // The one signal it handles; on any other it leaves its collector behind.
      process.kill(running.pid, 'SIGINT');
      const late = setTimeout(() => void running?.kill(), stopMs);
      await running.exited;
      clearTimeout(late);
    }
    await endGroup(running.pid, 'politely');
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
  const wait = async (
    what: string,
    predicate: () => boolean | Promise<boolean>,
    limit: WaitLimit = {},
  ): Promise<void> => {
    await waitFor(predicate, {
      timeoutMs: limit.timeoutMs ?? waitMs,
      what,
      ...(running ? { process: running } : {}),
    });
  };
  return {
    ...ports,
    dir,
    get pid() {
      return running?.hasExited() === false ? running.pid : undefined;
    },
    logs,
    effectiveConfig,
    async waitForConfig(match, limit) {
      const test = typeof match === 'string' ? (text: string) => text.includes(match) : match;
      await wait(
        'the offered config to be served',
        () => test(effectiveConfig()) && servesSince(logs(), writtenAt(effectivePath)),
        limit,
      );
    },
    async waitForHealthy(limit) {
      await wait('the collector to be healthy', () => isHealthy(ports.healthPort), limit);
    },
    async stop() {
      await end();
      await removeFolder();
    },
    async kill() {
      if (!running) return;
      await running.kill();
      await endGroup(running.pid, 'at once');
    },
    async restart() {
      await end();
      await start();
    },
  };
}
