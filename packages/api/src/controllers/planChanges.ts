import { livingStatuses } from '@hyperdx-tenancy/domain/contracts/tenant';

import Tenant from '../models/tenant';
import { recordChange, systemOrigin } from './audit';
import type { Context } from './context';
import { isFree } from './lease';
import { baseOf } from './settings';
import { newChange } from './tenantGrasp';

async function mark(
  outdated: Record<string, unknown>,
  { target, plan }: { target: string; plan: string | null },
  context: Context,
): Promise<number> {
  // Its attempts are counted as it is taken up.
  const change = { ...newChange('settings', context), attempt: 0 };
  return recordChange(
    systemOrigin('plans'),
    { action: 'plan.follow', subject: plan ?? 'no plan', asked: { target } },
    async () => (await Tenant.updateMany(outdated, { $set: { change } })).modifiedCount,
    (tenants) => ({ after: { target, tenants } }),
    context,
  );
}

/**
 * Finds the tenants that were last brought to other settings than their plan, the platform or the site's templates say
 * now, and has them brought there: one write for each target and plan, whatever the number of tenants. Tenants under
 * another change are found once that has ended.
 * @returns how many there were.
 */
export async function markOutdated(context: Context): Promise<number> {
  const plans = [null, ...context.plans.plans.map(({ name }) => name)];
  let marked = 0;
  for (const { name: target } of context.targets.all) {
    for (const plan of plans) {
      const outdated: Record<string, unknown> = {
        target,
        plan,
        status: { $in: livingStatuses },
        change: null,
        'applied.base': { $ne: baseOf(target, plan, context) },
        ...isFree(context),
      };
      // Nearly always there is none: no event then.
      if (await Tenant.exists(outdated)) marked += await mark(outdated, { target, plan }, context);
    }
  }
  if (marked > 0)
    context.log.info({ tenants: marked }, 'plans or templates have changed: tenants follow');
  return marked;
}

/** Brings tenants to plans that have changed, and says which plans are missing. */
export async function followPlans(context: Context): Promise<void> {
  const missing = await missingPlans(context);
  if (missing.length > 0) {
    context.log.error(
      { plans: missing },
      'tenants have plans that the plans file does not: they keep what they have until these are back',
    );
  }
  await markOutdated(context);
}

/** Plans that tenants have and the plans file does not. */
export async function missingPlans(context: Context): Promise<string[]> {
  const used = (await Tenant.distinct('plan', { status: { $ne: 'deleted' } })) as (string | null)[];
  const known = new Set(context.plans.plans.map(({ name }) => name));
  return used.filter((name): name is string => name !== null && !known.has(name)).sort();
}
