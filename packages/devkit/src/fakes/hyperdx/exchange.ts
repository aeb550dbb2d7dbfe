import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import type { User } from './collections';
import type { Session } from './sessions';

/** HyperDX's limit for JSON, text and urlencoded bodies. */
const MAX_BODY_BYTES = 32 * 1024 * 1024;
/** The `compression` middleware leaves smaller answers as they are. */
const COMPRESSED_FROM_BYTES = 1_024;

/** One request and its answer. */
export interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
  url: URL;
  body: Buffer;
  session: Session;
  /** Who is signed in, by cookie. */
  user: User | undefined;
}

/** An answer other than success, in HyperDX's words. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string,
    /** HyperDX answers some with text and some with `{message}`. */
    readonly json = true,
  ) {
    super(message);
  }
}

/** @throws Refusal for a body above HyperDX's limit. */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new Refusal(413, 'request entity too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** The fields of a JSON body or a form. @throws Refusal where it is neither. */
export function fieldsOf({ request, body }: Exchange): Record<string, unknown> {
  const type = request.headers['content-type'] ?? '';
  if (type.startsWith('application/x-www-form-urlencoded')) {
    return Object.fromEntries(new URLSearchParams(body.toString()));
  }
  if (!type.startsWith('application/json')) return {};
  try {
    const value: unknown = JSON.parse(body.toString());
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // Said below.
  }
  throw new Refusal(400, 'Unexpected token in JSON');
}

export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** A JSON answer as express sends it: with a weak ETag, 304 where the asker has it, compressed where it may be. */
export function sendJson({ request, response }: Exchange, value: unknown, status = 200): void {
  const text = Buffer.from(JSON.stringify(value));
  const etag = `W/"${text.length.toString(16)}-${createHash('sha1').update(text).digest('base64').slice(0, 27)}"`;
  response.setHeader('ETag', etag);
  response.setHeader('Vary', 'Origin, Accept-Encoding');
  if (request.method === 'GET' && status === 200 && request.headers['if-none-match'] === etag) {
    response.writeHead(304).end();
    return;
  }
  const compressed =
    text.length >= COMPRESSED_FROM_BYTES &&
    /\bgzip\b/.test(textOf(request.headers['accept-encoding']));
  const body = compressed ? gzipSync(text) : text;
  if (compressed) response.setHeader('Content-Encoding', 'gzip');
  response.setHeader('Content-Type', 'application/json; charset=utf-8');
  response.setHeader('Content-Length', body.length);
  response.writeHead(status).end(body);
}

export function sendText({ response }: Exchange, status: number, text: string): void {
  response.setHeader('Content-Type', 'text/plain; charset=utf-8');
  response.writeHead(status).end(text);
}

export function redirect(exchange: Exchange, status: 302 | 303, location: string): void {
  exchange.response.setHeader('Location', location);
  sendText(exchange, status, `Redirecting to ${location}`);
}
