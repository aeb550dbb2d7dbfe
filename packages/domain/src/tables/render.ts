import { getTenantTableName } from '../ids';
import { formatTableComment } from './comment';
import type { Engine, Partitioning, TablesAt, TablesContext } from './context';
import { checkContext } from './context';
import type { BaseName } from './names';
import { quoteIdentifier, quoteLiteral, quoteQualified } from './quote';
import { schemaVersion, templates } from './registry';
import type { Column, SkipIndex, TableTemplate, Template, ViewTemplate } from './template';
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
 * @throws TenancyError `invalid_request` for a context that no server would take.
 */
export function renderTenantTables(context: TablesContext): Statement[] {
  return templates.map((template) => ({
    object: getTenantTableName(template.base, context.tenantId),
    kind: template.kind,
    sql: renderCreateTable(template, context),
  }));
}

/** The `CREATE` statement of one table or view. @throws as {@link renderTenantTables}. */
export function renderCreateTable(template: Template, context: TablesContext): string {
  checkContext(context);
  return template.kind === 'table' ? renderTable(template, context) : renderView(template, context);
}

function renderTable(template: TableTemplate, context: TablesContext): string {
  const version = context.clickhouseVersion;
  const present = <T extends Parameters<typeof existsIn>[0]>(all: readonly T[]): T[] =>
    all.filter((item) => existsIn(item, version));
  const elements = [
    ...present(template.columns).map(renderColumn),
    ...present(template.indexes).map(renderIndex),
  ];
  const settings = present(template.settings).map(({ name, value }) => `${name} = ${value}`);
  const time = quoteIdentifier(template.timeColumn);
  return lines(
    `CREATE TABLE IF NOT EXISTS ${target(template.base, context)}`,
    `(\n  ${elements.join(',\n  ')}\n)`,
    `ENGINE = ${renderEngine(template.engine, context.engine)}`,
    `PARTITION BY ${partitionFunctions[context.partitioning]}(${time})`,
    template.primaryKey && `PRIMARY KEY (${template.primaryKey.join(', ')})`,
    `ORDER BY (${template.orderBy.join(', ')})`,
    // toDateTime and not toDate: with a day's retention a row of 23:59 would be gone at midnight.
    `TTL toDateTime(${time}) + toIntervalHour(${context.retention[template.signal]})`,
    `SETTINGS ${settings.join(', ')}`,
    renderComment(template, context),
  );
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
    renderComment(template, context),
  );
}

function renderColumn({ name, type, computed, comment, codec }: Column): string {
  return [
    `${quoteIdentifier(name)} ${type}`,
    computed && `${computed.kind} ${computed.expression}`,
    comment !== undefined && `COMMENT ${quoteLiteral(comment)}`,
    codec !== undefined && `CODEC(${codec})`,
  ]
    .filter(Boolean)
    .join(' ');
}

function renderIndex({ name, expression, type, granularity }: SkipIndex): string {
  const index = `INDEX ${quoteIdentifier(name)} ${expression} TYPE ${type}`;
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

function renderComment({ base }: Template, { tenantId }: TablesContext): string {
  return `COMMENT ${quoteLiteral(formatTableComment({ schemaVersion, tenantId, base }))}`;
}

/** `database.object`, with `ON CLUSTER` where the target is one: what follows CREATE or DROP. */
export function target(base: BaseName, { tenantId, database, cluster }: TablesAt): string {
  const name = quoteQualified(database, getTenantTableName(base, tenantId));
  return cluster === undefined ? name : `${name} ON CLUSTER ${quoteIdentifier(cluster)}`;
}

function lines(...parts: (string | false | undefined)[]): string {
  return parts.filter(Boolean).join('\n');
}
