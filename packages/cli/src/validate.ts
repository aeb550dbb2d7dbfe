import type { z } from 'zod';

import { CliError } from './exitCodes';

/** What is wrong with a value, each fault with the place where it is. */
export function describeIssues(error: z.ZodError, at: string): string {
  return error.issues
    .map(
      ({ path, message }) => `${[at, ...path.map(String)].filter(Boolean).join('.')}: ${message}`,
    )
    .join('; ');
}

/**
 * Checks what stands on the command line by a contract, before anything is sent.
 * @param at the option or argument, for the message.
 * @throws CliError `usage`.
 */
export function validate<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  at: string,
): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new CliError('usage', `${describeIssues(parsed.error, at)}.`);
}
