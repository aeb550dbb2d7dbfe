import { createHash } from 'node:crypto';

import type {
  EffectiveSettings,
  RotateTenant,
  TenantChangeKind,
  TenantView,
  UpdateTenant,
} from '@hyperdx-tenancy/domain/contracts/tenant';
import { TenancyError } from '@hyperdx-tenancy/domain/errors';
import type { TenantId } from '@hyperdx-tenancy/domain/ids';
import { effectiveValues, patchSettings } from '@hyperdx-tenancy/domain/plans';

import Tenant, { tenantNameKey } from '../models/tenant';
import type { ITenant, TenantChange, TenantDocument } from '../models/tenant';
import { isDuplicateKey } from '../utils/mongoErrors';
import { carryOut, firstStep } from './changes';
import { defaultContext } from './context';
import type { Context } from './context';
import { busyError, holdLease, isFree, newLease } from './lease';
import { baseOf, findPlan, settingsOf, settingsSources } from './settings';
import { getTenant } from './tenant';

const LIVING = ['active', 'suspended'] as const;

/** Digits of an ETag: it tells two states of one tenant apart. */
const ETAG_DIGITS = 16;

/** The entity tag (RFC 9110, section 8.8.3) of a tenant as it is answered, strong: any change of it is another one. */
export function tenantEtag(view: TenantView): string {
  const hash = createHash('sha256').update(JSON.stringify(view)).digest('hex');
  return `"${hash.slice(0, ETAG_DIGITS)}"`;
}

function newChange(kind: TenantChangeKind, context: Context): TenantChange {
  return {
    kind,
    step: firstStep(kind),
    attempt: 1,
    since: context.now(),
    lastError: null,
    nextAttemptAt: null,
  };
}

async function find(id: TenantId): Promise<TenantDocument> {
  const tenant = await Tenant.findById(id);
  if (!tenant) throw new TenancyError('tenant_not_found', 'There is no tenant with this id.');
  return tenant;
}

/** @throws TenancyError `operation_running`, `tenant_not_active`. */
function assertFree(
  tenant: TenantDocument,
  context: Context,
  besides: readonly TenantChangeKind[],
): void {
  const { change, lease, status } = tenant;
  const worked = lease !== null && lease.expiresAt >= context.now();
  // Settings that cannot be carried out are mended by others; a rotation has to end first.
  const other = change !== null && !besides.includes(change.kind);
  if (worked || other || status === 'provisioning') throw busyError(tenant, context);
  if ((LIVING as readonly string[]).includes(status)) return;
  throw new TenancyError('tenant_not_active', `Tenant "${tenant.name}" is ${status}.`);
}

/** A change that began, ended or went on since it was read would be undone by what is made of it. */
function asRead({ change }: TenantDocument): Record<string, unknown> {
  if (!change) return { change: null };
  const { kind, step, since } = change;
  return { 'change.kind': kind, 'change.step': step, 'change.since': since };
}

const nameTaken = (): TenancyError =>
  new TenancyError('tenant_exists', 'name: another tenant has this name.');

/** @throws TenancyError `tenant_exists`. */
async function assertNameFree(tenant: TenantDocument, name: string | undefined): Promise<void> {
  if (name === undefined || tenantNameKey(name) === tenant.nameKey) return;
  if (await Tenant.exists({ nameKey: tenantNameKey(name) })) throw nameTaken();
}

/**
 * Writes fields and takes the lease, provided that the document is as it was read.
 * @throws TenancyError `operation_running`, `tenant_exists`.
 */
async function write(
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
  const tenant = await find(id);
  if (!matches(ifMatch, tenantEtag(await getTenant(id)))) {
    throw new TenancyError(
      'precondition_failed',
      'If-Match: the tenant has changed since; read it again.',
    );
  }
  assertFree(tenant, context, ['settings']);
  await assertNameFree(tenant, patch.name);
  const { fields, matters } = patched(tenant, patch, context);
  const change = matters ? newChange('settings', context) : tenant.change;
  const written = await write(tenant, { ...fields, change }, context);
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
  const tenant = await find(id);
  assertFree(tenant, context, ['settings']);
  const target = context.targets.get(tenant.target);
  // What its tenants share may be what was changed.
  target.forget();
  const written = await write(tenant, { change: newChange('settings', context) }, context);
  await carryOut(written, holdLease(written, context), context).catch(stays);
  return getTenant(id);
}

/** RFC 9110, section 13.1.1: `*`, or a list of strong entity tags. */
function matches(ifMatch: string | undefined, etag: string): boolean {
  if (ifMatch === undefined || ifMatch.trim() === '*') return true;
  return ifMatch.split(',').some((tag) => tag.trim() === etag);
}

