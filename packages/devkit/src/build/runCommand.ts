import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface CommandOptions {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  /** Milliseconds after which the command and its children are ended. */
  timeoutMs: number;
  /** Told each line of output as it comes. */
  onLine?: ((line: string) => void) | undefined;
}

export interface CommandResult {
  /** Exit code; null when a signal or the time limit ended the command. */
  code: number | null;
  /** The last lines of what it wrote to stdout and stderr. */
  output: string;
  timedOut: boolean;
}

/** Lines of output that are kept. */
const kept = 200;

/**
 * Runs a command to its end, within a time.
 *
 * @throws Error (code ENOENT) when there is no such program.
 */
export function runCommand(
  command: string,
  args: readonly string[],
  options: CommandOptions,
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    // A group of its own, so that the time limit also ends the compilers that `go` starts.
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const lines: string[] = [];
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        lines.push(line);
        if (lines.length > kept) lines.shift();
        options.onLine?.(line);
      });
    }
    const end = () => {
      if (child.pid === undefined || child.exitCode !== null) return;
      try {
        process.kill(-child.pid, 'SIGKILL');
      } catch {
        // It ended in between.
      }
    };
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      end();
    }, options.timeoutMs);
    // A build goes with the process that wanted it; one that is killed outright leaves a temporary folder, swept by the next.
    process.once('exit', end);
    const settle = () => {
      clearTimeout(timer);
      process.off('exit', end);
    };
    child.once('error', (error) => {
      settle();
      reject(error);
    });
    child.once('close', (code) => {
      settle();
      resolve({ code, output: lines.join('\n'), timedOut });
    });
  });
}
