import type { TenantId } from '@hyperdx-tenancy/domain/ids';
import { parseTenantId } from '@hyperdx-tenancy/domain/ids';

import Tenant from '../models/tenant';
import type { ITenant } from '../models/tenant';

/** One query of the documents may take so long. */
export const DOCUMENTS_MS = 20_000;

/** The fields of a tenant that the examination looks at. */
const fields = {
  status: 1,
  target: 1,
  plan: 1,
  settings: 1,
  partitioning: 1,
  credentials: 1,
  applied: 1,
  change: 1,
} as const;

export interface ExaminedTenant extends Pick<ITenant, '_id' | keyof typeof fields> {
  id: TenantId;
}

/** All tenants that are not deleted, in the order of their ids. */
export async function readTenants(): Promise<ExaminedTenant[]> {
  const tenants = await Tenant.find({ status: { $ne: 'deleted' } }, fields)
    .sort({ _id: 1 })
    .maxTimeMS(DOCUMENTS_MS)
    .lean<Omit<ExaminedTenant, 'id'>[]>();
  return tenants.map((tenant) => ({ ...tenant, id: parseTenantId(tenant._id.toHexString()) }));
}

/**
 * Ids of all tenants that are not deleted, as they are now. Who looks for objects without a tenant asks this after looking at
 * them: a tenant's document is there before any of its objects.
 */
export async function readKnownIds(): Promise<ReadonlySet<string>> {
  const tenants = await Tenant.find({ status: { $ne: 'deleted' } }, { _id: 1 })
    .maxTimeMS(DOCUMENTS_MS)
    .lean<Pick<ITenant, '_id'>[]>();
  return new Set(tenants.map(({ _id }) => _id.toHexString()));
}

/** Whether a tenant's objects in ClickHouse should be complete; otherwise they may be on their way in or out. */
export function isComplete({ status }: ExaminedTenant): boolean {
  return status === 'active' || status === 'suspended';
}
