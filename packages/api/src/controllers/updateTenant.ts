import type {
  EffectiveSettings,
  TenantView,
  UpdateTenant,
} from '@hyperdx-tenancy/domain/contracts/tenant';
import { TenancyError } from '@hyperdx-tenancy/domain/errors';
import type { TenantId } from '@hyperdx-tenancy/domain/ids';
import { effectiveValues, patchSettings } from '@hyperdx-tenancy/domain/plans';

import Tenant, { tenantNameKey } from '../models/tenant';
import type { ITenant, TenantDocument } from '../models/tenant';
import { entityTag, matchesTag } from '../utils/entityTag';
import { carryOut } from './changes';
import { defaultContext } from './context';
import type { Context } from './context';
import { holdLease } from './lease';
import { baseOf, findPlan, settingsOf, settingsSources } from './settings';
import { getTenant } from './tenant';
import { assertFree, findTenant, grasp, nameTaken, newChange, stays } from './tenantGrasp';

/** The entity tag of a tenant as it is answered. */
export function tenantEtag(view: TenantView): string {
  return entityTag(view);
}

/** @throws TenancyError `tenant_exists`. */
async function assertNameFree(tenant: TenantDocument, name: string | undefined): Promise<void> {
  if (name === undefined || tenantNameKey(name) === tenant.nameKey) return;
  if (await Tenant.exists({ nameKey: tenantNameKey(name) })) throw nameTaken();
}

/** What a patch makes of a tenant, and whether ClickHouse has to hear of it. */
function patched(
  tenant: TenantDocument,
  patch: UpdateTenant,
  context: Context,
): { fields: Partial<ITenant>; matters: boolean } {
  const plan = patch.plan === undefined ? tenant.plan : patch.plan;
  findPlan(plan, context);
  const settings = patchSettings(tenant.settings, patch.settings ?? {});
  const { partitioning } = tenant;
  const before = safely(() => settingsOf(tenant, context));
  const after = settingsOf({ plan, settings, partitioning }, context);
  return {
    fields: {
      ...(patch.name === undefined ? {} : { name: patch.name, nameKey: tenantNameKey(patch.name) }),
      plan,
      settings,
    },
    matters:
      JSON.stringify(before) !== JSON.stringify(after) ||
      tenant.applied?.base !== baseOf(tenant.target, plan, context),
  };
}

/** The settings before may be those of a plan that is gone: leaving it must be possible. */
function safely<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof TenancyError && error.code === 'plan_unknown') return undefined;
    throw error;
  }
}

/**
 * Changes name, plan and settings of a tenant, and brings ClickHouse to them: limits and quotas at once, a shorter or
 * longer retention from the next merge on. What ClickHouse does not take now is done when it can be; the view says so.
 * @param ifMatch the entity tag that the tenant must have.
 * @throws TenancyError `tenant_not_found`, `precondition_failed`, `plan_unknown`, `tenant_exists`, `operation_running`,
 *   `tenant_not_active`.
 */
export async function updateTenant(
  id: TenantId,
  patch: UpdateTenant,
  ifMatch: string | undefined,
  context: Context = defaultContext(),
): Promise<TenantView> {
  const tenant = await findTenant(id);
  if (!matchesTag(ifMatch, tenantEtag(await getTenant(id)))) {
    throw new TenancyError(
      'precondition_failed',
      'If-Match: the tenant has changed since; read it again.',
    );
  }
  assertFree(tenant, context, ['settings']);
  await assertNameFree(tenant, patch.name);
  const { fields, matters } = patched(tenant, patch, context);
  const change = matters ? newChange('settings', context) : tenant.change;
  const written = await grasp(tenant, { ...fields, change }, context);
  await carryOut(written, holdLease(written, context), context).catch(stays);
  return getTenant(id);
}

/**
 * Brings tables, users, limits and the managed connection of a tenant to what they should be, whatever somebody did to
 * them in ClickHouse: what is missing is made, what is too much is taken away, no data is touched.
 * @throws TenancyError `tenant_not_found`, `operation_running`, `tenant_not_active`.
 */
export async function applyTenant(
  id: TenantId,
  context: Context = defaultContext(),
): Promise<TenantView> {
  const tenant = await findTenant(id);
  assertFree(tenant, context, ['settings']);
  const target = context.targets.get(tenant.target);
  // What its tenants share may be what was changed.
  target.forget();
  const written = await grasp(tenant, { change: newChange('settings', context) }, context);
  await carryOut(written, holdLease(written, context), context).catch(stays);
  return getTenant(id);
}

/** Each setting in force for a tenant, and whose word it is. @throws TenancyError `tenant_not_found`, `plan_unknown`. */
export async function effectiveSettings(
  id: TenantId,
  context: Context = defaultContext(),
): Promise<EffectiveSettings> {
  const tenant = await findTenant(id);
  return {
    tenant: id,
    plan: findPlan(tenant.plan, context)?.name ?? null,
    applied:
      tenant.change?.kind !== 'settings' &&
      tenant.applied?.base === baseOf(tenant.target, tenant.plan, context),
    values: effectiveValues(settingsSources(tenant, context)),
  };
}
