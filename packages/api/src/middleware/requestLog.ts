import type { IncomingMessage, ServerResponse } from 'node:http';

import { ADMIN_BASE, adminRoutes } from '@hyperdx-tenancy/domain/contracts/routes';
import { isTenantId } from '@hyperdx-tenancy/domain/ids';
import type { RequestHandler } from 'express';

import { secondsSince } from '../metrics';
import type { Metrics } from '../metrics';
import type { Logger } from '../utils/logger';
import { withLogFields } from '../utils/logScope';
import { matchRoute } from '../utils/routePatterns';
import { isRead } from './sameSite';

/** Where the paths of one tenant lie: what follows is its id. */
const TENANT_ROUTE = ADMIN_BASE + adminRoutes.tenants.get.path;

/** What a line says of a request: never its path, query, headers or body, which may hold keys and tokens. */
export interface RequestFields {
  method: string | undefined;
  /** The pattern that its path fits. */
  route: string;
  tenant?: string;
}

function describe(method: string | undefined, path: string): RequestFields {
  const { pattern, params } = matchRoute(path);
  const id = pattern.startsWith(TENANT_ROUTE) ? params['id']?.toLowerCase() : undefined;
  return { method, route: pattern, ...(isTenantId(id) ? { tenant: id } : {}) };
}

/** nginx's status for a client that left before it was answered; no answer of ours has it. */
const CLIENT_LEFT = 499;

export interface RequestEnd extends RequestFields {
  status: number;
  ms: number;
}

/**
 * Measures a request, and tells when it has ended.
 * @param path without its query.
 */
export function observeRequest(
  server: 'api' | 'opamp',
  path: string,
  req: IncomingMessage,
  res: ServerResponse,
  metrics: Metrics,
  onEnd: (end: RequestEnd) => void,
): RequestFields {
  const fields = describe(req.method, path);
  const labels = { server, method: fields.method ?? '', route: fields.route };
  const start = process.hrtime.bigint();
  metrics.add('http_requests_in_flight', { server }, 1);
  // Comes once, however it ended: answered, or cut.
  res.once('close', () => {
    const seconds = secondsSince(start);
    const status = res.writableFinished ? res.statusCode : CLIENT_LEFT;
    metrics.add('http_requests_in_flight', { server }, -1);
    metrics.count('http_requests_total', { ...labels, status: String(status) });
    metrics.observe('http_request_duration_seconds', labels, seconds);
    onEnd({ ...fields, status, ms: Math.round(seconds * 1e4) / 10 });
  });
  return fields;
}

/** Writes the line of a request of the API that has ended: at level `debug` where it changed nothing, else at `info`. */
export function logRequest(log: Logger, requestId: string, end: RequestEnd): void {
  const line = { requestId, ...end };
  if (isRead(end.method)) log.debug(line, 'request');
  else log.info(line, 'request');
}

/**
 * Writes a line for each request once it has ended, and measures it. Changes are written at level `info`, reads,
 * probes and polls among them, at `debug`. It stands behind `requestId`, whose id all lines of the request carry.
 */
export function requestLog(metrics: Metrics, log: Logger): RequestHandler {
  return function requestObserver(req, res, next) {
    const { requestId } = res.locals as { requestId: string };
    const fields = observeRequest('api', req.path, req, res, metrics, (end) =>
      logRequest(log, requestId, end),
    );
    res.locals['request'] = fields;
    withLogFields({ requestId }, next);
  };
}
