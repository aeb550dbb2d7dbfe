import { TenancyError } from '@hyperdx-tenancy/domain/errors';
import type { Types } from 'mongoose';

import Tenant from '../models/tenant';
import type { TenantDocument } from '../models/tenant';
import type { Context } from './context';

/** How long a silent holder counts as alive. Renewed three times in that time. */
export const LEASE_MS = 30_000;
const RENEW_MS = LEASE_MS / 3;

/** The sole right to work on one tenant, for as long as {@link TenantLeaseHold.release} is not called. */
export interface TenantLeaseHold {
  readonly tenantId: Types.ObjectId;
  /**
   * Writes to the tenant's document, provided that the lease is still held.
   * @throws TenancyError `operation_running` where another process took over meanwhile.
   */
  update(fields: Record<string, unknown>): Promise<void>;
  /** Gives the tenant free, with a last write. */
  release(fields: Record<string, unknown>): Promise<void>;
}

function lostLease(): TenancyError {
  return new TenancyError(
    'operation_running',
    'Another process took over the work on this tenant.',
  );
}

/** The error for who comes while another works on the tenant: says what runs, and since when no later. */
export function busyError(tenant: Pick<TenantDocument, 'name' | 'step' | 'status'>): TenancyError {
  return new TenancyError(
    'operation_running',
    `Tenant "${tenant.name}" is ${tenant.status} (step "${tenant.step}"); try again when that has ended.`,
  );
}

/** A lease value for a new or taken document. */
export function newLease(context: Context): { owner: string; expiresAt: Date } {
  return { owner: context.processId, expiresAt: new Date(context.now().getTime() + LEASE_MS) };
}

/**
 * Takes the lease of a tenant that nobody living holds.
 * @returns the document as it is under the lease, or `null` where somebody else works on it.
 */
export async function takeLease(
  id: Types.ObjectId,
  fields: Record<string, unknown>,
  context: Context,
): Promise<TenantDocument | null> {
  return Tenant.findOneAndUpdate(
    { _id: id, $or: [{ lease: null }, { 'lease.expiresAt': { $lt: context.now() } }] },
    { $set: { ...fields, lease: newLease(context) } },
    { returnDocument: 'after' },
  );
}

/** Keeps a lease, just written to the document, alive while its work lasts. */
export function holdLease(tenantId: Types.ObjectId, context: Context): TenantLeaseHold {
  const mine = { _id: tenantId, 'lease.owner': context.processId };

  async function write(fields: Record<string, unknown>): Promise<void> {
    const { matchedCount } = await Tenant.updateOne(mine, { $set: fields });
    if (matchedCount === 0) throw lostLease();
  }

  const renewal = setInterval(() => {
    // A renewal that fails is seen by the next write, which then finds no lease of ours.
    write({ 'lease.expiresAt': newLease(context).expiresAt }).catch((error: unknown) => {
      context.log.warn({ tenant: tenantId.toHexString(), err: error }, 'lease not renewed');
    });
  }, RENEW_MS);
  renewal.unref();

  return {
    tenantId,
    update: (fields) => write({ ...fields, lease: newLease(context) }),
    release: async (fields) => {
      clearInterval(renewal);
      await write({ ...fields, lease: null });
    },
  };
}
