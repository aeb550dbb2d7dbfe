import { literal } from '../settings';
import type { Grant } from './state';

/**
 * Tables of `system` whose rows every user may read, as with `select_from_system_db_requires_grant` on a server
 * (ContextAccess.cpp): of a server's list, those that the product's users ask for, and `one`, which SELECT without FROM reads.
 */
export const readableByAll: ReadonlySet<string> = new Set([
  'one',
  'settings',
  'table_engines',
  'databases',
  'tables',
  'columns',
]);

/** The column that names the table, in the tables of `system` that show of each user's own tables alone. */
const tableColumns = {
  tables: 'name',
  columns: 'table',
  parts: 'table',
  data_skipping_indices: 'table',
} as const;

/** Whether a granted table of `system` shows no more than it would on a server; others are not known here. */
export const isNarrowed = (table: string): boolean =>
  readableByAll.has(table) || table in tableColumns;

/** The setting by which the engine adds these filters wherever a query reads the tables. */
export const filterSetting = 'additional_table_filters';

/** The value of {@link filterSetting} that leaves the rows about what is granted, whatever the right. */
export function systemFilters(grants: readonly Grant[]): string {
  const tables = new Map<string, Set<string> | 'all'>();
  for (const { database, table } of grants) {
    const known = tables.get(database) ?? new Set<string>();
    if (table === undefined) tables.set(database, 'all');
    else if (known !== 'all') tables.set(database, known.add(table));
  }
  const entry = (name: string, condition: string): string =>
    `${literal(`system.${name}`)}: ${literal(condition)}`;
  const narrowed = Object.entries(tableColumns).map(([name, column]) =>
    entry(name, anyOf([...tables].map(([database, list]) => oneDatabase(database, list, column)))),
  );
  const databases = entry(
    'databases',
    tables.size === 0 ? '0' : `name IN (${[...tables.keys()].map(literal).join(', ')})`,
  );
  return `{${[...narrowed, databases].join(', ')}}`;
}

function oneDatabase(database: string, tables: Set<string> | 'all', column: string): string {
  const inDatabase = `database = ${literal(database)}`;
  if (tables === 'all') return inDatabase;
  return `${inDatabase} AND ${column} IN (${[...tables].map(literal).join(', ')})`;
}

const anyOf = (conditions: readonly string[]): string =>
  conditions.length === 0 ? '0' : conditions.map((condition) => `(${condition})`).join(' OR ');
