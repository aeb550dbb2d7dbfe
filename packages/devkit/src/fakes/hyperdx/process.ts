import { extname, join } from 'node:path';
import { freePort, spawnManaged, waitFor } from '../../process';
import type { HyperdxOptions } from './server';

/** The variable that carries the options: arguments would show the secret to everyone. */
export const optionsVariable = 'DEVKIT_HYPERDX';

const START_TIMEOUT_MS = 30_000;

/** The stand-in as a process of its own. */
export interface HyperdxProcess {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  stop(): Promise<void>;
}

/** Sources run through esbuild-register, as jest and scripts use them; a build runs as it is. */
function entry(): string[] {
  const extension = extname(__filename);
  const main = join(__dirname, `main${extension}`);
  return extension === '.ts' ? ['-r', require.resolve('esbuild-register'), main] : [main];
}

/**
 * Starts the stand-in as a process, which ends with this one.
 * @throws Error with the tail of its log where it does not start.
 */
export async function spawnHyperdx(options: HyperdxOptions): Promise<HyperdxProcess> {
  const port = options.port ?? (await freePort());
  const url = `http://127.0.0.1:${port}`;
  const child = await spawnManaged({
    name: 'the stand-in for HyperDX',
    command: process.execPath,
    args: entry(),
    env: { PATH: process.env['PATH'], [optionsVariable]: JSON.stringify({ ...options, port }) },
  });
  try {
    await waitFor(
      async () => (await fetch(`${url}/health`, { signal: AbortSignal.timeout(3_000) })).ok,
      { what: `the stand-in to answer on ${url}`, timeoutMs: START_TIMEOUT_MS, process: child },
    );
  } catch (error) {
    await child.kill();
    throw error;
  }
  return {
    url,
    port,
    pid: child.pid,
    async stop() {
      await child.stop();
    },
  };
}
