import { types } from 'node:util';

import { TenancyError } from '@hyperdx-tenancy/domain/errors';
import mongoose, { mongo } from 'mongoose';

const DUPLICATE_KEY = 11_000;

/**
 * True where a unique index refused a document; `field` narrows it to the index on that field, as far as the
 * server says which one it was (FerretDB does not).
 */
export function isDuplicateKey(error: unknown, field?: string): boolean {
  if (!(error instanceof mongo.MongoServerError) || error.code !== DUPLICATE_KEY) return false;
  if (field === undefined) return true;
  const pattern: unknown = error['keyPattern'];
  return typeof pattern !== 'object' || pattern === null || Object.hasOwn(pattern, field);
}

/** A socket that died under the driver's hands: it throws Node's own error for a write to one that was just closed. */
const SOCKET_CODES = new Set(['EPIPE', 'ECONNRESET', 'ECONNREFUSED', 'ECONNABORTED', 'ETIMEDOUT']);

function isSocketError(error: unknown): boolean {
  return (
    types.isNativeError(error) &&
    'code' in error &&
    typeof error.code === 'string' &&
    SOCKET_CODES.has(error.code)
  );
}

/**
 * True for the ways in which the driver, mongoose and Node say that there is no server. ClickHouse's network
 * errors never look like these: they are mapped where they arise (`clickhouse/run`).
 */
export function isMongoUnavailable(error: unknown): boolean {
  return (
    isSocketError(error) ||
    error instanceof mongo.MongoNetworkError ||
    error instanceof mongo.MongoServerSelectionError ||
    error instanceof mongo.MongoNotConnectedError ||
    error instanceof mongo.MongoTopologyClosedError ||
    error instanceof mongoose.Error.MongooseServerSelectionError ||
    (error instanceof mongoose.Error && error.message.includes('buffering timed out'))
  );
}

/** The error for a caller who cannot be served while MongoDB is away. */
export function mongoUnavailable(cause: unknown): TenancyError {
  return new TenancyError('mongo_unavailable', 'MongoDB cannot be reached.', { cause });
}
