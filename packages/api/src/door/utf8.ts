import { isUtf8 } from 'node:buffer';

import { TenancyError } from '@hyperdx-tenancy/domain/errors';

/**
 * Bytes as text, back to which they can be turned without loss.
 * @param what names them for the caller.
 * @throws TenancyError `invalid_request` where they are no UTF-8.
 */
export function utf8(bytes: Buffer, what: string): string {
  if (isUtf8(bytes)) return bytes.toString('utf8');
  throw new TenancyError('invalid_request', `${what}: is not UTF-8.`);
}
