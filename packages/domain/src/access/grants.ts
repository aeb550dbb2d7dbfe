import type { TenantId } from '../ids';
import { getTenantTableName } from '../ids';
import { baseNames } from '../tables/names';
import { exporterTemplates } from '../tables/registry';

export type Privilege = 'SELECT' | 'INSERT' | 'SHOW COLUMNS';

/** Privileges on one table, or on a whole database where `table` is left out. */
export interface Grant {
  privileges: readonly Privilege[];
  database: string;
  table?: string;
}

/** A table of `system` that HyperDX 2.36 reads as the tenant. */
export interface SystemRead {
  table: string;
  /**
   * Whether every user may read its rows anyway, with `select_from_system_db_requires_grant` too (the list in ClickHouse's
   * ContextAccess.cpp). The grant then adds `DESCRIBE` and its own line in `system.tables`, which HyperDX asks for.
   */
  readableByAll: boolean;
  /** Who asks, and what it shows to whom. */
  why: string;
}

/**
 * The system tables a reader is granted. Each shows the tenant's own objects alone, by the grants on them, or nothing
 * that tells of tenants. `select_from_system_db_requires_grant` must be on: without it all of `system` is readable, some
 * of which names the tables of everybody.
 */
export const systemReads: readonly SystemRead[] = [
  {
    table: 'settings',
    readableByAll: true,
    why: 'which settings to send; the values of the session',
  },
  {
    table: 'table_engines',
    readableByAll: true,
    why: 'what the server can do; the same for everybody',
  },
  {
    table: 'databases',
    readableByAll: true,
    why: 'source forms; databases with a granted table alone',
  },
  { table: 'tables', readableByAll: true, why: 'source forms, data check; granted tables alone' },
  {
    table: 'columns',
    readableByAll: true,
    why: 'columns of sources; those of granted tables alone',
  },
  {
    table: 'parts',
    readableByAll: false,
    why: 'side bar and autocomplete choose parts for mergeTreeTextIndex; those of granted tables alone',
  },
  {
    table: 'data_skipping_indices',
    readableByAll: false,
    why: 'search and charts choose indexes; those of granted tables alone',
  },
];

/**
 * A reader selects from each of the tenant's tables and views by name, never by database or prefix. The views too:
 * HyperDX finds rollups by them in `system.tables`.
 */
export function readerGrants(tenantId: TenantId, database: string): Grant[] {
  return [
    ...baseNames.map((base): Grant => {
      return { privileges: ['SELECT'], database, table: getTenantTableName(base, tenantId) };
    }),
    ...systemReads.map(({ table }): Grant => {
      return { privileges: ['SELECT'], database: 'system', table };
    }),
  ];
}

/** A writer inserts into what the collector's exporter writes; the exporter's `DESC TABLE` needs SHOW COLUMNS. */
export function writerGrants(tenantId: TenantId, database: string): Grant[] {
  return exporterTemplates.map(({ base }) => ({
    privileges: ['INSERT', 'SHOW COLUMNS'],
    database,
    table: getTenantTableName(base, tenantId),
  }));
}

/** One user with a grant for each of thousands of tables makes every further GRANT take seconds, so: the database. */
export function definerGrants(database: string): Grant[] {
  return [{ privileges: ['SELECT', 'INSERT'], database }];
}
