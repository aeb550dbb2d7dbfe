import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { ServerResponse, type IncomingMessage } from 'node:http';
import type { Writable } from 'node:stream';
import { createBrotliCompress, createDeflate, createGzip } from 'node:zlib';
import { errorBody, statusOf, type ServerError } from './errors';

/**
 * Bytes of an answer held back before its head is sent, so that a query which fails at once, or ends at once, can still say so
 * in the status and in `X-ClickHouse-Summary`. A pipe's worth.
 */
const heldBytes = 65_536;

/** A reader that takes nothing for so long is gone (ClickHouse's http_send_timeout is 30 s; proxies may sit between). */
const stalledMs = 60_000;

/** What a finished query reports in `X-ClickHouse-Summary`. */
export interface Summary {
  readRows: number;
  readBytes: number;
  writtenRows: number;
  writtenBytes: number;
  elapsedSeconds: number;
}

function summaryHeader(summary: Summary): string {
  const texts = {
    read_rows: summary.readRows,
    read_bytes: summary.readBytes,
    written_rows: summary.writtenRows,
    written_bytes: summary.writtenBytes,
    total_rows_to_read: 0,
    result_rows: summary.writtenRows,
    result_bytes: summary.writtenBytes,
    elapsed_ns: Math.round(summary.elapsedSeconds * 1e9),
  };
  // Numbers are strings here, as 64-bit ones are in ClickHouse's own summary.
  return JSON.stringify(
    Object.fromEntries(Object.entries(texts).map(([name, value]) => [name, String(value)])),
  );
}

/** The compression for an answer: asked for by the header and switched on by the setting, as on a server. */
export function encodingFor(request: IncomingMessage, enabled: boolean): string | undefined {
  if (!enabled) return undefined;
  const accepted = (request.headers['accept-encoding']?.toString() ?? '').toLowerCase();
  return ['br', 'gzip', 'deflate'].find((name) => new RegExp(`\\b${name}\\b`).test(accepted));
}

type Compressor = ReturnType<
  typeof createGzip | typeof createDeflate | typeof createBrotliCompress
>;

const compressors: Record<string, () => Compressor> = {
  br: createBrotliCompress,
  gzip: createGzip,
  deflate: createDeflate,
};

/** Where an answer goes: head first, when it is known what to say in it, then the body at the reader's pace. */
export class Sink {
  /** 16 lower-case letters and digits that announce an exception after the head, as ClickHouse 25.11 and newer do. */
  readonly #tag = randomBytes(8).toString('hex');
  readonly #held: Buffer[] = [];
  #heldSize = 0;
  #body: Writable | undefined;
  #compressor: Compressor | undefined;

  constructor(
    private readonly response: ServerResponse,
    private readonly encoding: string | undefined,
    private readonly version: string,
  ) {}

  /** Resolves when there is room for more. @throws Error when the reader is gone or takes nothing for a minute. */
  async write(chunk: Buffer): Promise<void> {
    if (this.#body) {
      await this.#push(this.#body, chunk);
      return;
    }
    this.#held.push(chunk);
    this.#heldSize += chunk.length;
    if (this.#heldSize >= heldBytes) await this.#start();
  }

  /** What the query did, for the head; too late, and then left out, when that has been sent. */
  summarize(summary: Summary): void {
    if (this.#body) return;
    this.response.setHeader('X-ClickHouse-Summary', summaryHeader(summary));
  }

  /** Ends the answer. Resolves when everything has been handed to the connection. */
  async end(): Promise<void> {
    if (!this.#body) await this.#start();
    this.#body?.end();
  }

  /** Reports a failure: by status while the head can still be changed, else in the body, which is then cut off. */
  fail(error: ServerError): void {
    if (this.response.destroyed) return;
    const text = errorBody(error, this.version);
    if (this.#body) {
      this.#breakOff(this.#body, text);
      return;
    }
    this.response.statusCode = statusOf(error);
    this.response.removeHeader('X-ClickHouse-Format');
    this.response.setHeader('X-ClickHouse-Exception-Code', String(error.code));
    this.response.setHeader('Content-Type', 'text/plain; charset=UTF-8');
    this.response.end(text);
  }

  /**
   * The exception in its frame, then the end of the connection without the end of the answer: a client that does not know the
   * frame must not take a part for the whole.
   */
  #breakOff(body: Writable, text: string): void {
    const tag = this.#tag;
    const length = Buffer.byteLength(text);
    body.write(`\r\n__exception__\r\n${tag}\r\n${text}${length} ${tag}\r\n__exception__\r\n`);
    const close = (): void => void setImmediate(() => this.response.socket?.destroySoon());
    if (body instanceof ServerResponse) close();
    else this.#compressor?.flush(close);
  }

  async #start(): Promise<void> {
    const compress = this.encoding === undefined ? undefined : compressors[this.encoding];
    if (compress && this.encoding) this.response.setHeader('Content-Encoding', this.encoding);
    this.response.setHeader('X-ClickHouse-Exception-Tag', this.#tag);
    let body: Writable = this.response;
    if (compress) {
      const stream = compress();
      this.#compressor = stream;
      stream.on('error', () => this.response.destroy());
      stream.pipe(this.response);
      body = stream;
    }
    this.#body = body;
    for (const chunk of this.#held.splice(0)) await this.#push(body, chunk);
  }

  async #push(body: Writable, chunk: Buffer): Promise<void> {
    if (this.response.destroyed) throw new Error('the reader of the answer is gone');
    if (body.write(chunk)) return;
    const gone = new AbortController();
    const close = (): void => gone.abort(new Error('the reader of the answer is gone'));
    this.response.once('close', close);
    try {
      await once(body, 'drain', {
        signal: AbortSignal.any([gone.signal, AbortSignal.timeout(stalledMs)]),
      });
    } catch (error) {
      // Nothing more can be said to a reader that takes nothing.
      this.response.destroy();
      throw error;
    } finally {
      this.response.off('close', close);
    }
  }
}
