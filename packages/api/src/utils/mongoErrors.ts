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

/** True for the driver's and mongoose's ways to say that there is no server. */
export function isMongoUnavailable(error: unknown): boolean {
  return (
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
