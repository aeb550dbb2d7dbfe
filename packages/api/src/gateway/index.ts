import { randomUUID } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

import { TenancyError } from '@hyperdx-tenancy/domain/errors';

import type { TrustProxy } from '../configFiles/trustProxy';
import type { Metrics } from '../metrics';
import { toTenancyError } from '../middleware/errors';
import { requestIdOf } from '../middleware/requestId';
import { logRequest, observeRequest } from '../middleware/requestLog';
import { foreignPage, isForeign, isRead, originOf } from '../middleware/sameSite';
import { hasSessionCookie } from '../middleware/session';
import type { Logger } from '../utils/logger';
import { matchRoute } from '../utils/routePatterns';
import { refuse, REQUEST_ID_HEADER, sendJson } from './answers';
import { BODY_LIMIT_BYTES, BodyMemory, hasBody, limitedBody } from './body';
import { compileTrust, hasPassedUs, requestHeaders } from './headers';
import { judgeMcp } from './mcp';
import { readTarget } from './path';
import type { RequestTarget } from './path';
import { decide, maskPath, MCP_ROUTE } from './routes';
import { Upstream, upstreamLimits } from './upstream';
import type { Outgoing, UpstreamLimits } from './upstream';
import { checkUpgrade, forwardUpgrade, refuseUpgrade } from './upgrade';

export interface GatewayOptions {
  /** HyperDX's own API; `undefined`: what is forwarded answers 501. */
  hyperdxApiUrl: string | undefined;
  /** Whether HyperDX is to answer what the table of routes does not know. */
  forwardUnknown: boolean;
  /** Whose pages may change things by the session that they are signed in with. */
  frontendUrl: string;
  /** Proxies whose `X-Forwarded-*` are believed. */
  trustProxy: TrustProxy;
  metrics: Metrics;
  log: Logger;
  limits?: Partial<UpstreamLimits>;
}

/** What stands in front of HyperDX's API. */
export interface Gateway {
  /**
   * A server's listener: passes on what is ours, forwards what is HyperDX's, refuses the rest. It stands before the
   * application, whose work on each request would be most of what a forwarded one costs.
   */
  listener(ours: RequestListener): RequestListener;
  /** Listener of the server's event `upgrade`. */
  upgrade(req: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Ends all connections to HyperDX. */
  close(): Promise<void>;
}

/** Bodies that are read as a whole, all together: two of the largest that there may be. */
const READ_BODIES_BYTES = 2 * BODY_LIMIT_BYTES;

/** Unknown routes that the log tells of by name, each once: a scanner does not fill it. */
const MAX_LOGGED_ROUTES = 200;

const NOT_CONFIGURED =
  "This route is HyperDX's own, and HYPERDX_API_URL does not say where its API is: set it to such as http://hyperdx:8000.";

class HyperdxGateway implements Gateway {
  private readonly url: URL | undefined;
  private readonly upstream: Upstream | undefined;
  private readonly limits: UpstreamLimits;
  private readonly trusts;
  private readonly frontend: string;
  private readonly memory = new BodyMemory(READ_BODIES_BYTES);
  private readonly loggedRoutes = new Set<string>();
  private readonly upgraded = new Set<Duplex>();

  constructor(private readonly options: GatewayOptions) {
    this.limits = { ...upstreamLimits, ...options.limits };
    this.trusts = compileTrust(options.trustProxy);
    this.frontend = originOf(options.frontendUrl);
    if (options.hyperdxApiUrl === undefined) return;
    this.url = new URL(options.hyperdxApiUrl);
    this.upstream = new Upstream(this.url, this.limits);
  }

  listener(ours: RequestListener): RequestListener {
    return (req, res) => {
      const target = this.targetOf(req);
      if (target instanceof TenancyError) {
        this.serve(req, res, () => Promise.reject(target));
        return;
      }
      const decision = decide(target, this.options.forwardUnknown);
      if (decision.to === 'ours') {
        // One path for all: what is decided here is what our routers see.
        req.url = target.path + target.query;
        ours(req, res);
        return;
      }
      this.serve(req, res, async (requestId) => {
        if (decision.to === 'nobody') throw this.unknownRoute(req, target);
        await this.forward(req, res, { target, requestId, pattern: decision.pattern });
      });
    };
  }

  upgrade(req: IncomingMessage, socket: Duplex, head: Buffer): void {
    // Without a listener a reset would end the process.
    socket.on('error', () => socket.destroy());
    this.upgraded.add(socket);
    socket.once('close', () => this.upgraded.delete(socket));
    const path = (req.url ?? '').split('?', 1)[0] ?? '';
    const labels = { server: 'api', method: 'GET', route: matchRoute(path).pattern } as const;
    const count = (status: number): void =>
      this.options.metrics.count('http_requests_total', { ...labels, status: String(status) });
    this.forwardUpgrade(req, socket, head).then(count, (error: unknown) => {
      if (socket.destroyed) return;
      this.countFailure(error);
      const refusal = toTenancyError(error);
      count(refusal.status);
      refuseUpgrade(socket, refusal);
    });
  }

  async close(): Promise<void> {
    for (const socket of this.upgraded) socket.destroy();
    await this.upstream?.close();
  }

  private targetOf(req: IncomingMessage): RequestTarget | TenancyError {
    try {
      return readTarget(req.url ?? '');
    } catch (error) {
      return toTenancyError(error);
    }
  }

