import { provisioningSteps } from '@hyperdx-tenancy/domain/contracts/tenant';
import type { ProvisioningStep } from '@hyperdx-tenancy/domain/contracts/tenant';
import { TenancyError } from '@hyperdx-tenancy/domain/errors';
import { parseTenantId } from '@hyperdx-tenancy/domain/ids';

import type { TenantDocument } from '../models/tenant';
import { secondsSince } from '../metrics';
import type { Metrics } from '../metrics';
import { faultPoint } from '../utils/faultPoint';
import { isMongoUnavailable, mongoUnavailable } from '../utils/mongoErrors';
import type { Context } from './context';
import type { LeaseHold } from './lease';
import { afterFault } from './provisioningPolicy';
import { isDue, steps, workOn } from './provisioningSteps';
import { announceChange } from './revisions';
import { appliedOf } from './settings';

/** Why work stopped, for its document and its caller. */
export function toFault(error: unknown): TenancyError {
  if (error instanceof TenancyError) return error;
  if (isMongoUnavailable(error)) return mongoUnavailable(error);
  return new TenancyError('internal', 'A step failed unexpectedly; see the log of the API.', {
    cause: error,
  });
}

/** Does a step and measures it, also where it fails. */
async function timed(
  step: ProvisioningStep,
  work: () => Promise<void>,
  metrics: Metrics,
): Promise<void> {
  const start = process.hrtime.bigint();
  await work().finally(() =>
    metrics.observe('provisioning_step_duration_seconds', { step }, secondsSince(start)),
  );
}

/** Nobody uses the passwords of a tenant that was never active: those of an older secret need no rotation. */
async function renewCredentials(
  tenant: TenantDocument,
  hold: LeaseHold,
  { keyring }: Context,
): Promise<void> {
  if (tenant.credentials.secret === keyring.current) return;
  const credentials = keyring.next(tenant.credentials);
  await hold.update({ credentials });
  tenant.credentials = credentials;
}

/**
 * Makes all that a tenant consists of, from its first step on: every step is idempotent, so after a crash
 * or a failure the whole is simply done again. Ends with the tenant `active`; or still `provisioning`, to be
 * tried again by the reconciler, or `failed`, with the reason in its document and the same reason thrown.
 * @param hold the lease on that tenant; released in any case.
 */
export async function provision(
  tenant: TenantDocument,
  hold: LeaseHold,
  context: Context,
): Promise<void> {
  const id = parseTenantId(tenant._id.toHexString());
  const log = context.log.child({ tenant: id });
  let current: ProvisioningStep = provisioningSteps[0];
  const start = process.hrtime.bigint();
  const ended = (result: 'active' | 'provisioning' | 'failed'): void =>
    context.metrics.observe('provisioning_duration_seconds', { result }, secondsSince(start));
  try {
    const work = workOn(tenant, context);
    // A plan that is gone is said before anything is made.
    const { settings } = work;
    await renewCredentials(tenant, hold, context);
    for (const step of provisioningSteps.filter((name) => isDue(name, work))) {
      current = step;
      faultPoint(`before:${step}`);
      // The document of a new tenant was written with its first step.
      if (tenant.attempt > 1 || step !== provisioningSteps[0])
        await hold.update({ step, status: 'provisioning' });
      faultPoint(`recorded:${step}`);
      await timed(step, () => steps[step](work), context.metrics);
      faultPoint(`after:${step}`);
    }
    const applied = appliedOf(tenant, settings, context);
    await hold.release({ status: 'active', lastError: null, nextAttemptAt: null, applied });
    faultPoint('released');
    ended('active');
  } catch (error) {
    const fault = toFault(error);
    const next = afterFault(fault.code, tenant.attempt, context.now());
    ended(next.status);
    context.metrics.count('provisioning_failures_total', { step: current, code: fault.code });
    log.error(
      {
        step: current,
        attempt: tenant.attempt,
        ...next,
        code: fault.code,
        err: fault.cause ?? fault,
      },
      'provisioning stopped',
    );
    await hold
      .release({
        ...next,
        lastError: { code: fault.code, message: fault.message, at: context.now() },
      })
      .catch((lost: unknown) => {
        // Its lease runs out by itself, and the reconciler goes on from there.
        log.error({ err: lost }, 'the failure could not be recorded');
      });
    throw fault;
  }
  log.info('tenant active');
  await announceChange('collectors', log, { tenants: [tenant._id.toHexString()] });
}
