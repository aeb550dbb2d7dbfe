import { rootCertificates } from 'node:tls';

import { ClickHouseLogLevel, createClient } from '@clickhouse/client';
import type { ClickHouseClient, ClickHouseClientConfigOptions } from '@clickhouse/client';

import { getConfig } from '../config';

export type { ClickHouseClient };

export interface ClickhouseAccess {
  /** HTTP URL. */
  host: string;
  username: string;
  password: string;
  database: string;
  /** PEM texts, for a server with a certificate of its own, or one that wants ours. */
  tls?: { ca?: string; cert?: string; key?: string };
}

/** The first target of the environment: what HyperDX's own code means when it names none. */
function firstTarget(): ClickhouseAccess {
  const [first] = getConfig().targets;
  if (!first) throw new Error('a configuration without targets');
  return first;
}

function tlsOptions({ tls }: ClickhouseAccess): Pick<ClickHouseClientConfigOptions, 'tls'> {
  if (!tls) return {};
  const ca_cert = Buffer.from(tls.ca ?? rootCertificates.join('\n'));
  if (tls.cert === undefined || tls.key === undefined) return { tls: { ca_cert } };
  return { tls: { ca_cert, cert: Buffer.from(tls.cert), key: Buffer.from(tls.key) } };
}

/** A statement of ours that takes longer than this is stuck: DDL on one table takes milliseconds. */
const REQUEST_TIMEOUT_MS = 30_000;
const MAX_CONNECTIONS = 10;

/**
 * A ClickHouse client with our time limits. Without an argument: for the target that `CLICKHOUSE_*`
 * names. It connects on first use; `close()` ends its connections.
 */
export function getClickhouseClient(access: ClickhouseAccess = firstTarget()): ClickHouseClient {
  return createClient({
    url: access.host,
    username: access.username,
    password: access.password,
    database: access.database,
    application: 'hyperdx-tenancy',
    // Faults reach the caller, who logs them with the tenant: the client's own lines on the console would not be JSON.
    log: { level: ClickHouseLogLevel.OFF },
    request_timeout: REQUEST_TIMEOUT_MS,
    max_open_connections: MAX_CONNECTIONS,
    ...tlsOptions(access),
  });
}
