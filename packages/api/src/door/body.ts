import type { IncomingMessage } from 'node:http';
import { promisify, types } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';

import { TenancyError } from '@hyperdx-tenancy/domain/errors';

/** ClickHouse takes statements of 256 KiB by default; what is longer than this is no statement. */
export const MAX_STATEMENT_BYTES = 1_048_576;
/** HyperDX's own limit of bodies; values of queries count into it. */
export const MAX_FORM_BYTES = 32 * 1_048_576;

/** Bytes of bodies that a process holds at once: a few large ones, or many of usual size. */
const MAX_HELD_BYTES = 128 * 1_048_576;

const decoders = {
  gzip: promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
} as const;

const tooLarge = (limit: number): TenancyError =>
  new TenancyError('payload_too_large', `body: larger than ${limit} bytes.`);

/** Reads a stream to its end, at most `limit` bytes of it. */
function collect(req: IncomingMessage, limit: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const stop = (): void => {
      req.off('data', take).off('end', end).off('close', cut).off('error', reject);
    };
    const take = (chunk: Buffer): void => {
      size += chunk.length;
      if (size > limit) {
        stop();
        req.pause();
        reject(tooLarge(limit));
      } else {
        chunks.push(chunk);
      }
    };
    const end = (): void => {
      stop();
      const [only] = chunks;
      resolve(only && chunks.length === 1 ? only : Buffer.concat(chunks, size));
    };
    const cut = (): void => {
      stop();
      reject(new TenancyError('invalid_request', 'body: was cut off.'));
    };
    req.on('data', take).on('end', end).on('close', cut).on('error', reject);
  });
}

async function decoded(body: Buffer, encoding: string, limit: number): Promise<Buffer> {
  if (!Object.hasOwn(decoders, encoding)) {
    throw new TenancyError(
      'unsupported_media_type',
      'Content-Encoding: gzip, deflate and br are taken.',
    );
  }
  try {
    // The limit holds while it unpacks: what is small may become large.
    return await decoders[encoding as keyof typeof decoders](body, { maxOutputLength: limit });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (types.isNativeError(cause) && code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(limit);
    throw new TenancyError('invalid_request', `body: is no ${encoding}.`, { cause });
  }
}

/** A body in memory, which counts against the bound until it is let go. */
export interface HeldBody {
  body: Buffer;
  /** May be called again. */
  release: () => void;
}

/** Reads bodies of requests; the bytes that it holds at once have a bound. */
export class Bodies {
  private held = 0;

  constructor(private readonly maxHeld = MAX_HELD_BYTES) {}

  /** @throws TenancyError `payload_too_large`, `unsupported_media_type`, `invalid_request`, `overloaded`. */
  async read(req: IncomingMessage, limit: number): Promise<HeldBody> {
    const stated = req.headers['content-length'];
    const isChunked = req.headers['transfer-encoding'] !== undefined;
    if (!isChunked && (stated === undefined || stated === '0')) {
      return { body: Buffer.alloc(0), release: () => undefined };
    }
    const encoding = (req.headers['content-encoding'] ?? 'identity').trim().toLowerCase();
    const isPlain = encoding === 'identity' || encoding === '';
    if (Number(stated) > limit) throw tooLarge(limit);
    // Of what is compressed or chunked nobody knows the size before.
    const release = this.hold(isPlain && !isChunked ? Number(stated) : limit);
    try {
      const body = await collect(req, limit);
      return { body: isPlain ? body : await decoded(body, encoding, limit), release };
    } catch (error) {
      release();
      throw error;
    }
  }

  private hold(bytes: number): () => void {
    if (this.held + bytes > this.maxHeld) {
      throw new TenancyError('overloaded', 'Too many large bodies are read at once.', {
        retryAfterSeconds: 1,
      });
    }
    this.held += bytes;
    let isHeld = true;
    return () => {
      if (isHeld) this.held -= bytes;
      isHeld = false;
    };
  }
}
