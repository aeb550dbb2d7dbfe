import { TenancyError } from '@hyperdx-tenancy/domain/errors';
import type { z } from 'zod';

function describe(issue: z.core.$ZodIssue): string {
  const at = issue.path.join('.');
  if (issue.code === 'unrecognized_keys') {
    const where = at === '' ? '' : `${at}.`;
    return `${issue.keys.map((key) => where + key).join(', ')}: unknown field`;
  }
  if (issue.code === 'invalid_type' && issue.input === undefined)
    return `${at || 'body'}: is missing`;
  return `${at || 'body'}: ${issue.message}`;
}

/**
 * Checks what a client sent.
 * @throws TenancyError `invalid_request` whose message names every field at fault and never repeats a value.
 */
export function validate<Schema extends z.ZodType>(
  schema: Schema,
  data: unknown,
): z.output<Schema> {
  const parsed = schema.safeParse(data, { reportInput: true });
  if (parsed.success) return parsed.data;
  throw new TenancyError('invalid_request', parsed.error.issues.map(describe).join('; '));
}
