import type { PlanView } from '@hyperdx-tenancy/domain/contracts/plan';
import type { TargetView } from '@hyperdx-tenancy/domain/contracts/target';
import { TenancyError } from '@hyperdx-tenancy/domain/errors';

import type { Target } from '../clickhouse/target';
import Tenant from '../models/tenant';
import type { Context } from './context';
import type { TargetRoom } from './targets';

/** Tenants by target or by plan: one query, whatever their number. */
async function countTenantsBy(field: 'target' | 'plan'): Promise<ReadonlyMap<unknown, number>> {
  const counts = await Tenant.aggregate<{ _id: unknown; count: number }>([
    { $match: { status: { $ne: 'deleted' } } },
    { $group: { _id: `$${field}`, count: { $sum: 1 } } },
  ]);
  return new Map(counts.map(({ _id, count }) => [_id, count]));
}

/** A target that does not answer is no fault of the list: it is listed as such. */
async function roomOf(target: Target, context: Context): Promise<TargetRoom | null> {
  try {
    return await context.targets.room(target);
  } catch (error) {
    if (error instanceof TenancyError) return null;
    throw error;
  }
}

/** All targets, without their credentials, in the order of the configuration. */
export async function listTargets(context: Context): Promise<TargetView[]> {
  const [tenants, rooms] = await Promise.all([
    countTenantsBy('target'),
    Promise.all(context.targets.all.map((target) => roomOf(target, context))),
  ]);
  return context.targets.all.map(({ name, config }, index) => {
    const room = rooms[index] ?? null;
    const { database, cluster, replicated, access, capacity } = config;
    return {
      name,
      database,
      cluster: cluster ?? null,
      replicated: replicated !== undefined,
      access,
      reachable: room !== null,
      tenants: tenants.get(name) ?? 0,
      tables: { used: room?.tables ?? null, limit: capacity.tables ?? null },
      parts: { used: room?.parts ?? null, limit: capacity.parts ?? null },
    };
  });
}

/** All plans, in the order of the plans file. */
export async function listPlans({ plans }: Context): Promise<PlanView[]> {
  const tenants = await countTenantsBy('plan');
  return plans.plans.map(({ name, description, settings }) => ({
    name,
    description: description ?? null,
    default: name === plans.default,
    settings,
    tenants: tenants.get(name) ?? 0,
  }));
}
