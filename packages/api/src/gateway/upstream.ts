import type { ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { types } from 'node:util';

import { TenancyError } from '@hyperdx-tenancy/domain/errors';
import { Pool } from 'undici';
import type { Dispatcher } from 'undici';

import { Exchange } from './exchange';
import type { IdleLimits } from './exchange';

/** A request as HyperDX is to get it. */
export interface Outgoing {
  method: string;
  /** Path and query. */
  path: string;
  /** Names and values in turn. */
  headers: string[];
  body?: Readable | Buffer;
  /** What its answer says besides: names and values in turn. */
  answerHeaders: readonly string[];
}

/** How long HyperDX may take. Its own queries may run for a minute and more. */
export interface UpstreamLimits extends IdleLimits {
  connectMs: number;
  /** From the end of the request to the head of its answer. */
  headersMs: number;
  /** Requests under way at once; a stream of events counts for as long as it lasts. */
  atOnce: number;
}

export const upstreamLimits: UpstreamLimits = {
  connectMs: 5_000,
  headersMs: 300_000,
  idleMs: 300_000,
  idleStreamMs: 3_600_000,
  atOnce: 1_024,
};

/** HyperDX 2.36 closes idle connections after 61 s: ours are gone before, so that none closes under a request. */
const KEEP_ALIVE_MS = 50_000;

/** HyperDX's own limit on headers: `--max-http-header-size`. */
const MAX_HEADER_BYTES = 131_072;

/** RFC 9110, section 9.2.1: nothing happens by them, so that they may be sent twice. */
const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** A code of undici or of a socket. */
function codeOf(error: Error): string | undefined {
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/**
 * Whether a connection that had served before was closed before it answered this time: HyperDX, or something in
 * between, took it for idle. A new connection that breaks is no such case.
 */
function closedWhileIdle(error: Error): boolean {
  if (codeOf(error) !== 'UND_ERR_SOCKET' || !('socket' in error)) return false;
  const { socket } = error as { socket?: { bytesRead?: number } | null };
  return (socket?.bytesRead ?? 0) > 0;
}

/** What went wrong on the way to HyperDX, for a caller: never an address. */
export function toUpstreamError(error: Error): TenancyError {
  if (error instanceof TenancyError) return error;
  const code = codeOf(error);
  if (code === 'UND_ERR_HEADERS_TIMEOUT') {
    return new TenancyError('hyperdx_timeout', 'HyperDX did not answer in time.', { cause: error });
  }
  if (code === 'UND_ERR_INVALID_ARG') {
    return new TenancyError('invalid_request', 'headers: cannot be forwarded.', { cause: error });
  }
  return new TenancyError('hyperdx_unavailable', 'HyperDX cannot be reached.', { cause: error });
}

/** HyperDX's API, over connections that are kept. */
export class Upstream {
  private readonly pool: Pool;
  /** What its URL's path puts before every path. */
  private readonly prefix: string;
  private underWay = 0;

  constructor(
    url: URL,
    private readonly limits: UpstreamLimits,
  ) {
    this.prefix = url.pathname.replace(/\/+$/, '');
    this.pool = new Pool(url.origin, {
      // As many as there may be requests: none waits for another.
      connections: limits.atOnce,
      pipelining: 1,
      allowH2: false,
      connect: { timeout: limits.connectMs },
      headersTimeout: limits.headersMs,
      // Counted by the exchange, which knows what is sent, and whether its client reads.
      bodyTimeout: 0,
      keepAliveTimeout: KEEP_ALIVE_MS,
      keepAliveMaxTimeout: KEEP_ALIVE_MS,
      maxHeaderSize: MAX_HEADER_BYTES,
    });
  }

  /**
   * Sends a request and hands its answer on.
   * @returns once the answer is complete, or its client has left.
   * @throws TenancyError `hyperdx_unavailable`, `hyperdx_timeout`, `overloaded`, and what the body fails with. Where the
   * answer had begun, it has been broken off.
   */
  async forward(outgoing: Outgoing, res: ServerResponse): Promise<void> {
    if (this.underWay >= this.limits.atOnce) {
      throw new TenancyError('overloaded', 'Too many requests wait for HyperDX.');
    }
    this.underWay += 1;
    try {
      const error = await this.send(outgoing, res);
      if (error === undefined) return;
      const again =
        SAFE_METHODS.has(outgoing.method) &&
        outgoing.body === undefined &&
        !res.headersSent &&
        closedWhileIdle(error);
      const last = again ? await this.send(outgoing, res) : error;
      if (last) throw toUpstreamError(last);
    } finally {
      this.underWay -= 1;
    }
  }

  /** Ends all connections, those in use too. */
  async close(): Promise<void> {
    await this.pool.destroy();
  }

  private send(outgoing: Outgoing, res: ServerResponse): Promise<Error | undefined> {
    return new Promise((resolve) => {
      const options: Dispatcher.DispatchOptions = {
        method: outgoing.method,
        path: this.prefix + outgoing.path,
        headers: outgoing.headers,
        ...(outgoing.body === undefined ? {} : { body: outgoing.body }),
      };
      const exchange = new Exchange(res, outgoing.answerHeaders, this.limits, ({ error }) =>
        resolve(error),
      );
      try {
        this.pool.dispatch(options, exchange);
      } catch (error) {
        // Given up before anything was sent.
        resolve(types.isNativeError(error) ? error : new Error('not sent', { cause: error }));
      }
    });
  }
}
