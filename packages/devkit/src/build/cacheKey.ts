import { createHash } from 'node:crypto';
import type { Native } from './natives';

/** A file of a manifest folder. */
export interface ManifestFile {
  readonly name: string;
  readonly content: string;
}

export interface Platform {
  /** As Go spells it: linux, darwin. */
  readonly os: string;
  /** As Go spells it: amd64, arm64. */
  readonly arch: string;
}

/** Go's names for the machine that this process runs on. */
export function hostPlatform(os: string = process.platform, arch: string = process.arch): Platform {
  return { os, arch: arch === 'x64' ? 'amd64' : arch };
}

/**
 * The file name under which a build is cached: it changes with everything that goes into the program, so that a cached one is
 * never out of date.
 */
export function cacheKey(
  native: Native,
  files: readonly ManifestFile[],
  platform: Platform,
): string {
  const sorted = files.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const hash = createHash('sha256')
    .update(JSON.stringify([native.version, native.steps, platform.os, platform.arch]))
    .update(JSON.stringify(sorted.map(({ name, content }) => [name, content])))
    .digest('hex');
  return `${native.binary}-${native.version}-${platform.os}-${platform.arch}-${hash.slice(0, 16)}`;
}
