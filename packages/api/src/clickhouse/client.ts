import { ClickHouseLogLevel, createClient } from '@clickhouse/client';
import type { ClickHouseClient } from '@clickhouse/client';

import { getConfig } from '../config';

export type { ClickHouseClient };

export interface ClickhouseAccess {
  /** HTTP URL. */
  host: string;
  username: string;
  password: string;
  database: string;
}

/** A statement of ours that takes longer than this is stuck: DDL on one table takes milliseconds. */
const REQUEST_TIMEOUT_MS = 30_000;
const MAX_CONNECTIONS = 10;

/**
 * A ClickHouse client with our time limits. Without an argument: for the target that `CLICKHOUSE_*`
 * names. It connects on first use; `close()` ends its connections.
 */
export function getClickhouseClient(
  access: ClickhouseAccess = getConfig().target,
): ClickHouseClient {
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
  });
}
