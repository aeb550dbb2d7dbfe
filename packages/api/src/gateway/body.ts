import type { IncomingMessage } from 'node:http';
import type { Transform } from 'node:stream';

import { TenancyError } from '@hyperdx-tenancy/domain/errors';

import { byteLimit } from '../utils/byteLimit';

/** HyperDX 2.36 takes bodies of 32 MB, as body-parser counts them. */
export const BODY_LIMIT_BYTES = 32 * 1024 * 1024;

export function tooLarge(): TenancyError {
  return new TenancyError('payload_too_large', `body: larger than ${BODY_LIMIT_BYTES} bytes.`);
}

/** Whether a request has a body, empty or not yet known to be: a length of 0 is none. */
export function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || statedLength({ headers }) > 0;
}

function statedLength({ headers }: Pick<IncomingMessage, 'headers'>): number {
  return Number(headers['content-length'] ?? 0);
}

/**
 * A request's body as it comes; what does not say its length is counted. The request itself is never destroyed: its
 * connection still has to carry the answer.
 * @throws TenancyError `payload_too_large`, also as the stream's error.
 */
export function limitedBody(req: IncomingMessage): Transform {
  if (statedLength(req) > BODY_LIMIT_BYTES) throw tooLarge();
  const body = byteLimit(BODY_LIMIT_BYTES, tooLarge);
  req.once('aborted', () => body.destroy());
  // Refused, or answered before it was read: what is left is let go, so that the connection stays usable.
  body.once('close', () => {
    if (req.complete) return;
    req.unpipe(body);
    req.resume();
  });
  return req.pipe(body);
}

/** How much of bodies that are read as a whole is held at once. */
export class BodyMemory {
  private held = 0;

  constructor(private readonly limitBytes: number) {}

  /**
   * Reads a body as a whole.
   * @returns the body, and what says that it is no longer needed.
   * @throws TenancyError `payload_too_large`, `overloaded`, `invalid_request` where it ended too early.
   */
  async read(req: IncomingMessage): Promise<{ body: Buffer; release: () => void }> {
    if (statedLength(req) > BODY_LIMIT_BYTES) throw tooLarge();
    const chunks: Buffer[] = [];
    let size = 0;
    const release = (): void => {
      this.held -= size;
      size = 0;
    };
    try {
      // Not by `for await`, which destroys the request, and its connection, where it is left early.
      await new Promise<void>((resolve, reject) => {
        const end = (error?: TenancyError): void => {
          req.off('data', take);
          req.pause();
          if (error) reject(error);
          else resolve();
        };
        const take = (chunk: Buffer): void => {
          size += chunk.length;
          this.held += chunk.length;
          chunks.push(chunk);
          if (size > BODY_LIMIT_BYTES) end(tooLarge());
          else if (this.held > this.limitBytes) {
            end(new TenancyError('overloaded', 'Too many large bodies at once.'));
          }
        };
        req.on('data', take);
        req.once('end', () => end());
        req.once('aborted', () =>
          end(new TenancyError('invalid_request', 'body: ended before it was complete.')),
        );
      });
      return { body: Buffer.concat(chunks, size), release };
    } catch (error) {
      release();
      throw error;
    }
  }
}
