import { getTenantTableName } from '@hyperdx-tenancy/domain/ids';
import { siteBases } from '@hyperdx-tenancy/domain/tables';
import type { ObservedTable, TablesAt } from '@hyperdx-tenancy/domain/tables';

import type { ClickHouseClient } from './client';
import { select } from './run';

/**
 * A tenant's tables that a site can add to, as they are: what `planSite` compares with what should be. One query.
 * @throws TenancyError `clickhouse_rejected`, `clickhouse_unavailable`.
 */
export async function observeSiteTables(
  client: ClickHouseClient,
  { tenantId, database }: TablesAt,
): Promise<ObservedTable[]> {
  const rows = await select<{
    name: string;
    engine: string;
    comment: string;
    columns: [name: string, type: string, kind: string][];
    indexes: [name: string, type: string][];
  }>(
    client,
    `SELECT name, engine, comment, columns, indexes
     FROM system.tables
     LEFT JOIN (
       SELECT table AS name, groupArray((columns.name, type, default_kind)) AS columns
       FROM system.columns AS columns
       WHERE database = {database:String} AND table IN {tables:Array(String)}
       GROUP BY table
     ) AS columns USING (name)
     LEFT JOIN (
       SELECT table AS name, groupArray((indexes.name, type_full)) AS indexes
       FROM system.data_skipping_indices AS indexes
       WHERE database = {database:String} AND table IN {tables:Array(String)}
       GROUP BY table
     ) AS indexes USING (name)
     WHERE database = {database:String} AND name IN {tables:Array(String)}`,
    { database, tables: siteBases.map((base) => getTenantTableName(base, tenantId)) },
  );
  return rows.map(({ name, engine, comment, columns, indexes }) => ({
    name,
    kind: engine === 'MaterializedView' ? 'view' : 'table',
    comment,
    columns: columns.map(([column, type, kind]) => ({ name: column, type, kind })),
    indexes: indexes.map(([index, type]) => ({ name: index, type })),
  }));
}
