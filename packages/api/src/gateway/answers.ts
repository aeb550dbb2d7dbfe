import type { IncomingMessage, ServerResponse } from 'node:http';

import type { TenancyError } from '@hyperdx-tenancy/domain/errors';

import { passOver } from '../utils/passOver';

export const REQUEST_ID_HEADER = 'X-Request-Id';

/** Answers with JSON. @param headers names and values in turn. */
export function sendJson(
  res: ServerResponse,
  status: number,
  body: unknown,
  headers: readonly string[],
): void {
  const text = JSON.stringify(body);
  const type = ['Content-Type', 'application/json; charset=utf-8'];
  const length = ['Content-Length', String(Buffer.byteLength(text))];
  res.writeHead(status, [...type, ...length, ...headers]).end(text);
}

/** Answers with an error, as our application does. What is left of a body is let go, so that its sender sees the answer. */
export function refuse(
  req: IncomingMessage,
  res: ServerResponse,
  requestId: string,
  { status, message, code, retryAfterSeconds }: TenancyError,
): void {
  sendJson(res, status, { message, code }, [
    ...[REQUEST_ID_HEADER, requestId],
    ...(retryAfterSeconds === undefined ? [] : ['Retry-After', String(retryAfterSeconds)]),
  ]);
  passOver(req);
}
