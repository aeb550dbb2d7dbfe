import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';

import { TenancyError } from '@hyperdx-tenancy/domain/errors';
import type { Dispatcher } from 'undici';

/** What ClickHouse says against a query is a few lines, with the query in it. */
const MAX_ERROR_BYTES = 1_048_576;

/** A reader that takes nothing for so long is gone; ClickHouse's own http_send_timeout is 30 s. */
const STALLED_MS = 60_000;

/** What an answer of ClickHouse's says of itself; all other headers belong to the connection it came over. */
const PASSED: ReadonlySet<string> = new Set([
  'content-type',
  'content-encoding',
  'content-length',
  'content-disposition',
  'trailer',
]);

const decoders = new Map([
  ['gzip', promisify(gunzip)],
  ['deflate', promisify(inflate)],
  ['br', promisify(brotliDecompress)],
]);

/** Encodings that an answer may be asked for in: an exception must be readable, to take names out of it. */
const READABLE: ReadonlySet<string> = new Set(['gzip', 'deflate', 'br']);

/** Of the encodings that a client takes those that ClickHouse may use. */
export function acceptedEncoding(header: string | string[] | undefined): string | undefined {
  const names = String(header ?? '')
    .split(',')
    .filter((part) => !/;\s*q=0(\.0*)?\s*$/i.test(part))
    .map((part) => part.split(';', 1)[0]?.trim().toLowerCase() ?? '')
    .filter((name) => READABLE.has(name));
  return names.length > 0 ? names.join(', ') : undefined;
}

/** Codes of what ClickHouse has against our own login: nothing that the tenant did, or may read. */
const OWN_LOGIN: ReadonlySet<number> = new Set([192, 193, 194, 516]);

/** Of ClickHouse's own headers the one that names the machine. */
const MACHINE = 'x-clickhouse-server-display-name';

/** What was read: of a system table the rows of all tenants, where nothing but filters of ours keeps them apart. */
const COUNTS: ReadonlySet<string> = new Set(['x-clickhouse-summary', 'x-clickhouse-progress']);

export interface RelayOptions {
  res: ServerResponse;
  /** The caller's own. */
  queryId: string;
  /** Whether the caller may learn how many rows were read. */
  showsCounts: boolean;
  /** Takes out of the text of an exception what is not the reader's to know. */
  mask: (text: string, code: number) => string;
}

export type Relayed = 'ok' | 'clickhouse_error' | 'cut' | 'left';

function answerHeaders(
  from: IncomingHttpHeaders,
  { queryId, showsCounts }: Pick<RelayOptions, 'queryId' | 'showsCounts'>,
): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(from)) {
    if (value === undefined || name === MACHINE) continue;
    if (!showsCounts && COUNTS.has(name)) continue;
    if (PASSED.has(name) || name.startsWith('x-clickhouse-')) headers[name] = value;
  }
  headers['x-clickhouse-query-id'] = queryId;
  return headers;
}

/**
 * Hands one answer of ClickHouse's on as it comes: at the pace of its reader, and no longer than there is one. What the
 * server says after the head has gone (an exception in the body, a connection cut off) reaches the reader in the same way.
 */
export class Relay implements Dispatcher.DispatchHandler {
  /** Rejects as long as nothing was sent: with the error of the connection. */
  readonly done: Promise<Relayed>;
  private resolve: (relayed: Relayed) => void = () => undefined;
  private reject: (error: Error) => void = () => undefined;
  private controller: Dispatcher.DispatchController | undefined;
  private failure:
    { status: number; headers: IncomingHttpHeaders; chunks: Buffer[]; size: number } | undefined;
  private stalled: NodeJS.Timeout | undefined;

  constructor(private readonly options: RelayOptions) {
    this.done = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    options.res.once('close', this.onClose);
    options.res.on('drain', this.onDrain);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    if (this.options.res.destroyed) controller.abort(new Error('the reader has left'));
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
  ): void {
    if (status < 200) return;
    if (status >= 300 || headers['x-clickhouse-exception-code'] !== undefined) {
      this.failure = { status, headers, chunks: [], size: 0 };
      return;
    }
    this.options.res.writeHead(status, answerHeaders(headers, this.options));
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    const { failure } = this;
    if (failure) {
      failure.size += chunk.length;
      if (failure.size > MAX_ERROR_BYTES) controller.abort(new Error('an endless exception'));
      else failure.chunks.push(chunk);
      return;
    }
    if (this.options.res.write(chunk)) return;
    controller.pause();
    this.stalled ??= setTimeout(() => this.options.res.destroy(), STALLED_MS);
  }

  onResponseEnd(_controller: Dispatcher.DispatchController, trailers: IncomingHttpHeaders): void {
    const { res } = this.options;
    if (this.failure) {
      this.answerFailure(this.failure).then(
        () => this.end('clickhouse_error'),
        (error: unknown) => this.fail(error as Error),
      );
      return;
    }
    if (res.getHeader('trailer') !== undefined) res.addTrailers(trailers);
    res.end();
    this.end('ok');
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    const { res } = this.options;
    if (res.destroyed) {
      this.end('left');
    } else if (res.headersSent) {
      // The end of the connection without the end of the answer, once all that came is on its way.
      setImmediate(() => res.socket?.destroySoon());
      this.end('cut');
    } else {
      this.fail(error);
    }
  }

  private async answerFailure({
    status,
    headers,
    chunks,
  }: NonNullable<Relay['failure']>): Promise<void> {
    const { res, mask } = this.options;
    const code = Number(headers['x-clickhouse-exception-code'] ?? 0);
    if (OWN_LOGIN.has(code)) {
      throw new TenancyError(
        'clickhouse_rejected',
        `ClickHouse refused the login of this tenant (code ${code}).`,
      );
    }
    const decode = decoders.get(headers['content-encoding'] ?? '');
    const sent = Buffer.concat(chunks);
    const body = decode ? await decode(sent, { maxOutputLength: MAX_ERROR_BYTES }) : sent;
    const answer = answerHeaders(headers, this.options);
    delete answer['content-encoding'];
    delete answer['trailer'];
    const text = Buffer.from(mask(body.toString('utf8'), code));
    answer['content-length'] = String(text.length);
    res.writeHead(status, answer).end(text);
  }

  private readonly onDrain = (): void => {
    clearTimeout(this.stalled);
    this.stalled = undefined;
    this.controller?.resume();
  };

  private readonly onClose = (): void => {
    if (this.options.res.writableFinished) return;
    // ClickHouse ends a query whose reader's connection is closed.
    this.controller?.abort(new Error('the reader has left'));
    this.end('left');
  };

  private end(relayed: Relayed): void {
    this.stop();
    this.resolve(relayed);
  }

  private fail(error: Error): void {
    this.stop();
    this.reject(error);
  }

  private stop(): void {
    const { res } = this.options;
    clearTimeout(this.stalled);
    res.off('close', this.onClose).off('drain', this.onDrain);
  }
}
