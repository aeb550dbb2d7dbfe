import { closeSync, fsyncSync, openSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';

import { CliError } from './exitCodes';

const OWNER_ONLY = 0o600;

function unusable(path: string, cause: unknown): CliError {
  const exists = (cause as NodeJS.ErrnoException).code === 'EEXIST';
  const why = exists ? 'exists already' : 'cannot be written';
  return new CliError('usage', `--output: ${path} ${why}.`, 'usage', { cause });
}

/** A new file: one that exists may be readable by others, or be a link to elsewhere. */
function open(path: string, named: string): number {
  try {
    return openSync(path, 'wx', OWNER_ONLY);
  } catch (cause) {
    throw unusable(named, cause);
  }
}

/** Puts a file in another's place in one step; a link there is replaced, not followed. */
function replace(path: string, from: string): void {
  try {
    renameSync(from, path);
  } catch (cause) {
    throw unusable(path, cause);
  }
}

/**
 * Writes a secret into a new file that only its owner may read. The file is there before the secret is made: one that
 * cannot be kept is not asked for, and where none comes no file is left.
 * @param make makes the secret.
 * @param secretOf reads it off the result.
 * @param overwrite whether it takes the place of a file that exists, which stays as it is until the secret is written.
 * @throws CliError `usage` where the file exists or cannot be written; what `make` throws.
 */
export async function keepInFile<T>(
  path: string,
  make: () => Promise<T>,
  secretOf: (made: T) => string,
  overwrite = false,
): Promise<T> {
  const written = overwrite ? `${path}.${process.pid}.new` : path;
  const file = open(written, path);
  let kept = false;
  try {
    const made = await make();
    writeFileSync(file, `${secretOf(made)}\n`);
    fsyncSync(file);
    if (overwrite) replace(path, written);
    kept = true;
    return made;
  } finally {
    closeSync(file);
    if (!kept) unlinkSync(written);
  }
}
