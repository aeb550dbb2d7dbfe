import { createHash } from 'node:crypto';

import { TenancyError } from '@hyperdx-tenancy/domain/errors';
import { effectiveSettings } from '@hyperdx-tenancy/domain/plans';
import type { Plan, Settings, SettingsSources } from '@hyperdx-tenancy/domain/plans';
import { siteBases, siteMark } from '@hyperdx-tenancy/domain/tables';

import type { ITenant, TenantApplied } from '../models/tenant';
import type { Context } from './context';

type Planned = Pick<ITenant, 'plan' | 'settings'>;

/**
 * The plan of this name, or the default one.
 * @returns `undefined` where there is no plan to be had, which is no error.
 * @throws TenancyError `plan_unknown` for a name that the plans file does not have.
 */
export function findPlan(name: string | null | undefined, { plans }: Context): Plan | undefined {
  const wanted = name ?? plans.default;
  if (wanted === undefined) return undefined;
  const plan = plans.plans.find((one) => one.name === wanted);
  if (plan) return plan;
  throw new TenancyError('plan_unknown', `plan: the plans file has no plan "${wanted}".`);
}

/** What a tenant's settings are made of. @throws TenancyError `plan_unknown`. */
export function settingsSources(
  tenant: Planned & Partial<Pick<ITenant, 'partitioning'>>,
  context: Context,
): SettingsSources {
  const { partitioning } = tenant;
  return {
    platform: context.platform,
    plan: findPlan(tenant.plan, context)?.settings,
    tenant: tenant.settings,
    tables: partitioning === undefined ? undefined : { partitioning },
  };
}

/** The settings in force for a tenant. @throws TenancyError `plan_unknown`. */
export function settingsOf(
  tenant: Planned & Partial<Pick<ITenant, 'partitioning'>>,
  context: Context,
): Settings {
  return effectiveSettings(settingsSources(tenant, context));
}

/** Digits of a mark: it tells two states of a configuration apart, and keeps nothing secret. */
const MARK_DIGITS = 16;

/**
 * A mark of all that a tenant's objects in ClickHouse depend on besides its own overrides: it changes with the plan, the
 * platform's settings, the site's templates, the target's access mode and the address of the query door.
 * @param plan the tenant's, by the name that its document has.
 * @throws TenancyError `plan_unknown`, `target_unknown`.
 */
export function baseOf(targetName: string, plan: string | null, context: Context): string {
  const { config, site } = context.targets.get(targetName);
  const marks = siteBases.map((base) => siteMark(site, base) ?? null);
  const settings = settingsOf({ plan, settings: {} }, context);
  return createHash('sha256')
    .update(JSON.stringify([config.access, settings, marks, context.door.configured]))
    .digest('hex')
    .slice(0, MARK_DIGITS);
}

/** What a tenant's document says once its objects in ClickHouse are as they should be. @throws as {@link baseOf}. */
export function appliedOf(
  { target, plan }: Pick<ITenant, 'target' | 'plan'>,
  settings: Settings,
  context: Context,
): TenantApplied {
  return {
    base: baseOf(target, plan, context),
    retentionHours: settings.retentionHours,
    access: context.targets.get(target).config.access,
  };
}
