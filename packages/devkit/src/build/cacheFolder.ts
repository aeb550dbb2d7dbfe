import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/**
 * Where the devkit keeps what is slow to make: `HYPERDX_TENANCY_CACHE`, else `$XDG_CACHE_HOME/hyperdx-tenancy`, else
 * `~/.cache/hyperdx-tenancy`. It may be deleted at any time. Blank variables count as unset.
 */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  const own = env['HYPERDX_TENANCY_CACHE'];
  if (own) return resolve(own);
  const base = env['XDG_CACHE_HOME'];
  return join(base ? resolve(base) : join(homedir(), '.cache'), 'hyperdx-tenancy');
}
