import { rootCertificates } from 'node:tls';
import { types } from 'node:util';

import { TenancyError } from '@hyperdx-tenancy/domain/errors';
import { Pool } from 'undici';
import type { Dispatcher } from 'undici';

import type { Target } from '../clickhouse/target';
import type { Login } from '../clickhouse/tenantTables';
import { ClickHouseSaid } from './clickhouseSaid';
import type { Outgoing } from './outgoing';
import { FairSlots } from './slots';

/** Queries of all tenants that one target works on at once, for this process; each has a connection of its own. */
const QUERIES_AT_ONCE = 64;

const CONNECT_TIMEOUT_MS = 5_000;

/** Parsing takes milliseconds; a server that takes longer is not there for queries either. */
const ASK_TIMEOUT_MS = 10_000;
/** A parsed statement of 256 KiB, ClickHouse's limit, as one line for each of its nodes. */
const MAX_ASKED_BYTES = 32 * 1_048_576;

/** How a server that closes an idle connection shows on the next request over it. */
const CLOSED: ReadonlySet<string> = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']);
const SLOW: ReadonlySet<string> = new Set(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT']);

function codeOf(error: unknown): string {
  const isCoded = (types.isNativeError(error) || error instanceof Error) && 'code' in error;
  return isCoded && typeof error.code === 'string' ? error.code : '';
}

/** Whether the connection was gone, so that nothing is known to have come of the request. */
export const isClosed = (error: unknown): boolean => CLOSED.has(codeOf(error));

/** What a failure to be answered at all is to the caller. */
export function unanswered(error: unknown): TenancyError {
  const what = SLOW.has(codeOf(error)) ? 'does not answer' : 'cannot be reached';
  return new TenancyError('clickhouse_unavailable', `ClickHouse ${what}.`, { cause: error });
}

const tooLarge = (): TenancyError =>
  new TenancyError('payload_too_large', 'query: has too many parts, within too many others.');

/** Whether an error is what came of a question, rather than that nothing did. */
const isAnswer = (error: unknown): boolean =>
  error instanceof ClickHouseSaid || error instanceof TenancyError;

/** A target as the query door reaches it: its connections, kept open, and its places for queries. */
export class Upstream {
  readonly slots = new FairSlots({ slots: QUERIES_AT_ONCE });
  private readonly pool: Pool;
  private readonly path: string;
  private prepared: Promise<void> | undefined;

  constructor(private readonly target: Target) {
    const { host, tls } = target.config;
    const { origin, pathname } = new URL(host);
    this.path = pathname;
    const ca = tls?.ca ?? rootCertificates.join('\n');
    const { cert, key } = tls ?? {};
    this.pool = new Pool(origin, {
      connections: QUERIES_AT_ONCE,
      pipelining: 1,
      connect: {
        timeout: CONNECT_TIMEOUT_MS,
        ...(tls ? { ca } : {}),
        ...(cert === undefined || key === undefined ? {} : { cert, key }),
      },
    });
  }

  /** Makes sure of what statements of tenants rely on; once in the life of this process. @throws as `Target.prepare`. */
  prepare(): Promise<void> {
    this.prepared ??= this.target.prepare().catch((error: unknown) => {
      this.prepared = undefined;
      throw error;
    });
    return this.prepared;
  }

  /** Sends a request as somebody. @param timeoutMs until its head, and between two parts of its body. */
  send(
    { query, contentType, body }: Outgoing,
    login: Login,
    timeoutMs: number,
    handler: Dispatcher.DispatchHandler,
    acceptEncoding?: string,
  ): void {
    this.pool.dispatch(
      {
        method: 'POST',
        path: this.path + query,
        headers: [
          'content-type',
          contentType,
          'user-agent',
          'hyperdx-tenancy',
          'x-clickhouse-user',
          login.username,
          'x-clickhouse-key',
          login.password,
          ...(acceptEncoding === undefined ? [] : ['accept-encoding', acceptEncoding]),
        ],
        body,
        headersTimeout: timeoutMs,
        bodyTimeout: timeoutMs,
      },
      handler,
    );
  }

  /**
   * The whole answer to a short question.
   * @throws ClickHouseSaid; TenancyError `clickhouse_unavailable`, `payload_too_large`.
   */
  async ask(out: Outgoing, login: Login): Promise<string> {
    try {
      return await this.askOnce(out, login);
    } catch (error) {
      if (isAnswer(error)) throw error;
      if (!isClosed(error)) throw unanswered(error);
    }
    try {
      return await this.askOnce(out, login);
    } catch (error) {
      throw isAnswer(error) ? error : unanswered(error);
    }
  }

  /** Ends when the requests under way have. */
  close(): Promise<void> {
    return this.pool.close();
  }

  private askOnce(out: Outgoing, login: Login): Promise<string> {
    return new Promise((resolve, reject) => {
      const chunks: Buffer[] = [];
      let size = 0;
      let status = 0;
      let code = 0;
      this.send(out, login, ASK_TIMEOUT_MS, {
        onRequestStart: () => undefined,
        onResponseStart(_controller, statusCode, headers) {
          status = statusCode;
          code = Number(headers['x-clickhouse-exception-code'] ?? 0);
        },
        onResponseData(controller, chunk) {
          size += chunk.length;
          chunks.push(chunk);
          if (size > MAX_ASKED_BYTES) controller.abort(tooLarge());
        },
        onResponseEnd() {
          const text = Buffer.concat(chunks, size).toString('utf8');
          if (status === 200) resolve(text);
          else reject(new ClickHouseSaid(code, status, text.trim()));
        },
        onResponseError: (_controller, error) => reject(error),
      });
    });
  }
}
