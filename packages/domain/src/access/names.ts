import type { TenantId } from '../ids';
import { parseTenantId } from '../ids';

/** Who a tenant is in ClickHouse: what HyperDX queries as, and what the collectors insert as. */
export type AccessRole = 'reader' | 'writer';

/** The user that views run as. It exists once per target and cannot log in. */
export const viewsDefiner = 'hdx_views';

/** The profile that pins every setting off the allow-list; once per target, see `renderReaderPins`. */
export const readerPins = 'hdx_reader_pins';

/**
 * The current database of every tenant's statement: it holds nothing, so a name without a database is that of a CTE, or of
 * nothing at all. Once per target.
 */
export const emptyDatabase = 'hdx_nothing';

const initials: Record<AccessRole, string> = { reader: 'r', writer: 'w' };

/** `hdx_r_<tenantId>` or `hdx_w_<tenantId>`. @throws TenancyError `invalid_tenant_id`. */
export function userName(role: AccessRole, tenantId: TenantId): string {
  return `hdx_${initials[role]}_${parseTenantId(tenantId)}`;
}

/** The user whose queries may read a tenant's tables, and nothing else. */
export const readerName = (tenantId: TenantId): string => userName('reader', tenantId);

/** The user whose inserts fill a tenant's tables, and who reads none. */
export const writerName = (tenantId: TenantId): string => userName('writer', tenantId);

const DOOR_USER = /^hdx_d_([a-f0-9]{24})$/;

/** Who a team is at the query door: no user of ClickHouse's. @param teamId 24 hexadecimal digits. */
export function doorUserName(teamId: string): string {
  return `hdx_d_${teamId}`;
}

/** The team that a user name of the query door stands for; `undefined` for any other name. */
export function parseDoorUserName(name: string): string | undefined {
  return DOOR_USER.exec(name)?.[1];
}

/** `hdx_rp_<tenantId>`, `hdx_wp_<tenantId>`. @throws TenancyError `invalid_tenant_id`. */
export function profileName(role: AccessRole, tenantId: TenantId): string {
  return `hdx_${initials[role]}p_${parseTenantId(tenantId)}`;
}

/** `hdx_rq_<tenantId>`, `hdx_wq_<tenantId>`. @throws TenancyError `invalid_tenant_id`. */
export function quotaName(role: AccessRole, tenantId: TenantId): string {
  return `hdx_${initials[role]}q_${parseTenantId(tenantId)}`;
}
