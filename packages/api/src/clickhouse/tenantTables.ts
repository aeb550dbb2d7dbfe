import { TenancyError } from '@hyperdx-tenancy/domain/errors';
import { getTenantTableName } from '@hyperdx-tenancy/domain/ids';
import type { TenantId } from '@hyperdx-tenancy/domain/ids';
import {
  expectedColumns,
  planTables,
  renderTenantTables,
  tableTemplates,
} from '@hyperdx-tenancy/domain/tables';
import type { ClickHouseVersion, ObservedObject } from '@hyperdx-tenancy/domain/tables';

import type { ClickHouseClient } from './client';
import { execute, select } from './run';

/** Where a tenant's tables go. */
export interface TablesTarget {
  admin: ClickHouseClient;
  database: string;
  /** Hours that every signal is kept. */
  retentionHours: number;
}

const VERSION = /^(\d+)\.(\d+)/;

/** The server's release, as far as DDL depends on it. */
export async function readVersion(client: ClickHouseClient): Promise<ClickHouseVersion> {
  const [row] = await select<{ version: string }>(client, 'SELECT version() AS version');
  const match = VERSION.exec(row?.version ?? '');
  if (!match) throw new TenancyError('clickhouse_rejected', 'ClickHouse answered no version.');
  return { major: Number(match[1]), minor: Number(match[2]) };
}

async function observe(target: TablesTarget, names: string[]): Promise<ObservedObject[]> {
  const rows = await select<{ name: string; engine: string; comment: string }>(
    target.admin,
    `SELECT name, engine, comment FROM system.tables
     WHERE database = {database:String} AND name IN {names:Array(String)}`,
    { database: target.database, names },
  );
  return rows.map(({ name, engine, comment }) => ({
    name,
    kind: engine === 'MaterializedView' ? 'view' : 'table',
    comment,
  }));
}

/**
 * Makes those of a tenant's tables and views that are missing. Safe to run again at any point.
 * @throws TenancyError `foreign_table` where another object has a name that is needed, before anything is
 *   made; `clickhouse_rejected`, `clickhouse_unavailable`.
 */
export async function createTenantTables(target: TablesTarget, tenantId: TenantId): Promise<void> {
  const { retentionHours: hours } = target;
  const desired = renderTenantTables({
    tenantId,
    database: target.database,
    clickhouseVersion: await readVersion(target.admin),
    engine: 'MergeTree',
    partitioning: 'day',
    retention: { logs: hours, traces: hours, sessions: hours, metrics: hours },
  });
  const observed = await observe(
    target,
    desired.map(({ object }) => object),
  );
  for (const step of planTables(desired, observed)) {
    if (step.action === 'create') await execute(target.admin, step.statement.sql);
  }
}

/**
 * Proves that all of a tenant's tables are there with the columns that the collector writes and HyperDX
 * reads: an exporter that misses one table stores the others again and again. One query.
 * @throws TenancyError `clickhouse_rejected` naming the first table and column that differ.
 */
export async function verifyTenantTables(target: TablesTarget, tenantId: TenantId): Promise<void> {
  const version = await readVersion(target.admin);
  const expected = tableTemplates.map((template) => ({
    table: getTenantTableName(template.base, tenantId),
    columns: expectedColumns(template, version),
  }));
  const rows = await select<{ table: string; name: string; type: string }>(
    target.admin,
    `SELECT table, name, type FROM system.columns
     WHERE database = {database:String} AND table IN {tables:Array(String)}`,
    { database: target.database, tables: expected.map(({ table }) => table) },
  );
  const types = new Map(rows.map(({ table, name, type }) => [`${table}.${name}`, type]));
  for (const { table, columns } of expected) {
    for (const [name, type] of columns) {
      const found = types.get(`${table}.${name}`);
      if (found === type) continue;
      throw new TenancyError(
        'clickhouse_rejected',
        `Table ${table}: column ${name} is ${found ?? 'missing'}, should be ${type}.`,
      );
    }
  }
}
