import { types } from 'node:util';

/** Node's codes for a peer that is not there, or no longer. */
const SOCKET_CODES = new Set([
  'EAI_AGAIN',
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
]);

/** True for Node's own errors of a socket, as clients let them through. */
export function isSocketError(error: unknown): boolean {
  return (
    types.isNativeError(error) &&
    'code' in error &&
    typeof error.code === 'string' &&
    SOCKET_CODES.has(error.code)
  );
}
