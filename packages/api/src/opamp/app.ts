import type { Server } from 'node:http';
import type { Server as TlsServer } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';

import type { CollectorGroup } from '@hyperdx-tenancy/domain/contracts/collectorGroup';

import type { OpampConfig } from '../config';
import type { Readiness } from '../controllers/readiness';
import type { Metrics } from '../metrics';
import type { Logger } from '../utils/logger';
import { OpampController } from './controllers/opampController';
import type { AgentLog, Fleet } from './fleet';
import { Admission } from './services/admission';
import { CONNECTION_LIMITS, Connections } from './services/connections';
import type { Closing, ConnectionLimits } from './services/connections';
import { Doorkeeper } from './services/doorkeeper';
import { IN_FLIGHT_LIMITS, InFlight } from './services/inFlight';
import type { InFlightLimits } from './services/inFlight';
import { Push } from './services/push';
import { AgentRegistry } from './services/registry';
import { createListener } from './transport/listener';
import { createPolls } from './transport/polls';
import { createUpgrades } from './transport/upgrades';
import { AgentSockets } from './transport/websocket';

/** Limits that are no settings; tests have smaller ones. */
export interface OpampLimits {
  inFlight: InFlightLimits;
  connections: ConnectionLimits;
  /** Between two looks at all connections, milliseconds. */
  sweepMs: number;
  /** How long sending agents away takes when the server stops, so that they do not all come back at once; milliseconds. */
  spreadMs: number;
  /** Between two looks at the files of TLS, milliseconds. */
  tlsReloadMs: number;
}

const DEFAULT_LIMITS: OpampLimits = {
  inFlight: IN_FLIGHT_LIMITS,
  connections: CONNECTION_LIMITS,
  sweepMs: 1_000,
  spreadMs: 5_000,
  tlsReloadMs: 30_000,
};

export interface OpampServerOptions {
  fleet: Fleet;
  agentLog: AgentLog;
  readiness: Readiness;
  config: OpampConfig;
  log: Logger;
  metrics: Metrics;
  limits?: Partial<OpampLimits>;
}

export interface OpampServer {
  /** With TLS where the configuration says so; not listening yet. */
  server: Server | TlsServer;
  /** Agents that are not gone, by the kind of their group. */
  countAgents(): Record<CollectorGroup['kind'], number>;
  /** Stops listening, lets polls under way end, and sends agents away little by little; ends when all connections have. */
  stop(): Promise<void>;
}

/** Agents sent away at once when the server stops. */
const SENT_AWAY_AT_ONCE = 50;
/** How long agents have to close their end, and polls to end. */
const END_MS = 2_000;

const STOPS: Closing = { code: 1001, reason: 'the server stops' };
const REVOKED: Closing = { code: 1008, reason: 'the token is no longer good' };

/**
 * The OpAMP server: HTTP and WebSockets on one port and one path.
 * @throws ConfigError where the files of TLS cannot be used.
 */
export default function createOpampServer(options: OpampServerOptions): OpampServer {
  const { fleet, agentLog, readiness, config, log, metrics } = options;
  const limits: OpampLimits = { ...DEFAULT_LIMITS, ...options.limits };
  const agents = new AgentRegistry(agentLog, {
    total: config.maxAgents,
    token: config.maxAgentsPerToken,
    newPerHour: config.maxAgentsPerToken,
  });
  const connections = new Connections(limits.connections);
  const inFlight = new InFlight(limits.inFlight);
  const controller = new OpampController({ fleet, agents, agentLog, log, metrics });
  const push = new Push({
    connections,
    outgoing: (connection) => controller.push(connection),
    metrics,
  });
  const doorkeeper = new Doorkeeper({
    fleet,
    admission: new Admission(fleet),
    agents,
    connections,
    limits: config,
  });
  const sockets = new AgentSockets({
    controller,
    connections,
    inFlight,
    alive: (connection) => push.check(connection),
    gone: (connection) => push.forget(connection),
    metrics,
    log,
  });
  const polls = createPolls({ controller, doorkeeper, inFlight, readiness, metrics, log });
  const { tlsReloadMs } = limits;
  const listener = createListener(config, polls, { log, metrics, tlsReloadMs });
  const { server } = listener;
  const accept = sockets.accept.bind(sockets);
  server.on('upgrade', createUpgrades({ doorkeeper, inFlight, accept, metrics, log }));

  const unsubscribe = fleet.onChange((shards) => {
    if (shards) {
      push.changed(shards);
      return;
    }
    for (const connection of connections.outdated()) {
      metrics.count('opamp_refused_total', { reason: 'revoked' });
      connection.finish(REVOKED);
    }
    agents.revoke((admitted) => fleet.isOpen(admitted));
  });

  const timer = setInterval(() => {
    controller.sweep();
    for (const [connection, reason] of connections.sweep(Date.now())) {
      metrics.count('opamp_refused_total', { reason });
      connection.terminate();
    }
  }, limits.sweepMs).unref();

  metrics.beforeScrape(async () => {
    const open = await new Promise<number>((resolve) =>
      server.getConnections((error, count) => resolve(error ? 0 : count)),
    );
    metrics.set('opamp_connections', { transport: 'websocket' }, connections.size);
    metrics.set('opamp_connections', { transport: 'http' }, Math.max(0, open - connections.size));
  });

  async function sendAway(): Promise<void> {
    const all = [...connections];
    const pause = limits.spreadMs / Math.ceil(all.length / SENT_AWAY_AT_ONCE);
    for (let from = 0; from < all.length; from += SENT_AWAY_AT_ONCE) {
      if (from > 0) await sleep(pause);
      for (const connection of all.slice(from, from + SENT_AWAY_AT_ONCE)) connection.finish(STOPS);
    }
  }

  return {
    server,
    countAgents: () => agents.count(),
    async stop() {
      doorkeeper.stop();
      unsubscribe();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      await sendAway();
      const cut = setTimeout(() => {
        for (const connection of connections) connection.terminate();
        server.closeAllConnections();
      }, END_MS);
      await closed;
      clearTimeout(cut);
      clearInterval(timer);
      push.stop();
      listener.stop();
    },
  };
}
