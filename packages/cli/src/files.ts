import { readFileSync } from 'node:fs';

import { CliError } from './exitCodes';

/**
 * The text of a file that an option names.
 * @throws CliError `usage` naming both.
 */
export function readNamedFile(option: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new CliError('usage', `${option}: ${path} cannot be read.`, 'usage', { cause });
  }
}
