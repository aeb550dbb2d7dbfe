import type { IncomingMessage, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';

import { TenancyError } from '@hyperdx-tenancy/domain/errors';

import { bearerToken } from '../../middleware/bearerToken';
import type { Credentials } from '../services/admission';
import type { Outgoing } from '../services/connections';
import type { InFlight } from '../services/inFlight';

const inflate = promisify(gunzip);

/**
 * The largest message, also after inflating: an agent reports the config it runs with, which is 1 MB as it was offered with
 * 250 tenants, several times that with all defaults written out, and some of its own around it.
 */
export const MESSAGE_LIMIT_BYTES = 8 * 1024 * 1024;

export const PROTOBUF = 'application/x-protobuf';

const PLAIN_PATH = '/v1/opamp';
/** All that HyperDX's collector image can be given is a URL, so the token, or the key, may stand in its path. */
const TOKEN_PATH = /^\/t\/([A-Za-z0-9._~+$%-]{1,400})\/v1\/opamp$/;

/** No scheme before it: HyperDX's own collectors send their key so. */
const BARE = /^[^\s]{1,256}$/;

function decoded(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}

/** Where a request goes: a token in the path comes before one in the header. */
export function opampRoute(req: Pick<IncomingMessage, 'url' | 'headers'>): Credentials | undefined {
  const { url = '' } = req;
  const path = url === PLAIN_PATH ? url : (url.split('?', 1)[0] ?? '');
  if (path === PLAIN_PATH) {
    const { authorization } = req.headers;
    const token = bearerToken(authorization);
    const isBare = token === undefined && authorization !== undefined && BARE.test(authorization);
    return { token, key: isBare ? authorization : undefined };
  }
  const segment = TOKEN_PATH.exec(path)?.[1];
  const token = segment === undefined ? undefined : decoded(segment);
  return token === undefined ? undefined : { token, key: undefined };
}

/** A request's path as it may be logged. */
export function redactedPath(url: string | undefined): string {
  return (url ?? '').split('?', 1)[0]?.replace(/^\/t\/[^/]*/, '/t/***') ?? '';
}

/** The instance UID that OpAMP clients name in a header as well, as a message has it; `undefined`: there is none. */
export function namedUid({ headers }: Pick<IncomingMessage, 'headers'>): string | undefined {
  const value = headers['opamp-instance-uid'];
  if (typeof value !== 'string') return undefined;
  const uid = value.replaceAll('-', '').toLowerCase();
  return /^[a-f0-9]{32}$/.test(uid) ? uid : undefined;
}

export function tooLarge(): TenancyError {
  return new TenancyError('payload_too_large', `body: larger than ${MESSAGE_LIMIT_BYTES} bytes.`);
}

/** The bytes that are held in memory for a message of a token. */
export class Room {
  private held = 0;

  constructor(
    private readonly inFlight: InFlight,
    private readonly token: string,
  ) {}

  /** @throws TenancyError `overloaded`. */
  grow(size: number): void {
    this.held = this.inFlight.grow(this.token, this.held, size);
  }

  leave(): void {
    this.inFlight.give(this.token, this.held);
    this.held = 0;
  }
}

/** Who is told of a body: one of the two, once. */
export interface Reader {
  take: (body: Buffer) => void;
  fail: (error: unknown) => void;
}

function read(req: IncomingMessage, room: Room, { take, fail }: Reader): void {
  if (Number(req.headers['content-length'] ?? 0) > MESSAGE_LIMIT_BYTES) throw tooLarge();
  const chunks: Buffer[] = [];
  let size = 0;
  let hasEnded = false;
  const end = (error?: unknown): void => {
    if (hasEnded) return;
    hasEnded = true;
    if (error !== undefined) fail(error);
    else take(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks, size));
  };
  req
    .on('data', (chunk: Buffer) => {
      if (hasEnded) return;
      size += chunk.length;
      try {
        if (size > MESSAGE_LIMIT_BYTES) throw tooLarge();
        room.grow(size);
        chunks.push(chunk);
      } catch (error) {
        end(error);
      }
    })
    .on('end', () => end())
    .on('close', () => {
      // Most close after their end: an error, with its stack, would be the dearest part of a poll.
      if (hasEnded) return;
      end(new TenancyError('invalid_opamp_message', 'body: ended before it was complete.'));
    });
}

async function decompress(body: Buffer, room: Room): Promise<Buffer> {
  room.grow(body.length + MESSAGE_LIMIT_BYTES);
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
 * Reads the message that a request carries, and inflates it. By callbacks: promises would cost a poll as much as all else that
 * is done with it.
 * @param room what it takes of memory until it is answered.
 * @param reader told also of TenancyError `invalid_opamp_message`, `overloaded`.
 * @throws TenancyError `unsupported_media_type`, `payload_too_large`, at once.
 */
export function readMessage(req: IncomingMessage, room: Room, reader: Reader): void {
  const type = req.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();
  if (type !== PROTOBUF)
    throw new TenancyError('unsupported_media_type', `Content-Type: send ${PROTOBUF}.`);
  switch (req.headers['content-encoding']?.toLowerCase()) {
    case undefined:
    case 'identity':
      read(req, room, reader);
      return;
    case 'gzip': {
      const { take, fail } = reader;
      read(req, room, { take: (body) => void decompress(body, room).then(take, fail), fail });
      return;
    }
    default:
      throw new TenancyError('unsupported_media_type', 'Content-Encoding: gzip, or none.');
  }
}

/** Answers with a protobuf message. */
export function sendMessage(
  res: ServerResponse,
  { head, wire }: Outgoing,
  status = 200,
  headers: Record<string, string> = {},
): void {
  const length = head.byteLength + (wire?.byteLength ?? 0);
  res.writeHead(status, { 'content-type': PROTOBUF, 'content-length': length, ...headers });
  if (!wire) {
    // As text with a byte a character, it goes out in one piece with the head of the answer.
    res.end(
      Buffer.from(head.buffer, head.byteOffset, head.byteLength).toString('latin1'),
      'latin1',
    );
    return;
  }
  // Not put together: the config is shared by all who are sent it.
  res.write(head);
  res.end(wire);
}

/** Answers with JSON: the health routes, and most refusals. */
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
