import { randomBytes, randomUUID } from 'node:crypto';

import { createClient } from '@clickhouse/client';
import type { ClickHouseServer } from '@hyperdx-tenancy/devkit/clickhouse';
import type { CollectorTeam } from '@hyperdx-tenancy/domain/collector';
import { getTenantTableName, parseTenantId } from '@hyperdx-tenancy/domain/ids';
import type { TenantId } from '@hyperdx-tenancy/domain/ids';
import { defaultRetention, renderTenantTables } from '@hyperdx-tenancy/domain/tables';

import { signals } from './signals';
import type { Signal } from './signals';

/** A tenant made by statements alone: neither the API nor MongoDB has a part in it. */
export interface BareTenant {
  id: TenantId;
  key: string;
  /** As a config's builder wants it. */
  team: CollectorTeam;
}

/** Statements under way at once. */
const AT_ONCE = 4;

/** The team of a tenant whose tables are behind a port of this machine. */
export function bareTenant(server: ClickHouseServer, port = server.port): BareTenant {
  const id = parseTenantId(randomBytes(12).toString('hex'));
  const key = randomUUID();
  return {
    id,
    key,
    team: {
      teamId: randomBytes(12).toString('hex'),
      tenantId: id,
      apiKey: key,
      authenticate: true,
      credentials: {
        kind: 'literal',
        // The embedded engine speaks ClickHouse's HTTP interface only, without its compression.
        endpoint: `http://127.0.0.1:${port}?compress=none`,
        username: server.user,
        password: server.password,
        database: server.database,
      },
    },
  };
}

/**
 * Makes tenants' tables as the product does.
 * @param of only the base tables of these signals, without rollups.
 */
export async function makeTables(
  server: ClickHouseServer,
  tenants: readonly BareTenant[],
  of?: readonly Signal[],
): Promise<void> {
  const [major = NaN, minor = NaN] = server.version.split('.').map(Number);
  const wanted = (id: TenantId): ReadonlySet<string> | undefined =>
    of && new Set(of.map((signal) => getTenantTableName(signals[signal].table, id)));
  const client = createClient({ ...server.client(), request_timeout: 60_000 });
  const queue = [...tenants];
  const work = async (): Promise<void> => {
    for (let tenant = queue.pop(); tenant; tenant = queue.pop()) {
      const only = wanted(tenant.id);
      const statements = renderTenantTables({
        tenantId: tenant.id,
        database: server.database,
        clickhouseVersion: { major, minor },
        engine: 'MergeTree',
        partitioning: 'day',
        retention: defaultRetention,
      });
      for (const { object, sql } of statements) {
        if (only?.has(object) ?? true) await client.command({ query: sql });
      }
    }
  };
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  } finally {
    await client.close();
  }
}
