import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Server as TlsServer } from 'node:https';

import type { OpampConfig } from '../../config';
import type { Metrics } from '../../metrics';
import type { Logger } from '../../utils/logger';
import { refuseForged, tlsOptions, TlsReload } from './tls';

/** A supervisor polls every 30 s by default; a connection should live from one poll to the next. */
const KEEP_ALIVE_MS = 65_000;

/** For the head of a request, and for all of it. */
const HEAD_MS = 10_000;
const REQUEST_MS = 30_000;
const LOOK_MS = 5_000;

/** Nothing came or went over it for so long: an answer that is not read, among others. WebSockets have their own limits. */
const IDLE_MS = 90_000;

/** Beside those of agents: probes, agents with several connections, those that are refused. */
const SPARE_CONNECTIONS = 1_000;

/** A request has some 0.5 KB of head. */
const MAX_HEADER_BYTES = 8 * 1024;

const limits = {
  keepAliveTimeout: KEEP_ALIVE_MS,
  headersTimeout: HEAD_MS,
  requestTimeout: REQUEST_MS,
  connectionsCheckingInterval: LOOK_MS,
  maxHeaderSize: MAX_HEADER_BYTES,
} as const;

export interface Listener {
  /** Not listening yet. */
  server: Server | TlsServer;
  /** Ends what looks after its certificates. */
  stop(): void;
}

/**
 * The server of the OpAMP port, with TLS where files are named, and with limits on whoever connects.
 * @throws ConfigError where the files of TLS cannot be used.
 */
export function createListener(
  { tls, maxAgents }: OpampConfig,
  listener: RequestListener,
  { log, metrics, tlsReloadMs }: { log: Logger; metrics: Metrics; tlsReloadMs: number },
): Listener {
  const server = tls
    ? createTlsServer({ ...limits, ...tlsOptions(tls) }, listener)
    : createServer(limits, listener);
  server.setTimeout(IDLE_MS);
  server.maxConnections = maxAgents + SPARE_CONNECTIONS;
  if (!tls || !('setSecureContext' in server)) return { server, stop: () => undefined };

  const countRefused = (): void => metrics.count('opamp_refused_total', { reason: 'tls' });
  server.on('tlsClientError', countRefused);
  refuseForged(server, countRefused);
  const reload = new TlsReload(server, tls, log);
  reload.start(tlsReloadMs);
  return { server, stop: () => reload.stop() };
}
