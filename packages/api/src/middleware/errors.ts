import { TenancyError } from '@hyperdx-tenancy/domain/errors';
import type { ErrorRequestHandler, RequestHandler } from 'express';

import type { RequestFields } from './requestLog';
import type { Logger } from '../utils/logger';
import { isMongoUnavailable, mongoUnavailable } from '../utils/mongoErrors';

/** How body-parser (http-errors) says what is wrong with a body. */
interface BodyError {
  type: string;
  status: number;
  limit?: number;
}

function isBodyError(error: unknown): error is BodyError {
  return (
    error instanceof Error &&
    'type' in error &&
    typeof error.type === 'string' &&
    'status' in error &&
    typeof error.status === 'number'
  );
}

function fromBodyError(error: BodyError): TenancyError {
  if (error.type === 'entity.too.large') {
    return new TenancyError('payload_too_large', `body: larger than ${error.limit ?? 0} bytes.`, {
      cause: error,
    });
  }
  if (error.type === 'encoding.unsupported' || error.type === 'charset.unsupported') {
    return new TenancyError(
      'unsupported_media_type',
      'body: encoding or character set not supported.',
      { cause: error },
    );
  }
  return new TenancyError('invalid_json', 'body: is not a JSON object.', { cause: error });
}

/** Any error as the one kind that has a status, a code and a message fit for a client. */
export function toTenancyError(error: unknown): TenancyError {
  if (error instanceof TenancyError) return error;
  // Before the rest: a client that goes away is an error of a socket as well.
  if (isBodyError(error)) return fromBodyError(error);
  if (isMongoUnavailable(error)) return mongoUnavailable(error);
  // Express refuses a path such as `/%zz` with it.
  if (error instanceof URIError) {
    return new TenancyError('invalid_request', 'path: is not properly encoded.', { cause: error });
  }
  return new TenancyError(
    'internal',
    'The server failed; its log says more under this request id.',
    { cause: error },
  );
}

/** No route matched. */
export const notFound: RequestHandler = (req) => {
  throw new TenancyError('not_found', `There is no route ${req.method} ${req.path}.`);
};

/** The one place where an error becomes an answer: `{message, code}` with the status of its code. */
export function errorHandler(log: Logger): ErrorRequestHandler {
  return (thrown: unknown, _req, res, next) => {
    if (res.headersSent) {
      next(thrown);
      return;
    }
    const error = toTenancyError(thrown);
    const { requestId, request } = res.locals as { requestId?: string; request?: RequestFields };
    if (error.status >= 500) {
      log.error(
        {
          requestId,
          ...request,
          code: error.code,
          err: error.cause ?? error,
        },
        'request failed',
      );
    }
    if (error.retryAfterSeconds !== undefined)
      res.setHeader('retry-after', String(error.retryAfterSeconds));
    res.status(error.status).json({ message: error.message, code: error.code });
  };
}
