import { createClient } from '@clickhouse/client';
import type { ClickHouseClient } from '@clickhouse/client';
import { getTenantTableName, parseTenantId } from '@hyperdx-tenancy/domain/ids';
import type { TenantId } from '@hyperdx-tenancy/domain/ids';

import { ID_ATTRIBUTE, OWNER_ATTRIBUTE, signals } from './signals';
import type { Signal } from './signals';

/** A record as it is found in a table. */
export interface StoredRecord {
  id: string;
  owner: string;
}

/** What one of a tenant's tables holds. */
export interface TableCount {
  table: string;
  /** Rows in all. */
  stored: number;
  /** Rows whose owner is not this tenant. */
  foreign: number;
}

/** Tables that one query counts: the time to plan a union grows faster than its length. */
const TABLES_PER_QUERY = 80;

/** ClickHouse as an administrator sees it: what is really stored, and where. */
export class Store {
  private readonly client: ClickHouseClient;

  constructor(access: { url: string; username: string; password: string; database?: string }) {
    this.client = createClient({ ...access, request_timeout: 30_000 });
  }

  /** Every record of one signal in a tenant's table, duplicates included. */
  async records(tenant: TenantId, signal: Signal): Promise<StoredRecord[]> {
    const { table, attributes } = signals[signal];
    const result = await this.client.query({
      query: `SELECT ${attributes}[{id:String}] AS id, ${attributes}[{owner:String}] AS owner FROM {table:Identifier} ORDER BY id`,
      query_params: {
        id: ID_ATTRIBUTE,
        owner: OWNER_ATTRIBUTE,
        table: getTenantTableName(table, tenant),
      },
      format: 'JSONEachRow',
    });
    return result.json<StoredRecord>();
  }

  /** Rows of all given tables, their own and others'. */
  async counts(
    tenants: readonly { tenant: TenantId; owner: string }[],
    of: readonly Signal[],
  ): Promise<Map<string, TableCount>> {
    const selects = tenants.flatMap(({ tenant, owner }) =>
      of.map((signal) => {
        const { table, attributes } = signals[signal];
        const name = getTenantTableName(table, parseTenantId(tenant));
        // Names come from the domain's naming, owners are ids: nothing here is free text.
        return `SELECT '${name}' AS table, toUInt32(count()) AS stored, toUInt32(countIf(${attributes}['${OWNER_ATTRIBUTE}'] != '${parseTenantId(owner)}')) AS foreign FROM ${name}`;
      }),
    );
    const counts = new Map<string, TableCount>();
    for (let at = 0; at < selects.length; at += TABLES_PER_QUERY) {
      const result = await this.client.query({
        query: selects.slice(at, at + TABLES_PER_QUERY).join('\nUNION ALL\n'),
        format: 'JSONEachRow',
      });
      for (const count of await result.json<TableCount>()) counts.set(count.table, count);
    }
    return counts;
  }

  /** Names of all tables and views that end in a tenant's id. */
  async tables(tenant: TenantId): Promise<string[]> {
    const result = await this.client.query({
      query: `SELECT name FROM system.tables WHERE database = currentDatabase() AND endsWith(name, {suffix:String}) ORDER BY name`,
      query_params: { suffix: `_${tenant}` },
      format: 'JSONEachRow',
    });
    return (await result.json<{ name: string }>()).map(({ name }) => name);
  }

  async close(): Promise<void> {
    await this.client.close();
  }
}
