import { spawnSync } from 'node:child_process';
import { extname, join } from 'node:path';

/** What can be asked: whether a Docker daemon answers, what the engine of the tests can do. */
export type Question = 'docker' | 'capabilities';

/** Sources run through esbuild-register, as jest and scripts use them; a build runs as it is. */
function entry(): string[] {
  const extension = extname(__filename);
  const main = join(__dirname, `probeMain${extension}`);
  return extension === '.ts' ? ['-r', require.resolve('esbuild-register'), main] : [main];
}

/**
 * Asks in a process of its own and blocks until it answers: a test runner wants to know which tests there are before
 * anything can be awaited.
 * @throws Error with what the process said, when it fails or takes longer than `timeoutMs`.
 */
export function runProbe(question: Question, timeoutMs: number): unknown {
  const { status, stdout, stderr, error } = spawnSync(process.execPath, [...entry(), question], {
    encoding: 'utf8',
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  if (status !== 0) {
    const why = stderr.trim().slice(-2_000) || 'it said nothing';
    throw new Error(`asking for ${question} failed: ${error?.message ?? why}`);
  }
  const line = stdout.trimEnd().split('\n').at(-1) ?? '';
  return JSON.parse(line) as unknown;
}
