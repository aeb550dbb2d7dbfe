import type { ReaderLimits } from '../access/limits';
import type { TenantId } from '../ids';
import { parseTenantFromTableName } from '../ids';

/** Whose statement is judged. */
export interface TenantScope {
  id: TenantId;
  /** Of the tenant's tables. */
  database: string;
  /** The cluster that `cluster()` may name; without it none. */
  cluster?: string;
  /** What the tenant may set its limits to. @default the platform's */
  limits?: ReaderLimits;
}

/**
 * Whether the name, without its database, is that of a table of the tenant. Only plain names are: to an engine without users
 * another one may be the path of a file.
 */
export function isOwnTable(name: string, { id }: TenantScope): boolean {
  return /^\w+$/.test(name) && parseTenantFromTableName(name)?.tenantId === id;
}
