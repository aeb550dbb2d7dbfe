import { quoteLiteral } from '../tables/quote';
import type { TenantScope } from './scope';

/** A table of `system` that a tenant may read. */
export interface SystemTable {
  /** The rows of it that are the tenant's; without it every row is the same for everybody. */
  rows?: (tenant: TenantScope) => string;
  /** Columns that `*` leaves out, which are there under a second name. */
  aliases?: readonly (readonly [column: string, name: string])[];
}

const listed = (): string => Object.keys(systemTables).map(quoteLiteral).join(', ');

/** Rows about the tenant's tables: `name` is the column that holds a table's name. */
const aboutOwn =
  (name: string) =>
  ({ id, database }: TenantScope): string =>
    `database = ${quoteLiteral(database)} AND endsWith(${name}, ${quoteLiteral(`_${id}`)})`;

/** And about the system tables themselves, which HyperDX describes. */
const aboutReadable = (name: string) => (tenant: TenantScope) =>
  `(${aboutOwn(name)(tenant)}) OR (database = 'system' AND ${name} IN (${listed()}))`;

/** What HyperDX 2.36 reads as a tenant (`systemReads` of its grants), and tables of constants. */
export const systemTables: Readonly<Record<string, SystemTable>> = {
  tables: { rows: aboutReadable('name'), aliases: [['name', 'table']] },
  columns: { rows: aboutReadable('table'), aliases: [['name', 'column']] },
  databases: {
    rows: ({ database }) => `name = ${quoteLiteral(database)}`,
    aliases: [['name', 'database']],
  },
  parts: {
    rows: aboutOwn('table'),
    aliases: [
      ['bytes_on_disk', 'bytes'],
      ['marks_bytes', 'marks_size'],
      ['name', 'part_name'],
    ],
  },
  data_skipping_indices: { rows: aboutOwn('table') },
  settings: {},
  table_engines: {},
  one: {},
  numbers: {},
  zeros: {},
};

/** Far above what a tenant has of anything: its work is to be a LIMIT at all. */
const barrier = 1_000_000;

/** Whether a tenant reads only some rows of the table. */
export const isNarrowed = (table: string): boolean => systemTables[table]?.rows !== undefined;

/**
 * The tenant's rows of a system table, to stand where the table stood.
 *
 * A condition beside the tenant's own (`additional_table_filters`) is not enough: both are one filter to the engine, and
 * `WHERE throwIf(name = '..')` or the text of a failed conversion tells of rows that the other half would have dropped. No
 * filter moves below a LIMIT.
 */
export function narrowed(table: string, tenant: TenantScope): string {
  const { rows, aliases = [] } = systemTables[table] ?? {};
  const columns = ['*', ...aliases.map(([column, name]) => `${column} AS ${name}`)].join(', ');
  return `(SELECT ${columns} FROM system.${table} WHERE ${rows?.(tenant) ?? '0'} LIMIT ${barrier})`;
}

/**
 * The second wall, for where the engine has no users: the setting `additional_table_filters` of every statement of the tenant,
 * as the literal of a map.
 */
export function systemFilters(tenant: TenantScope): string {
  const filters = Object.entries(systemTables).flatMap(([table, { rows }]) =>
    rows ? [`${quoteLiteral(`system.${table}`)}: ${quoteLiteral(rows(tenant))}`] : [],
  );
  return `{${filters.join(', ')}}`;
}
