import Tenant from '../models/tenant';
import type { TenantDocument } from '../models/tenant';
import type { Context } from './context';
import { holdLease, takeLease } from './lease';
import { provision } from './provisioning';
import { MAX_ATTEMPTS } from './provisioningPolicy';

/** Tenants taken up in one round, and worked on at once: a new process must not fall upon ClickHouse. */
const BATCH = 20;
const AT_ONCE = 4;

/** Unfinished tenants that nobody living works on and whose pause is over, oldest first. */
async function findStranded(context: Context): Promise<Pick<TenantDocument, '_id'>[]> {
  const now = context.now();
  return Tenant.find(
    {
      status: 'provisioning',
      $and: [
        { $or: [{ lease: null }, { 'lease.expiresAt': { $lt: now } }] },
        { $or: [{ nextAttemptAt: null }, { nextAttemptAt: { $lte: now } }] },
      ],
    },
    { _id: 1 },
  )
    .sort({ _id: 1 })
    .limit(BATCH)
    .lean();
}

async function takeUp(id: TenantDocument['_id'], context: Context): Promise<boolean> {
  const tenant = await takeLease(id, ['provisioning'], context);
  // Another process, or a caller, was quicker.
  if (!tenant) return false;
  const hold = holdLease(tenant, context);
  if (tenant.attempt > MAX_ATTEMPTS) {
    // Whoever worked on it died each time, and recorded no reason: going on could be what kills them.
    const message = `Gave up after ${MAX_ATTEMPTS} attempts that ended without a word in step "${tenant.step}".`;
    await hold.release({
      status: 'failed',
      nextAttemptAt: null,
      lastError: tenant.lastError ?? { code: 'internal', message, at: context.now() },
    });
    return true;
  }
  context.log.info(
    { tenant: id.toHexString(), step: tenant.step, attempt: tenant.attempt },
    'taking up an unfinished tenant',
  );
  // Its failure is in its document and in the log.
  await provision(tenant, hold, context).catch(() => undefined);
  return true;
}

/**
 * Goes on with tenants whose maker died or was stopped by an outage. Any number of processes may do so at
 * once: a lease keeps them apart.
 * @returns how many were taken up.
 */
export async function reconcileTenants(context: Context): Promise<number> {
  const stranded = await findStranded(context);
  let taken = 0;
  async function work(): Promise<void> {
    for (let next = stranded.shift(); next; next = stranded.shift()) {
      if (await takeUp(next._id, context)) taken += 1;
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return taken;
}
