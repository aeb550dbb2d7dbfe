import { livingStatuses } from '@hyperdx-tenancy/domain/contracts/tenant';
import type { RotateTenant, TenantView } from '@hyperdx-tenancy/domain/contracts/tenant';
import { TenancyError } from '@hyperdx-tenancy/domain/errors';
import type { TenantId } from '@hyperdx-tenancy/domain/ids';

import Tenant from '../models/tenant';
import type { TenantChange } from '../models/tenant';
import { carryOut } from './changes';
import { defaultContext } from './context';
import type { Context } from './context';
import { holdLease, isFree } from './lease';
import { getTenant } from './tenant';
import { assertFree, findTenant, grasp, newChange, stays } from './tenantGrasp';

/**
 * Gives a tenant's ClickHouse users, and its teams at the query door, new passwords. Both are valid until all of the
 * tenant's collectors have applied their config with the new one: that takes as long as their next poll, and goes on by
 * itself. Called again while it waits, it looks again; `force` waits for nobody, and replaces the passwords at once where
 * ClickHouse knows one a user. It is also the way out where the secret of the present ones is lost. On a target without
 * users there are the query door's alone, which are replaced at once.
 * @throws TenancyError `tenant_not_found`, `operation_running`, `tenant_not_active`, `not_supported` (ClickHouse before 24.9
 *   without `force`).
 */
export async function rotateTenant(
  id: TenantId,
  { force }: RotateTenant,
  context: Context = defaultContext(),
): Promise<TenantView> {
  const tenant = await findTenant(id);
  // Settings cannot be carried out without the secret: new passwords are the way out.
  const isLost = !context.keyring.knows(tenant.credentials);
  assertFree(tenant, context, isLost ? ['rotation', 'settings'] : ['rotation']);
  const target = context.targets.get(tenant.target);
  if (target.hasUsers && tenant.applied?.access === 'guard') {
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
  const written = await grasp(tenant, { change, ...instead(running) }, context);
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

/** Tenants that still have passwords from another secret than the present one. */
export async function countOldSecrets(context: Context): Promise<number> {
  return Tenant.countDocuments({
    'credentials.secret': { $ne: context.keyring.current },
    status: { $in: livingStatuses },
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
    const living: Record<string, unknown> = {
      target: target.name,
      status: { $in: livingStatuses },
      // Their users are still to be made.
      ...(target.hasUsers ? { 'applied.access': { $ne: 'guard' } } : {}),
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
