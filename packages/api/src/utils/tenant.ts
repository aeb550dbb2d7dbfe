/** HyperDX's place for the naming of tenants' tables; the rule itself is the domain's. */
export {
  getTenantTableName,
  isTenantId,
  parseTenantFromTableName,
  parseTenantId,
} from '@hyperdx-tenancy/domain/ids';
export type { TenantId, TenantTable } from '@hyperdx-tenancy/domain/ids';
