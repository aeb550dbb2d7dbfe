import { TenancyError } from '@hyperdx-tenancy/domain/errors';
import express from 'express';
import type { RequestHandler } from 'express';

/** The largest body of the admin API is a name and a key; this leaves room for what is to come. */
export const ADMIN_BODY_LIMIT_BYTES = 256 * 1024;

const parse: RequestHandler = express.json({
  limit: ADMIN_BODY_LIMIT_BYTES,
  strict: true,
  type: 'application/json',
});

/**
 * Parses a JSON body. A body of another type is refused rather than taken for no body at all.
 * Faults of the body reach the error handler as body-parser's errors.
 */
export const jsonBody: RequestHandler = (req, res, next) => {
  const hasBody =
    req.headers['transfer-encoding'] !== undefined ||
    Number(req.headers['content-length'] ?? 0) > 0;
  if (hasBody && req.is('application/json') === false) {
    throw new TenancyError('unsupported_media_type', 'Content-Type: send application/json.');
  }
  parse(req, res, next);
};
