import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { unwatch, watch } from './guard';
import { tailOfFile, tailOfStreams, type LogTail } from './logTail';

export interface SpawnOptions {
  /** How errors name the process: "mongod". */
  name: string;
  command: string;
  args?: readonly string[];
  /** The child's whole environment; this process's own when unset. */
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  /** Appended to with stdout and stderr. Without it the last 16 KiB are kept in memory. */
  logFile?: string;
  /** Opens an IPC channel and hands on what the child (a Node program) sends. */
  onMessage?: (message: unknown) => void;
}

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export interface ManagedProcess {
  readonly name: string;
  readonly pid: number;
  /** Settles when the process has ended; never rejects. */
  readonly exited: Promise<Exit>;
  hasExited(): boolean;
  /** The end of what the process wrote, for error messages. */
  logTail(): string;
  /** SIGTERM, then SIGKILL after `graceMs` (default 5,000); resolves when the process is gone. Idempotent. */
  stop(options?: { graceMs?: number }): Promise<Exit>;
  /** SIGKILL for the process and its group; resolves when the process is gone. */
  kill(): Promise<Exit>;
}

/** Signals the whole group, since a child may have children; a group that is gone is what was wanted. */
function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function started(child: ChildProcess, name: string): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('spawn', () => resolve(child.pid ?? 0));
    child.once('error', (cause) => reject(new Error(`${name} did not start`, { cause })));
  });
}

function launch(options: SpawnOptions): { child: ChildProcess; logTail: LogTail } {
  const log = options.logFile === undefined ? undefined : openSync(options.logFile, 'a');
  const output = log ?? 'pipe';
  const stdio: StdioOptions = ['ignore', output, output];
  if (options.onMessage) stdio.push('ipc');
  try {
    const child = spawn(options.command, options.args ?? [], {
      stdio,
      detached: true,
      env: options.env ?? process.env,
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    });
    const streams = [child.stdout, child.stderr].filter((s): s is Readable => s !== null);
    const logTail =
      options.logFile === undefined ? tailOfStreams(streams) : tailOfFile(options.logFile);
    return { child, logTail };
  } finally {
    if (log !== undefined) closeSync(log);
  }
}

/**
 * Starts a program in a process group of its own that does not outlive this process, however this process ends.
 *
 * @throws Error when the program cannot be started (not found, not executable).
 */
export async function spawnManaged(options: SpawnOptions): Promise<ManagedProcess> {
  const { child, logTail } = launch(options);
  const { name, onMessage } = options;
  let ended = false;
  const exited = new Promise<Exit>((resolve) => {
    child.once('exit', (code, signal) => {
      ended = true;
      if (child.pid !== undefined) unwatch(child.pid);
      resolve({ code, signal });
    });
  });
  if (onMessage) child.on('message', onMessage);
  const pid = await started(child, name);
  // A later failure to signal or to send is reported by the call that caused it.
  child.on('error', () => undefined);
  if (!child.killed && child.exitCode === null && child.signalCode === null) watch(pid);

  const end = (signal: NodeJS.Signals): void => {
    if (!ended) signalGroup(pid, signal);
  };
  const kill = (): Promise<Exit> => {
    end('SIGKILL');
    return exited;
  };
  return {
    name,
    pid,
    exited,
    hasExited: () => ended,
    logTail,
    kill,
    async stop({ graceMs = 5_000 } = {}) {
      end('SIGTERM');
      const timer = setTimeout(() => end('SIGKILL'), graceMs);
      try {
        return await exited;
      } finally {
        clearTimeout(timer);
      }
    },
  };
}