/** A change that did not come through stays in the document with its reason, and is tried again. */
function stays(error: unknown): void {
  if (!(error instanceof TenancyError)) throw error;
}

/**
 * Gives a tenant's ClickHouse users new passwords. Both are valid until all of the tenant's collectors have applied their
 * config with the new one: that takes as long as their next poll, and goes on by itself. Called again while it waits, it
 * looks again; `force` waits for nobody, and replaces the passwords at once where ClickHouse knows one a user. It is also
 * the way out where the secret of the present ones is lost.
 * @throws TenancyError `tenant_not_found`, `operation_running`, `tenant_not_active`, `not_supported` (a target without
 *   users, or ClickHouse before 24.9 without `force`).
 */
export async function rotateTenant(
  id: TenantId,
  { force }: RotateTenant,
  context: Context = defaultContext(),
): Promise<TenantView> {
  const tenant = await find(id);
  // Settings cannot be carried out without the secret: new passwords are the way out.
  const isLost = !context.keyring.knows(tenant.credentials);
  assertFree(tenant, context, isLost ? ['rotation', 'settings'] : ['rotation']);
  const target = context.targets.get(tenant.target);
  if (!target.hasUsers) {
    throw new TenancyError(
      'not_supported',
      `Target ${target.name} has access mode "guard": its tenants have no ClickHouse users.`,
    );
  }
  if (tenant.applied?.access === 'guard') {
    throw new TenancyError(
      'operation_running',
      `Tenant "${tenant.name}" is about to get its ClickHouse users; try again when it has them.`,
      { retryAfterSeconds: 5 },
    );
  }
  // A plain copy: what mongoose keeps beside the fields is not for writing.
  const running = tenant.toObject().change;
  const goesOn = running?.kind === 'rotation' && !leadsNowhere(running, context);
  const change: TenantChange = {
    ...(goesOn ? running : newChange('rotation', context)),
    attempt: 1,
    ...(force ? { forced: true } : {}),
  };
  const written = await write(tenant, { change, ...instead(running) }, context);
  await carryOut(written, holdLease(written, context), context).catch((error: unknown) => {
    stays(error);
    // Nothing was begun: the server cannot do it.
    if (error instanceof TenancyError && error.code === 'not_supported') throw error;
  });
  return getTenant(id);
}

/** A rotation that cannot go on, since nobody has the secret that it leads to. */
function leadsNowhere({ to, step }: TenantChange, { keyring }: Context): boolean {
  return to !== undefined && !keyring.knows(to) && (step === 'add' || step === 'switch');
}

/** Settings that a rotation takes the place of are found anew when it has ended. */
function instead(change: TenantChange | null): { applied?: null } {
  return change?.kind === 'settings' ? { applied: null } : {};
}

/** Each setting in force for a tenant, and whose word it is. @throws TenancyError `tenant_not_found`, `plan_unknown`. */
export async function effectiveSettings(
  id: TenantId,
  context: Context = defaultContext(),
): Promise<EffectiveSettings> {
  const tenant = await find(id);
  return {
    tenant: id,
    plan: findPlan(tenant.plan, context)?.name ?? null,
    applied:
      tenant.change?.kind !== 'settings' &&
      tenant.applied?.base === baseOf(tenant.target, tenant.plan, context),
    values: effectiveValues(settingsSources(tenant, context)),
  };
}

/** Tenants that still have passwords from another secret than the present one. */
export async function countOldSecrets(context: Context): Promise<number> {
  return Tenant.countDocuments({
    'credentials.secret': { $ne: context.keyring.current },
    status: { $in: LIVING },
    target: { $in: context.targets.all.filter(({ hasUsers }) => hasUsers).map(({ name }) => name) },
  });
}

/**
 * Begins to give new passwords to all tenants that have those of another secret; reconcilers carry it out, a few tenants
 * of a target at a time. Called again, it begins those that were busy.
 * @returns how many are left, those under way included.
 */
export async function rotateSecret(context: Context = defaultContext()): Promise<number> {
  const change = { ...newChange('rotation', context), attempt: 0 };
  for (const target of context.targets.all) {
    if (!target.hasUsers) continue;
    const living: Record<string, unknown> = {
      target: target.name,
      status: { $in: LIVING },
      'applied.access': { $ne: 'guard' },
      ...isFree(context),
    };
    await Tenant.updateMany(
      { ...living, 'credentials.secret': { $ne: context.keyring.current }, change: null },
      { $set: { change } },
    );
    // As for one tenant: settings that wait for a secret that is lost give way.
    await Tenant.updateMany(
      {
        ...living,
        'credentials.secret': { $nin: context.keyring.known },
        'change.kind': 'settings',
        'change.lastError.code': 'secret_unknown',
      },
      { $set: { change, applied: null } },
    );
  }
  return countOldSecrets(context);
}
