import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';

import type { CollectorGroup } from '@hyperdx-tenancy/domain/contracts/collectorGroup';
import { tenantStatuses } from '@hyperdx-tenancy/domain/contracts/tenant';

import type { TenantCounts } from './controllers/tenantCounts';
import type { Metrics } from './metrics';
import type { Logger } from './utils/logger';

export interface MetricsAppOptions {
  metrics: Metrics;
  /** `undefined` while MongoDB does not answer; never rejects. */
  countTenants: () => Promise<TenantCounts | undefined>;
  countAgents: () => Record<CollectorGroup['kind'], number>;
  log: Logger;
}

/** Scrapers are few; whoever opens more connections waits for nothing of use. */
const MAX_CONNECTIONS = 32;

/** Asks for what is not counted as it happens. */
async function refresh({ metrics, countTenants, countAgents }: MetricsAppOptions): Promise<void> {
  for (const [group, agents] of Object.entries(countAgents())) {
    metrics.set('opamp_agents_connected', { group: group as CollectorGroup['kind'] }, agents);
  }
  const tenants = await countTenants();
  metrics.set('mongo_up', {}, tenants ? 1 : 0);
  // An old number would look like a current one: while it is not known, there is none.
  for (const status of tenantStatuses) metrics.set('tenants', { status }, tenants?.[status]);
}

/**
 * The metrics server: `GET /metrics`, and nothing else. On a port of its own, so that a firewall can keep it
 * inside; what it says names no tenant and no key.
 */
export function createMetricsServer(options: MetricsAppOptions): Server {
  const { metrics, log } = options;
  metrics.beforeScrape(() => refresh(options));

  async function answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    // No body is of use here; what comes is not kept.
    req.resume();
    if ((req.url ?? '').split('?', 1)[0] !== '/metrics') {
      res.writeHead(404).end();
    } else if (req.method !== 'GET') {
      res.writeHead(405, { allow: 'GET' }).end();
    } else {
      const text = await metrics.render();
      res.writeHead(200, { 'content-type': metrics.contentType }).end(text);
    }
  }

  const server = createServer({ requestTimeout: 10_000 }, (req, res) => {
    answer(req, res).catch((error: unknown) => {
      log.error({ err: error }, 'metrics could not be rendered');
      if (res.headersSent) res.destroy();
      else res.writeHead(500).end();
    });
  });
  server.maxConnections = MAX_CONNECTIONS;
  return server;
}
