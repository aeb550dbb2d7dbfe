import { livingStatuses } from '@hyperdx-tenancy/domain/contracts/tenant';
import type { TenantChangeKind } from '@hyperdx-tenancy/domain/contracts/tenant';
import { TenancyError } from '@hyperdx-tenancy/domain/errors';
import type { TenantId } from '@hyperdx-tenancy/domain/ids';

import Tenant from '../models/tenant';
import type { ITenant, TenantChange, TenantDocument } from '../models/tenant';
import { isDuplicateKey } from '../utils/mongoErrors';
import { firstStep } from './changes';
import type { Context } from './context';
import { busyError, isFree, newLease } from './lease';
import { tenantNotFound } from './tenantNotFound';

/** A change from its first step on. */
export function newChange(kind: TenantChangeKind, context: Context): TenantChange {
  return {
    kind,
    step: firstStep(kind),
    attempt: 1,
    since: context.now(),
    lastError: null,
    nextAttemptAt: null,
  };
}

/** @throws TenancyError `tenant_not_found`. */
export async function findTenant(id: TenantId): Promise<TenantDocument> {
  const tenant = await Tenant.findById(id);
  if (!tenant) throw tenantNotFound();
  return tenant;
}

/** @throws TenancyError `operation_running`, `tenant_not_active`. */
export function assertFree(
  tenant: TenantDocument,
  context: Context,
  besides: readonly TenantChangeKind[],
): void {
  const { change, lease, status } = tenant;
  const worked = lease !== null && lease.expiresAt >= context.now();
  // Settings that cannot be carried out are mended by others; a rotation has to end first.
  const other = change !== null && !besides.includes(change.kind);
  if (worked || other || status === 'provisioning') throw busyError(tenant, context);
  if ((livingStatuses as readonly string[]).includes(status)) return;
  throw new TenancyError('tenant_not_active', `Tenant "${tenant.name}" is ${status}.`);
}

/** A change that began, ended or went on since it was read would be undone by what is made of it. */
function asRead({ change }: TenantDocument): Record<string, unknown> {
  if (!change) return { change: null };
  const { kind, step, since } = change;
  return { 'change.kind': kind, 'change.step': step, 'change.since': since };
}

/** Two tenants never have one name. */
export const nameTaken = (): TenancyError =>
  new TenancyError('tenant_exists', 'name: another tenant has this name.');

/**
 * Writes fields and takes the lease, provided that the document is as it was read.
 * @throws TenancyError `operation_running`, `tenant_exists`.
 */
export async function grasp(
  tenant: TenantDocument,
  fields: Partial<ITenant>,
  context: Context,
): Promise<TenantDocument> {
  try {
    const written = await Tenant.findOneAndUpdate(
      {
        _id: tenant._id,
        revision: tenant.revision,
        status: tenant.status,
        ...asRead(tenant),
        ...isFree(context),
      },
      { $set: { ...fields, lease: newLease(context) }, $inc: { revision: 1 } },
      { returnDocument: 'after' },
    );
    if (written) return written;
  } catch (error) {
    // Two at once: the unique index decides.
    if (!isDuplicateKey(error, 'nameKey')) throw error;
    throw nameTaken();
  }
  const now = (await Tenant.findById(tenant._id)) ?? tenant;
  if (now.change || now.lease) throw busyError(now, context);
  throw new TenancyError(
    'operation_running',
    `Tenant "${now.name}" has just been changed by another call; try again.`,
    { retryAfterSeconds: 1 },
  );
}

/** A change that did not come through stays in the document with its reason, and is tried again. */
export function stays(error: unknown): void {
  if (!(error instanceof TenancyError)) throw error;
}
