import { randomUUID } from 'node:crypto';

import { TenancyError } from '@hyperdx-tenancy/domain/errors';
import type { Types } from 'mongoose';

import Tenant from '../models/tenant';
import type { TenantDocument, TenantFault, TenantLease } from '../models/tenant';
import type { Credentials } from '../utils/keyring';
import type { Context } from './context';

/**
 * How long a silent holder counts as alive; renewed three times in that time. Processes compare their own
 * clocks with it: they may differ by less than this.
 */
export const LEASE_MS = 30_000;
const RENEW_MS = LEASE_MS / 3;

/** The sole right to work on one tenant, until it is released. */
export interface LeaseHold {
  /**
   * Writes to the tenant's document, provided that the lease is still held.
   * @throws TenancyError `operation_running` where somebody else took over meanwhile.
   */
  update(fields: Partial<TenantFields>): Promise<void>;
  /** Gives the tenant free, with a last write. @throws as `update`. */
  release(fields: Partial<TenantFields>): Promise<void>;
}

/** What work on a tenant writes to its document. */
type TenantFields = Pick<
  TenantDocument,
  | 'status'
  | 'step'
  | 'attempt'
  | 'lastError'
  | 'nextAttemptAt'
  | 'firstApiKey'
  | 'request'
  | 'credentials'
  | 'applied'
  | 'change'
> & {
  'change.step': string;
  'change.lastError': TenantFault | null;
  'change.nextAttemptAt': Date | null;
  'change.to': Credentials;
  'change.revision': number;
  'change.waitingSince': Date;
  'applied.retentionHours': null;
};

const expiry = (context: Context): Date => new Date(context.now().getTime() + LEASE_MS);

/**
 * The error for who comes while another works on the tenant: says what runs, and for how long its lease
 * holds at the most, should its holder be dead.
 */
export function busyError(
  tenant: Pick<TenantDocument, 'name' | 'step' | 'status' | 'lease' | 'change'>,
  context: Context,
): TenancyError {
  const { change } = tenant;
  const what = change
    ? `in a change of ${change.kind} (step "${change.step}")`
    : `${tenant.status} (step "${tenant.step}")`;
  const leftMs = (tenant.lease?.expiresAt.getTime() ?? 0) - context.now().getTime();
  return new TenancyError(
    'operation_running',
    `Tenant "${tenant.name}" is ${what}; try again when that has ended.`,
    { retryAfterSeconds: Math.max(1, Math.ceil(leftMs / 1_000)) },
  );
}

/** A lease for one operation: of two in one process, too, only one may hold it. */
export function newLease(context: Context): TenantLease {
  return { owner: randomUUID(), expiresAt: expiry(context) };
}

/** Documents that nobody living works on. */
export function isFree(context: Context): Record<string, unknown> {
  return { $or: [{ lease: null }, { 'lease.expiresAt': { $lt: context.now() } }] };
}

/**
 * Takes the lease of a tenant that nobody living holds, provided that it is as `wanted` says, and counts the attempt.
 * @returns the document as it is under the lease, or `null` where somebody else works, or has worked, on it.
 */
export async function takeLease(
  id: Types.ObjectId,
  wanted: Record<string, unknown>,
  context: Context,
  counter: 'attempt' | 'change.attempt' = 'attempt',
): Promise<TenantDocument | null> {
  return Tenant.findOneAndUpdate(
    { _id: id, ...wanted, ...isFree(context) },
    { $set: { lease: newLease(context) }, $inc: { [counter]: 1 } },
    { returnDocument: 'after' },
  );
}

/** Keeps the lease that a document was just written or taken with alive, while its work lasts. */
export function holdLease(tenant: TenantDocument, context: Context): LeaseHold {
  const mine = { _id: tenant._id, 'lease.owner': tenant.lease?.owner };

  async function write(fields: Record<string, unknown>): Promise<void> {
    const { matchedCount } = await Tenant.updateOne(mine, { $set: fields });
    if (matchedCount > 0) return;
    throw new TenancyError('operation_running', 'Somebody else took over the work on this tenant.');
  }

  const renewal = setInterval(() => {
    // A renewal that fails is seen by the next write, which then finds no lease of ours.
    write({ 'lease.expiresAt': expiry(context) }).catch((error: unknown) => {
      context.log.warn({ tenant: tenant._id.toHexString(), err: error }, 'lease not renewed');
    });
  }, RENEW_MS);
  renewal.unref();

  return {
    update: (fields) => write({ ...fields, 'lease.expiresAt': expiry(context) }),
    release: async (fields) => {
      clearInterval(renewal);
      await write({ ...fields, lease: null });
    },
  };
}
