import { setTimeout as sleep } from 'node:timers/promises';
import type { CommandResult } from './runCommand';

/** Tries of one `go` command in all. */
const tries = 6;

/**
 * Failures of a module proxy and of the way there. A proxy that fetches a module for the first time may answer 403, 404, 410 or
 * 5xx and have it a moment later; a compiler's error never looks like these.
 */
const transient = [
  /: 4(03|04|08|10|29) [A-Z]/,
  /: 5\d\d [A-Z]/,
  /\b(TLS handshake|i\/o) timeout\b/,
  /\b(connection (reset|refused)|unexpected EOF|no such host|server misbehaving)\b/,
  /\bcontext deadline exceeded\b/,
  /\bstream error\b/,
];

/** Whether a failed `go` command failed to fetch modules, so that another try may succeed. */
export function isTransient(output: string): boolean {
  return transient.some((pattern) => pattern.test(output));
}

export interface RetryOptions {
  onRetry?: (attempt: number) => void;
  /** Milliseconds before the second try; doubled each time, with jitter. @default 1000 */
  firstDelayMs?: number;
}

/** Runs a `go` command again, a bounded number of times, while it fails to fetch modules. */
export async function retryingModules(
  run: () => Promise<CommandResult>,
  { onRetry, firstDelayMs = 1_000 }: RetryOptions = {},
): Promise<CommandResult> {
  for (let attempt = 1; ; attempt++) {
    const result = await run();
    if (result.code === 0 || result.timedOut) return result;
    if (attempt === tries || !isTransient(result.output)) return result;
    onRetry?.(attempt);
    await sleep(firstDelayMs * 2 ** (attempt - 1) * (0.5 + Math.random()));
  }
}
