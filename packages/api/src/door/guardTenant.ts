import type { DoorTenant } from '../controllers/doorTenants';
import type { GuardTenant } from './guard';

// Made once for each look-up of the tenant, not once a query.
const made = new WeakMap<DoorTenant, GuardTenant>();

/** What the guard has to know of a tenant. */
export function guardTenantOf(tenant: DoorTenant): GuardTenant {
  const known = made.get(tenant);
  if (known) return known;
  const { id, revision, settings, target } = tenant;
  const { database, cluster } = target.config;
  const limits = settings.reader;
  const own = { id, revision, database, limits, ...(cluster === undefined ? {} : { cluster }) };
  made.set(tenant, own);
  return own;
}
