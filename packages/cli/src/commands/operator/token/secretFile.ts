import { closeSync, fsyncSync, openSync, unlinkSync, writeSync } from 'node:fs';

import { CliError } from '../../../exitCodes';

const OWNER_ONLY = 0o600;

function open(path: string): number {
  try {
    // A new file: one that exists may be readable by others, or be a link to elsewhere.
    return openSync(path, 'wx', OWNER_ONLY);
  } catch (cause) {
    const exists = (cause as NodeJS.ErrnoException).code === 'EEXIST';
    const why = exists ? 'exists already' : 'cannot be written';
    throw new CliError('usage', `--output: ${path} ${why}.`, 'usage', { cause });
  }
}

/**
 * Writes a secret into a new file that only its owner may read. The file is there before the secret is made: one that
 * cannot be kept is not asked for, and where none comes no file is left.
 * @param make makes the secret.
 * @param secretOf reads it off the result.
 * @throws CliError `usage` where the file exists or cannot be written; what `make` throws.
 */
export async function keepInFile<T>(
  path: string,
  make: () => Promise<T>,
  secretOf: (made: T) => string,
): Promise<T> {
  const file = open(path);
  let kept = false;
  try {
    const made = await make();
    writeSync(file, `${secretOf(made)}\n`);
    fsyncSync(file);
    kept = true;
    return made;
  } finally {
    closeSync(file);
    if (!kept) unlinkSync(path);
  }
}
