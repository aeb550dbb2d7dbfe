import { z } from 'zod';

import { CliError } from './exitCodes';

/** RFC 9110, section 8.8.3. A shell that has eaten the quotes is told apart from a thing that has changed. */
export const EntityTag = z
  .string()
  .regex(/^(\*|"[!#-~]*")$/, 'must be an ETag with its quotes (\'"4f0c..."\'), or *');

/** The entity tag that a thing was answered with. @throws CliError `unexpected` where it had none. */
export function tagOf({ etag }: { etag: string | undefined }): string {
  if (etag !== undefined) return etag;
  throw new CliError(
    'unexpected',
    "The API's answer has no ETag, so that a change by somebody else would be overwritten unseen; --if-match '*' does it all the same.",
  );
}

/**
 * Makes a change that somebody else may have been quicker with.
 * @param words what has not been changed, and where to look.
 * @throws CliError `conflict`, told in terms of the command line.
 */
export async function changeUnchanged<T>(change: () => Promise<T>, words: string): Promise<T> {
  try {
    return await change();
  } catch (error) {
    if (!(error instanceof CliError) || error.code !== 'precondition_failed') throw error;
    throw new CliError('conflict', words, error.code, { cause: error });
  }
}
