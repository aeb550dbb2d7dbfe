import { TenancyError } from '@hyperdx-tenancy/domain/errors';
import { getTenantTableName } from '@hyperdx-tenancy/domain/ids';
import type { TenantId } from '@hyperdx-tenancy/domain/ids';
import type { Settings } from '@hyperdx-tenancy/domain/plans';
import {
  expectedColumns,
  exporterTemplates,
  planRetention,
  planSite,
  planTables,
  renderTenantTables,
  tableTemplates,
  withSite,
} from '@hyperdx-tenancy/domain/tables';
import type {
  ObservedObject,
  Retention,
  SitePlan,
  Statement,
  TablesContext,
} from '@hyperdx-tenancy/domain/tables';

import { inParallel } from '../utils/inParallel';
import { select } from './run';
import { observeSiteTables } from './siteTables';
import type { Target } from './target';

/** Statements of one tenant that run at once: they wait for the disk and for Keeper more than they work. */
const AT_ONCE = 4;

/** What a tenant's DDL depends on. @throws TenancyError as `Target.facts`. */
export async function tablesContext(
  target: Target,
  tenantId: TenantId,
  settings: Pick<Settings, 'partitioning' | 'retentionHours'>,
): Promise<TablesContext> {
  const { database, cluster, replicated } = target.config;
  const { definer } = target;
  const { version: clickhouseVersion, site } = await target.facts();
  return {
    tenantId,
    database,
    clickhouseVersion,
    engine: replicated === undefined ? 'MergeTree' : { replicated },
    partitioning: settings.partitioning,
    retention: settings.retentionHours,
    site,
    ...(cluster === undefined ? {} : { cluster }),
    ...(definer === undefined ? {} : { definer }),
  };
}

async function observe(target: Target, names: string[]): Promise<ObservedObject[]> {
  const rows = await target.select<{ name: string; engine: string; comment: string }>(
    `SELECT name, engine, comment FROM system.tables
     WHERE database = {database:String} AND name IN {names:Array(String)}`,
    { database: target.config.database, names },
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
export async function createTenantTables(target: Target, context: TablesContext): Promise<void> {
  await target.prepare();
  const desired = renderTenantTables(context);
  const observed = await observe(
    target,
    desired.map(({ object }) => object),
  );
  const missing = planTables(desired, observed).flatMap((step) =>
    step.action === 'create' ? [step.statement] : [],
  );
  const make = (kind: Statement['kind']): Promise<void> =>
    inParallel(
      missing.filter((statement) => statement.kind === kind),
      AT_ONCE,
      (statement) => target.run(statement),
    );
  try {
    await make('table');
    // A view names tables that must exist.
    await make('view');
  } catch (error) {
    // The views' user may be gone: the next attempt makes it again.
    target.forget();
    throw error;
  }
}

/** Who looks at the tables: without it the administrator. */
export interface Login {
  username: string;
  password: string;
}

/**
 * Proves that a tenant's tables are there with the columns that the collector writes and HyperDX reads: an exporter
 * that misses one table stores the others again and again. One query.
 * @param writer who must see the columns of what the exporter writes, as its `DESC TABLE` will: proves login and grants.
 * @throws TenancyError `clickhouse_rejected` naming the first table and column that differ.
 */
export async function verifyTenantTables(
  target: Target,
  { tenantId, database, clickhouseVersion, site }: TablesContext,
  writer?: Login,
): Promise<void> {
  const templates = writer === undefined ? tableTemplates : exporterTemplates;
  const expected = templates.map((template) => ({
    table: getTenantTableName(template.base, tenantId),
    columns: expectedColumns(withSite(template, site), clickhouseVersion),
  }));
  const rows = await select<{ table: string; name: string; type: string }>(
    target.admin,
    `SELECT table, name, type FROM system.columns
     WHERE database = {database:String} AND table IN {tables:Array(String)}`,
    { database, tables: expected.map(({ table }) => table) },
    writer,
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

/** What is there otherwise than the site says. */
export type SiteConflict = SitePlan['conflicts'][number];

/**
 * Brings tables that exist to the retention and the site's additions of `context`. Safe to run again at any point.
 * @param previous the retention that they have; without it, it is stated for all of them.
 * @returns what is there otherwise than the site says, and stays so.
 * @throws TenancyError `foreign_table`, `clickhouse_rejected`, `clickhouse_unavailable`.
 */
export async function updateTenantTables(
  target: Target,
  context: TablesContext,
  previous: Retention | undefined,
): Promise<SiteConflict[]> {
  const site = planSite(context, await observeSiteTables(target.admin, context));
  for (const statement of [...site.statements, ...planRetention(context, previous)]) {
    await target.run(statement);
  }
  return site.conflicts;
}
