import type { IncomingMessage } from 'node:http';
import { promisify, types } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';

import { TenancyError } from '@hyperdx-tenancy/domain/errors';
import type { TenantId } from '@hyperdx-tenancy/domain/ids';

/** ClickHouse takes statements of 256 KiB by default; what is longer than this is no statement. */
export const MAX_STATEMENT_BYTES = 1_048_576;
/** HyperDX's own limit of bodies; values of queries count into it. */
export const MAX_FORM_BYTES = 32 * 1_048_576;

/** Bytes of bodies that a process holds at once: a few large ones, or many of usual size. */
const MAX_HELD_BYTES = 128 * 1_048_576;
/** Of these, for one tenant: whoever sends slowly must leave room for the others. */
const MAX_HELD_BYTES_EACH = 48 * 1_048_576;

const decoders = {
  gzip: promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
} as const;

const tooLarge = (limit: number): TenancyError =>
  new TenancyError('payload_too_large', `body: larger than ${limit} bytes.`);

/**
 * Reads a stream to its end, at most `limit` bytes of it.
 * @param hold is told of each part's size before it is kept, and says what is against it.
 */
function collect(
  req: IncomingMessage,
  limit: number,
  hold: (bytes: number) => TenancyError | undefined,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const stop = (): void => {
      req.off('data', take).off('end', end).off('close', cut).off('error', reject);
    };
    const take = (chunk: Buffer): void => {
      size += chunk.length;
      const fault = size > limit ? tooLarge(limit) : hold(chunk.length);
      if (fault) {
        stop();
        req.pause();
        reject(fault);
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

export interface BodiesOptions {
  /** Bytes held at once. @default 128 Mi */
  max?: number;
  /** Bytes held at once for one holder. @default 48 Mi */
  maxEach?: number;
}

/**
 * Reads bodies of requests; the bytes that it holds at once have a bound, and so have those of one holder. What has not
 * come yet is not held: a sender who takes its time takes no room.
 */
export class Bodies {
  private held = 0;
  private readonly heldBy = new Map<TenantId, number>();
  private readonly max: number;
  private readonly maxEach: number;

  constructor({ max = MAX_HELD_BYTES, maxEach = MAX_HELD_BYTES_EACH }: BodiesOptions = {}) {
    this.max = max;
    this.maxEach = maxEach;
  }

  /** @throws TenancyError `payload_too_large`, `unsupported_media_type`, `invalid_request`, `overloaded`. */
  async read(req: IncomingMessage, limit: number, holder: TenantId): Promise<HeldBody> {
    const stated = req.headers['content-length'];
    const isChunked = req.headers['transfer-encoding'] !== undefined;
    if (!isChunked && (stated === undefined || stated === '0')) {
      return { body: Buffer.alloc(0), release: () => undefined };
    }
    if (Number(stated) > limit) throw tooLarge(limit);
    const encoding = (req.headers['content-encoding'] ?? 'identity').trim().toLowerCase();
    const isPlain = encoding === 'identity' || encoding === '';
    let own = 0;
    const hold = (bytes: number): TenancyError | undefined => {
      const fault = this.change(holder, bytes);
      if (!fault) own += bytes;
      return fault;
    };
    const release = (): void => void hold(-own);
    try {
      const sent = await collect(req, limit, hold);
      if (isPlain) return { body: sent, release };
      // How large it becomes nobody knows before.
      const fault = hold(limit);
      if (fault) throw fault;
      const body = await decoded(sent, encoding, limit);
      hold(body.length - own);
      return { body, release };
    } catch (error) {
      release();
      throw error;
    }
  }

  private change(holder: TenantId, bytes: number): TenancyError | undefined {
    const own = (this.heldBy.get(holder) ?? 0) + bytes;
    if (bytes > 0 && (own > this.maxEach || this.held + bytes > this.max)) {
      return new TenancyError('overloaded', 'Too many large bodies are read at once.', {
        retryAfterSeconds: 1,
      });
    }
    this.held += bytes;
    if (own > 0) this.heldBy.set(holder, own);
    else this.heldBy.delete(holder);
    return undefined;
  }
}
