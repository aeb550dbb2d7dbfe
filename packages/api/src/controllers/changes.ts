import { rotationSteps, settingsSteps } from '@hyperdx-tenancy/domain/contracts/tenant';
import type { TenantChangeKind } from '@hyperdx-tenancy/domain/contracts/tenant';

import type { TenantApplied, TenantDocument } from '../models/tenant';
import { faultPoint } from '../utils/faultPoint';
import { rotationWork, settingsWork } from './changeSteps';
import type { Context } from './context';
import type { LeaseHold } from './lease';
import { toFault } from './provisioning';
import { nextAttempt } from './provisioningPolicy';
import { workOn } from './provisioningSteps';
import type { Work } from './provisioningSteps';
import { announceChange } from './revisions';
import { appliedOf } from './settings';

type Step = (work: Work, hold: LeaseHold) => Promise<void>;

/** The steps of each kind of change, in their order. */
const kinds: Readonly<
  Record<TenantChangeKind, { names: readonly string[]; work: Readonly<Record<string, Step>> }>
> = {
  settings: { names: settingsSteps, work: settingsWork },
  rotation: { names: rotationSteps, work: rotationWork },
};

/** The first step of a change. */
export function firstStep(kind: TenantChangeKind): string {
  return kinds[kind].names[0] ?? '';
}

/** What remains of a rotation where settings were asked for meanwhile: they are compared again when it has ended. */
function afterwards(
  tenant: TenantDocument,
  work: Work,
  context: Context,
): { applied?: TenantApplied } {
  if (tenant.change?.kind !== 'settings') return {};
  return { applied: appliedOf(tenant, work.settings, context) };
}

/**
 * Does what is left of a tenant's change, from the step that its document names: every step is idempotent, and recorded
 * before it begins. Ends with no change left; or with the reason in the document, to be tried again by the reconciler,
 * and the same reason thrown; a change that the target does not support ends there. The tenant stays as usable as it was.
 * @param hold the lease on that tenant; released in any case.
 */
export async function carryOut(
  tenant: TenantDocument,
  hold: LeaseHold,
  context: Context,
): Promise<void> {
  const { change } = tenant;
  const log = context.log.child({ tenant: tenant._id.toHexString(), change: change?.kind });
  if (!change) {
    await hold.release({});
    return;
  }
  const { names, work: stepsOf } = kinds[change.kind];
  try {
    const work = workOn(tenant, context);
    for (const name of names.slice(Math.max(0, names.indexOf(change.step)))) {
      faultPoint(`before:${change.kind}.${name}`);
      if (name !== change.step) await hold.update({ 'change.step': name });
      change.step = name;
      faultPoint(`recorded:${change.kind}.${name}`);
      await stepsOf[name]?.(work, hold);
      faultPoint(`after:${change.kind}.${name}`);
    }
    const { applied } = afterwards(tenant, work, context);
    await hold.release({ change: null, ...(applied ? { applied } : {}) });
    // From here on collectors write as the tenant's own user, or no longer.
    if (applied && applied.access !== tenant.applied?.access)
      await announceChange('collectors', log, { tenants: [tenant._id.toHexString()] });
  } catch (error) {
    const fault = toFault(error);
    const nextAttemptAt = nextAttempt(fault.code, change.attempt, context.now());
    const waiting = fault.code === 'collectors_behind';
    log[waiting ? 'debug' : 'error'](
      { step: change.step, attempt: change.attempt, code: fault.code, err: fault.cause ?? fault },
      'a change stopped',
    );
    const lastError = { code: fault.code, message: fault.message, at: context.now() };
    await hold
      .release(
        // It would not be otherwise next time, and would keep every other change from the tenant.
        fault.code === 'not_supported'
          ? { change: null }
          : { 'change.lastError': lastError, 'change.nextAttemptAt': nextAttemptAt },
      )
      .catch((lost: unknown) => {
        log.error({ err: lost }, 'the failure of a change could not be recorded');
      });
    throw fault;
  }
  log.info('change carried out');
}
