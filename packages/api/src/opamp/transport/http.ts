import type { IncomingMessage, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';

import { TenancyError } from '@hyperdx-tenancy/domain/errors';

import { bearerToken } from '../../middleware/bearerToken';

const inflate = promisify(gunzip);

/**
 * The largest message, also after inflating: an agent reports the config it runs with, which is 1 MB with 250
 * tenants, and some of its own around it.
 */
export const MESSAGE_LIMIT_BYTES = 4 * 1024 * 1024;

export const PROTOBUF = 'application/x-protobuf';

const PLAIN_PATH = '/v1/opamp';
/** All that HyperDX's collector image can be given is a URL, so the token may stand in its path. */
const TOKEN_PATH = /^\/t\/([A-Za-z0-9._~-]{1,256})\/v1\/opamp$/;

/** Where a request goes: a token in the path comes before one in the header. */
export function opampRoute(
  req: Pick<IncomingMessage, 'url' | 'headers'>,
): { token: string | undefined } | undefined {
  const path = (req.url ?? '').split('?', 1)[0] ?? '';
  if (path === PLAIN_PATH) return { token: bearerToken(req.headers.authorization) };
  const match = TOKEN_PATH.exec(path);
  return match ? { token: match[1] } : undefined;
}

/** A request's path as it may be logged. */
export function redactedPath(url: string | undefined): string {
  return (url ?? '').split('?', 1)[0]?.replace(/^\/t\/[^/]*/, '/t/***') ?? '';
}

function tooLarge(): TenancyError {
  return new TenancyError('payload_too_large', `body: larger than ${MESSAGE_LIMIT_BYTES} bytes.`);
}

async function read(req: IncomingMessage): Promise<Buffer> {
  if (Number(req.headers['content-length'] ?? 0) > MESSAGE_LIMIT_BYTES) throw tooLarge();
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of req as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > MESSAGE_LIMIT_BYTES) throw tooLarge();
      chunks.push(chunk);
    }
  } catch (cause) {
    if (cause instanceof TenancyError) throw cause;
    throw new TenancyError('invalid_opamp_message', 'body: ended before it was complete.', {
      cause,
    });
  }
  return Buffer.concat(chunks, size);
}

async function decompress(body: Buffer): Promise<Buffer> {
  try {
    return await inflate(body, { maxOutputLength: MESSAGE_LIMIT_BYTES });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge();
    throw new TenancyError('invalid_opamp_message', 'body: is not gzip as Content-Encoding says.', {
      cause,
    });
  }
}

/**
 * The message that a request carries, inflated.
 * @throws TenancyError `unsupported_media_type`, `payload_too_large`, `invalid_opamp_message`.
 */
export async function readMessage(req: IncomingMessage): Promise<Buffer> {
  const type = req.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();
  if (type !== PROTOBUF)
    throw new TenancyError('unsupported_media_type', `Content-Type: send ${PROTOBUF}.`);
  switch (req.headers['content-encoding']?.toLowerCase()) {
    case undefined:
    case 'identity':
      return read(req);
    case 'gzip':
      return decompress(await read(req));
    default:
      throw new TenancyError('unsupported_media_type', 'Content-Encoding: gzip, or none.');
  }
}

/** Answers with a protobuf message. */
export function sendMessage(res: ServerResponse, body: Uint8Array): void {
  res.writeHead(200, { 'content-type': PROTOBUF, 'content-length': body.byteLength });
  res.end(body);
}

/** Answers with JSON: the health routes, and every refusal. */
export function sendJson(
  res: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  const text = JSON.stringify(body);
  res.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    ...headers,
  });
  res.end(text);
}

/** Refuses a request; what is left of its body is not read, so its connection cannot be used again. */
export function sendError(req: IncomingMessage, res: ServerResponse, error: TenancyError): void {
  if (res.headersSent) {
    res.destroy();
    return;
  }
  sendJson(
    res,
    error.status,
    { message: error.message, code: error.code },
    {
      ...(error.retryAfterSeconds === undefined
        ? {}
        : { 'retry-after': String(error.retryAfterSeconds) }),
      ...(req.complete ? {} : { connection: 'close' }),
    },
  );
}
