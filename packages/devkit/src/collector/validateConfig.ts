import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from '../build';
import { collectorBinary } from './binaries';
import { configArgs, configPaths } from './configFiles';

export type Validation = { ok: true } | { ok: false; message: string };

export interface ValidateOptions {
  /** What `${env:NAME}` stands for in the configs, besides this process's environment. */
  env?: Readonly<Record<string, string>>;
}

/** Ends a collector that hangs on a config, milliseconds; one of a thousand tenants takes seconds to be judged. */
const timeoutMs = 60_000;

/**
 * Asks the collector whether it would start with these configs, texts or paths, merged in order.
 *
 * The collector replaces lists when it merges, the supervisor joins those of `service.extensions`: two configs that both state
 * them are judged with the last one's alone.
 */
export async function validateConfig(
  configs: readonly string[],
  { env = {} }: ValidateOptions = {},
): Promise<Validation> {
  const program = await collectorBinary();
  const folder = await mkdtemp(join(tmpdir(), 'hyperdx-tenancy-validate-'));
  try {
    const paths = await configPaths(configs, folder);
    const result = await runCommand(program, ['validate', ...configArgs(paths)], {
      env: { ...process.env, ...env },
      timeoutMs,
    });
    if (result.code === 0) return { ok: true };
    const reason = result.timedOut ? `no verdict within ${timeoutMs} ms` : result.output.trim();
    return { ok: false, message: reason };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
