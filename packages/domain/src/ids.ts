import { TenancyError } from './errors';

declare const tenantIdBrand: unique symbol;

/**
 * A tenant's id: 24 lower-case hexadecimal digits (the text of a MongoDB ObjectId). It is the suffix of
 * every table of that tenant, so nothing but {@link parseTenantId} makes one.
 */
export type TenantId = string & { readonly [tenantIdBrand]: true };

const TENANT_ID = /^[a-f0-9]{24}$/;
const TENANT_TABLE = /^(.+)_([a-f0-9]{24})$/;
// A base name is an identifier of ours or HyperDX's; what else stands there is a mistake or an attack.
const BASE_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** True for the text of a tenant id. */
export function isTenantId(value: unknown): value is TenantId {
  return typeof value === 'string' && TENANT_ID.test(value);
}

/**
 * The one parser of tenant ids.
 * @throws TenancyError `invalid_tenant_id` for anything but 24 lower-case hexadecimal digits.
 */
export function parseTenantId(value: unknown): TenantId {
  if (isTenantId(value)) return value;
  throw new TenancyError('invalid_tenant_id', 'A tenant id is 24 lower-case hexadecimal digits.');
}

/** What the name of a tenant's table says: its base name and whose it is. */
export interface TenantTable {
  base: string;
  tenantId: TenantId;
}

/** Reads base name and tenant off a table's name; `null` where it carries no tenant's suffix. */
export function parseTenantFromTableName(name: string): TenantTable | null {
  const match = TENANT_TABLE.exec(name);
  if (!match?.[1] || !match[2]) return null;
  return { base: match[1], tenantId: parseTenantId(match[2]) };
}

/**
 * `<base>_<tenantId>`, the suffix appended once: a name that already ends in this tenant's id stays as it is.
 * @throws TenancyError `foreign_table` where the name ends in another tenant's id (the message repeats
 *   no id), `invalid_table_name` where the base is no plain identifier.
 */
export function getTenantTableName(base: string, tenantId: TenantId): string {
  const id = parseTenantId(tenantId);
  if (!BASE_NAME.test(base)) {
    throw new TenancyError(
      'invalid_table_name',
      'A table name starts with a letter or "_" and holds letters, digits and "_" only.',
    );
  }
  const parsed = parseTenantFromTableName(base);
  if (!parsed) return `${base}_${id}`;
  if (parsed.tenantId !== id) {
    throw new TenancyError('foreign_table', 'The table name ends in the id of another tenant.');
  }
  return base;
}
