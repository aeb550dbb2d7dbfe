import { TenancyError } from '@hyperdx-tenancy/domain/errors';
import mongoose, { mongo } from 'mongoose';

import { isSocketError } from './networkErrors';

const DUPLICATE_KEY = 11_000;

/** NotWritablePrimary, PrimarySteppedDown, InterruptedDueToReplStateChange, ShutdownInProgress, InterruptedAtShutdown. */
const FAIL_OVER_CODES = new Set([10_107, 189, 11_602, 91, 11_600]);

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

/**
 * True for the ways in which the driver, mongoose and Node say that there is no server: the driver lets Node's
 * error through for a write to a socket that was just closed, and fail-overs are errors with a label. ClickHouse's network
 * errors never look like these: they are mapped where they arise (`clickhouse/run`).
 */
export function isMongoUnavailable(error: unknown): boolean {
  return (
    isSocketError(error) ||
    // A member that steps down, shuts down or was elected a moment ago.
    (error instanceof mongo.MongoServerError && FAIL_OVER_CODES.has(Number(error.code))) ||
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

/** What needs MongoDB cannot be answered before it was made ready for us. */
export function mongoNotReady(): TenancyError {
  return new TenancyError(
    'mongo_unavailable',
    'MongoDB is not usable yet; GET /ready says what is missing.',
  );
}
