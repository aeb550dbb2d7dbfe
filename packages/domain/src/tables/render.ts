import { getTenantTableName } from '../ids';
import { formatTableComment } from './comment';
import type { Engine, Partitioning, TablesAt, TablesContext } from './context';
import { checkContext } from './context';
import { withSite } from './mergeSite';
import type { BaseName } from './names';
import { quoteIdentifier, quoteLiteral, quoteQualified } from './quote';
import { currentTemplates, schemaVersion } from './registry';
import { siteMark } from './siteHash';
import type { TemplateSet } from './registry';
import type { Column, SkipIndex, TableTemplate, Template, ViewTemplate } from './template';
import type { ClickHouseVersion } from './version';
import { existsIn } from './version';

/** One DDL statement on one object of a tenant. */
export interface Statement {
  /** The object's name, without its database. */
  object: string;
  kind: 'table' | 'view';
  sql: string;
}

/**
 * The statements that make all of a tenant's objects, in an order in which each finds what it needs. Every one is
 * `IF NOT EXISTS`: running them again changes nothing.
 * @throws TenancyError `invalid_request` for a context that no server would take, or a site's additions that cannot be.
 */
export function renderTenantTables(
  context: TablesContext,
  set: TemplateSet = currentTemplates,
): Statement[] {
  return set.templates.map((template) => ({
    object: getTenantTableName(template.base, context.tenantId),
    kind: template.kind,
    sql: renderCreateTable(template, context, set.schemaVersion),
  }));
}

/**
 * The `CREATE` statement of one table or view, with what the site adds to it.
 * @throws as {@link renderTenantTables}.
 */
export function renderCreateTable(
  template: Template,
  context: TablesContext,
  version: number = schemaVersion,
): string {
  checkContext(context);
  const merged = withSite(template, context.site);
  return lines(
    merged.kind === 'table' ? renderTable(merged, context) : renderView(merged, context),
    `COMMENT ${renderComment(template.base, context, version)}`,
  );
}

function renderTable(template: TableTemplate, context: TablesContext): string {
  const settings = template.settings
    .filter((setting) => existsIn(setting, context.clickhouseVersion))
    .map(({ name, value }) => `${name} = ${value}`);
  return lines(
    `CREATE TABLE IF NOT EXISTS ${target(template.base, context)}`,
    `(\n  ${renderElements(template, context.clickhouseVersion).join(',\n  ')}\n)`,
    `ENGINE = ${renderEngine(template.engine, context.engine)}`,
    `PARTITION BY ${partitionFunctions[context.partitioning]}(${quoteIdentifier(template.timeColumn)})`,
    template.primaryKey && `PRIMARY KEY (${template.primaryKey.join(', ')})`,
    `ORDER BY (${template.orderBy.join(', ')})`,
    `TTL ${renderTtl(template, context)}`,
    `SETTINGS ${settings.join(', ')}`,
  );
}

/** When a row goes. toDateTime and not toDate: with a day's retention a row of 23:59 would be gone at midnight. */
export function renderTtl(template: TableTemplate, { retention }: TablesContext): string {
  return `toDateTime(${quoteIdentifier(template.timeColumn)}) + toIntervalHour(${retention[template.signal]})`;
}

/** Counts, per 15 minutes, the values of each of `keys`; empty values too, as HyperDX 2.36 does. */
function renderView(template: ViewTemplate, context: TablesContext): string {
  const { database, definer } = context;
  const pairs = template.keys.map(
    (key) => `(${quoteLiteral(key)}, toString(${quoteIdentifier(key)}))`,
  );
  return lines(
    `CREATE MATERIALIZED VIEW IF NOT EXISTS ${target(template.base, context)}`,
    `TO ${quoteQualified(database, getTenantTableName(template.to, context.tenantId))}`,
    definer !== undefined && `DEFINER = ${quoteIdentifier(definer)} SQL SECURITY DEFINER`,
    `AS SELECT`,
    `  toStartOfFifteenMinutes(${quoteIdentifier(template.timeColumn)}) AS Timestamp,`,
    `  'NativeColumn' AS ColumnIdentifier,`,
    `  pair.1 AS Key,`,
    `  pair.2 AS Value,`,
    `  count() AS count`,
    `FROM ${quoteQualified(database, getTenantTableName(template.from, context.tenantId))}`,
    `ARRAY JOIN [\n  ${pairs.join(',\n  ')}\n] AS pair`,
    `GROUP BY Timestamp, ColumnIdentifier, Key, Value`,
  );
}

/** What stands in the parentheses of a CREATE: the columns and indexes that a release has. */
export function renderElements(template: TableTemplate, version: ClickHouseVersion): string[] {
  return [
    ...template.columns.filter((column) => existsIn(column, version)).map(renderColumn),
    ...template.indexes
      .filter((index) => existsIn(index, version))
      .map((index) => `INDEX ${renderIndex(index)}`),
  ];
}

/** A column as CREATE and ALTER declare it. */
export function renderColumn({ name, type, computed, comment, codec }: Column): string {
  return [
    `${quoteIdentifier(name)} ${type}`,
    computed && `${computed.kind} ${computed.expression}`,
    comment !== undefined && `COMMENT ${quoteLiteral(comment)}`,
    codec !== undefined && `CODEC(${codec})`,
  ]
    .filter(Boolean)
    .join(' ');
}

/** A skip index as CREATE and ALTER declare it, after `INDEX`. */
export function renderIndex({ name, expression, type, granularity }: SkipIndex): string {
  const index = `${quoteIdentifier(name)} ${expression} TYPE ${type}`;
  return granularity === undefined ? index : `${index} GRANULARITY ${granularity}`;
}

function renderEngine({ name, args = [] }: TableTemplate['engine'], engine: Engine): string {
  const own = args.map(quoteIdentifier);
  if (engine === 'MergeTree') return own.length === 0 ? name : `${name}(${own.join(', ')})`;
  const { path, replica } = engine.replicated;
  return `Replicated${name}(${[quoteLiteral(path), quoteLiteral(replica), ...own].join(', ')})`;
}

const partitionFunctions: Record<Partitioning, string> = {
  day: 'toDate',
  week: 'toMonday',
  month: 'toYYYYMM',
};

/** The COMMENT of an object that `version` of the templates made, as a literal. */
export function renderComment(base: BaseName, context: TablesContext, version: number): string {
  const site = siteMark(context.site, base);
  return quoteLiteral(
    formatTableComment({
      schemaVersion: version,
      tenantId: context.tenantId,
      base,
      ...(site !== undefined && { site }),
    }),
  );
}

/** `database.object`, with `ON CLUSTER` where the target is one: what follows CREATE, ALTER or DROP. */
export function target(base: BaseName, { tenantId, database, cluster }: TablesAt): string {
  const name = quoteQualified(database, getTenantTableName(base, tenantId));
  return cluster === undefined ? name : `${name} ON CLUSTER ${quoteIdentifier(cluster)}`;
}

function lines(...parts: (string | false | undefined)[]): string {
  return parts.filter(Boolean).join('\n');
}