  /** Answers a request that our application does not see: measured, logged and refused as those that it sees. */
  private serve(
    req: IncomingMessage,
    res: ServerResponse,
    work: (requestId: string) => Promise<void>,
  ): void {
    const { metrics, log } = this.options;
    const requestId = requestIdOf(req);
    const path = (req.url ?? '').split('?', 1)[0] ?? '';
    const fields = observeRequest('api', path, req, res, metrics, (end) =>
      logRequest(log, requestId, end),
    );
    work(requestId).catch((thrown: unknown) => {
      const error = toTenancyError(thrown);
      this.countFailure(error);
      if (error.status >= 500) {
        const line = { requestId, ...fields, code: error.code, err: error.cause ?? error };
        log.error(line, 'request failed');
      }
      if (!res.destroyed && !res.headersSent) refuse(req, res, requestId, error);
    });
  }

  private async forward(
    req: IncomingMessage,
    res: ServerResponse,
    { target, requestId, pattern }: { target: RequestTarget; requestId: string; pattern: string },
  ): Promise<void> {
    const { upstream } = this.forwardable(req);
    if (!isRead(req.method)) this.requireOwnPage(req);
    const outgoing: Outgoing = {
      method: req.method ?? '',
      path: target.path + target.query,
      headers: requestHeaders(req, this.trusts, requestId),
      answerHeaders: [REQUEST_ID_HEADER, requestId],
    };
    if (pattern === MCP_ROUTE && req.method === 'POST') {
      await this.forwardMcp(req, res, outgoing, upstream);
      return;
    }
    if (hasBody(req)) outgoing.body = limitedBody(req);
    await upstream.forward(outgoing, res);
  }

  private async forwardMcp(
    req: IncomingMessage,
    res: ServerResponse,
    outgoing: Outgoing,
    upstream: Upstream,
  ): Promise<void> {
    const { body, release } = await this.memory.read(req);
    try {
      const verdict = judgeMcp(req.headers, body, this.options.forwardUnknown);
      if (verdict.forward) {
        await upstream.forward({ ...outgoing, body }, res);
        return;
      }
      this.options.metrics.count('gateway_refusals_total', { reason: 'mcp_tool' });
      this.options.log.warn({ tool: verdict.tool }, 'MCP: tool refused');
      sendJson(res, 200, verdict.answer, outgoing.answerHeaders);
    } finally {
      release();
    }
  }

  private async forwardUpgrade(
    req: IncomingMessage,
    socket: Duplex,
    head: Buffer,
  ): Promise<number> {
    const target = readTarget(req.url ?? '');
    const decision = decide(target, this.options.forwardUnknown);
    if (decision.to === 'nobody') throw this.unknownRoute(req, target);
    // Nothing of ours is upgraded; MCP's server neither, and its bodies must be read.
    if (decision.to === 'ours' || decision.pattern === MCP_ROUTE) {
      throw new TenancyError('invalid_request', 'Upgrade: this route has none.');
    }
    checkUpgrade(req);
    // A page of any site may open one, with the cookie, and read what comes.
    this.requireOwnPage(req);
    if (this.upgraded.size > this.limits.atOnce) {
      throw new TenancyError('overloaded', 'Too many upgraded connections.');
    }
    const { url } = this.forwardable(req);
    const headers = requestHeaders(req, this.trusts, randomUUID());
    const outgoing = { url, path: target.path + target.query, headers };
    return forwardUpgrade(outgoing, socket, head, this.limits);
  }

  /** @throws TenancyError `hyperdx_not_configured`, or `hyperdx_unavailable` for a request that goes in a circle. */
  private forwardable(req: IncomingMessage): { url: URL; upstream: Upstream } {
    const { url, upstream } = this;
    if (!url || !upstream) throw new TenancyError('hyperdx_not_configured', NOT_CONFIGURED);
    if (hasPassedUs(req)) {
      throw new TenancyError(
        'hyperdx_unavailable',
        'HYPERDX_API_URL leads back to this service; it must name HyperDX itself.',
      );
    }
    return { url, upstream };
  }

  /** What `sameSite` refuses on our own routes: HyperDX looks at the cookie alone. @throws TenancyError `forbidden`. */
  private requireOwnPage(req: IncomingMessage): void {
    const { headers } = req;
    const { host = '' } = headers;
    const pages = [this.frontend, `http://${host}`, `https://${host}`];
    if (hasSessionCookie(req) && isForeign(headers, pages)) throw foreignPage();
  }

  private unknownRoute({ method = '' }: IncomingMessage, { key }: RequestTarget): TenancyError {
    const route = `${method} ${maskPath(key)}`;
    if (!this.loggedRoutes.has(route) && this.loggedRoutes.size < MAX_LOGGED_ROUTES) {
      this.loggedRoutes.add(route);
      this.options.log.warn(
        { unknownRoute: route },
        'a route that the table of routes does not know was refused; TENANCY_FORWARD_UNKNOWN=true forwards such routes',
      );
    }
    return new TenancyError('not_found', 'There is no such route.');
  }

  private countFailure(error: unknown): void {
    const { metrics } = this.options;
    const code = error instanceof TenancyError ? error.code : 'internal';
    if (code === 'ambiguous_path') metrics.count('gateway_refusals_total', { reason: code });
    if (code === 'not_found') metrics.count('gateway_refusals_total', { reason: 'unknown_route' });
    if (code === 'hyperdx_unavailable' || code === 'hyperdx_timeout') {
      metrics.count('gateway_forward_failures_total', { code });
    }
  }
}

/** @throws TypeError where `hyperdxApiUrl` is no URL. */
export function createGateway(options: GatewayOptions): Gateway {
  return new HyperdxGateway(options);
}
