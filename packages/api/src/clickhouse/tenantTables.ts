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
  quoteQualified,
  renderTenantTables,
  tableTemplates,
} from '@hyperdx-tenancy/domain/tables';
import type {
  ObservedObject,
  Retention,
  SitePlan,
  Statement,
  TablesContext,
  TableTemplate,
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
 * @param fresh nothing of this tenant can be there yet: to look for it would cost more with every tenant.
 * @throws TenancyError `foreign_table` where another object has a name that is needed, before anything is
 *   made; `clickhouse_rejected`, `clickhouse_unavailable`.
 */
export async function createTenantTables(
  target: Target,
  context: TablesContext,
  { fresh = false }: { fresh?: boolean } = {},
): Promise<void> {
  await target.prepare();
  const desired = renderTenantTables(context);
  const missing = fresh ? desired : await withoutExisting(target, desired);
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

async function withoutExisting(target: Target, desired: Statement[]): Promise<Statement[]> {
  const observed = await observe(
    target,
    desired.map(({ object }) => object),
  );
  return planTables(desired, observed).flatMap((step) =>
    step.action === 'create' ? [step.statement] : [],
  );
}

/** Who asks. */
export interface Login {
  username: string;
  password: string;
}

/**
 * Proves that a tenant's tables are there with the columns that the collector writes and HyperDX reads: an exporter
 * that misses one table stores the others again and again. A site's own columns are nobody's need.
 * @throws TenancyError `clickhouse_rejected` naming the first table and column that differ.
 */
export async function verifyTenantTables(target: Target, context: TablesContext): Promise<void> {
  const expected = tableTemplates.map((template) => expectation(template, context));
  const rows = await target.select<{ table: string; name: string; type: string }>(
    `SELECT table, name, type FROM system.columns
     WHERE database = {database:String} AND table IN {tables:Array(String)}`,
    { database: context.database, tables: expected.map(({ table }) => table) },
  );
  for (const { table, columns } of expected) {
    compareColumns(
      table,
      columns,
      rows.filter((row) => row.table === table),
    );
  }
}

/**
 * Proves the same of the tables that the exporter writes, by what it will ask as whom it will ask: login, grants and
 * columns at once. `DESCRIBE` costs the same however many tables a server has.
 * @throws TenancyError as {@link verifyTenantTables}.
 */
export async function verifyAsWriter(
  target: Target,
  context: TablesContext,
  writer: Login,
): Promise<void> {
  await inParallel(exporterTemplates, AT_ONCE, async (template) => {
    const { table, columns } = expectation(template, context);
    const rows = await select<{ name: string; type: string }>(
      target.admin,
      `DESCRIBE TABLE ${quoteQualified(context.database, table)}`,
      {},
      writer,
    );
    compareColumns(table, columns, rows);
  });
}

function expectation(
  template: TableTemplate,
  { tenantId, clickhouseVersion }: TablesContext,
): { table: string; columns: ReadonlyMap<string, string> } {
  return {
    table: getTenantTableName(template.base, tenantId),
    columns: expectedColumns(template, clickhouseVersion),
  };
}

function compareColumns(
  table: string,
  expected: ReadonlyMap<string, string>,
  found: readonly { name: string; type: string }[],
): void {
  const types = new Map(found.map(({ name, type }) => [name, type]));
  for (const [name, type] of expected) {
    const is = types.get(name);
    if (is === type) continue;
    throw new TenancyError(
      'clickhouse_rejected',
      `Table ${table}: column ${name} is ${is ?? 'missing'}, should be ${type}.`,
    );
  }
}

/** What of a site's additions is otherwise than it says, or no longer said. */
export type SiteRemains = Pick<SitePlan, 'conflicts' | 'left'>;

/**
 * Brings tables that exist to the retention and the site's additions of `context`. Safe to run again at any point.
 * @param previous the retention that they have; without it, it is stated for all of them.
 * @returns what stays as it is.
 * @throws TenancyError `foreign_table`, `clickhouse_rejected`, `clickhouse_unavailable`.
 */
export async function updateTenantTables(
  target: Target,
  context: TablesContext,
  previous: Retention | undefined,
): Promise<SiteRemains> {
  const { statements, conflicts, left } = planSite(
    context,
    await observeSiteTables(target.admin, context),
  );
  for (const statement of [...statements, ...planRetention(context, previous)]) {
    await target.run(statement);
  }
  return { conflicts, left };
}
