import { livingStatuses } from '@hyperdx-tenancy/domain/contracts/tenant';

import type { Target } from '../clickhouse/target';
import Tenant from '../models/tenant';
import type { TenantDocument } from '../models/tenant';
import { inParallel } from '../utils/inParallel';
import { carryOut } from './changes';
import type { Context } from './context';
import { holdLease, isFree, takeLease } from './lease';
import { provision, toFault } from './provisioning';
import { MAX_ATTEMPTS } from './provisioningPolicy';

/** Tenants of one target taken up in one round, and worked on at once: a new process must not fall upon ClickHouse. */
const BATCH = 20;
const AT_ONCE = 4;

const MAKING = { status: 'provisioning' } as const;
const CHANGING = { status: { $in: livingStatuses }, change: { $ne: null } } as const;

type Stranded = Pick<TenantDocument, '_id' | 'status'>;

/** Tenants that are being made, and may be tried now. */
function stillMaking(context: Context): Record<string, unknown> {
  const nextAttemptAt = { $lte: context.now() };
  return { $and: [MAKING, { $or: [{ nextAttemptAt: null }, { nextAttemptAt }] }] };
}

/** Tenants under a change that may be tried now. */
function stillChanging(context: Context): Record<string, unknown> {
  const due = { $lte: context.now() };
  const paused = { $or: [{ 'change.nextAttemptAt': null }, { 'change.nextAttemptAt': due }] };
  return { $and: [CHANGING, paused] };
}

/**
 * Tenants of a target with work left that nobody living does and whose pause is over: first the one that was worked on
 * longest ago, so that those who wait and wait keep nobody else from their turn.
 */
async function findStranded(target: Target, context: Context): Promise<Stranded[]> {
  return Tenant.find(
    {
      target: target.name,
      $and: [isFree(context), { $or: [stillMaking(context), stillChanging(context)] }],
    },
    { _id: 1, status: 1 },
  )
    .sort({ updatedAt: 1, _id: 1 })
    .limit(BATCH)
    .lean();
}

async function goOnMaking(id: TenantDocument['_id'], context: Context): Promise<boolean> {
  const tenant = await takeLease(id, stillMaking(context), context);
  // Another process, or a caller, was quicker: also where it has failed by now, and pauses.
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
  await provision(tenant, hold, context);
  return true;
}

async function goOnChanging(id: TenantDocument['_id'], context: Context): Promise<boolean> {
  const tenant = await takeLease(id, stillChanging(context), context, 'change.attempt');
  if (!tenant) return false;
  await carryOut(tenant, holdLease(tenant, context), context);
  return true;
}

/**
 * Goes on with tenants of a target whose maker died or was stopped by an outage, and with changes of those that live. Any
 * number of processes may do so at once: a lease keeps them apart.
 * @returns how many were taken up.
 */
export async function reconcileTarget(target: Target, context: Context): Promise<number> {
  let taken = 0;
  let away = false;
  await inParallel(await findStranded(target, context), AT_ONCE, async ({ _id, status }) => {
    // Where the server does not answer one, the rest would only wait in turn.
    if (away) return;
    const goOn = status === 'provisioning' ? goOnMaking : goOnChanging;
    try {
      if (await goOn(_id, context)) taken += 1;
    } catch (error) {
      // The reason is in the tenant's document and in the log.
      taken += 1;
      away ||= toFault(error).code === 'clickhouse_unavailable';
    }
  });
  return taken;
}

/** One round over all targets, side by side. */
export async function reconcileTenants(context: Context): Promise<number> {
  const taken = await Promise.all(
    context.targets.all.map((target) => reconcileTarget(target, context)),
  );
  return taken.reduce((sum, count) => sum + count, 0);
}
