import { provisioningSteps } from '@hyperdx-tenancy/domain/contracts/tenant';
import type { ProvisioningStep } from '@hyperdx-tenancy/domain/contracts/tenant';
import { TenancyError } from '@hyperdx-tenancy/domain/errors';
import { parseTenantId } from '@hyperdx-tenancy/domain/ids';

import type { TenantDocument } from '../models/tenant';
import { faultPoint } from '../utils/faultPoint';
import { isMongoUnavailable, mongoUnavailable } from '../utils/mongoErrors';
import type { Context } from './context';
import type { LeaseHold } from './lease';
import { afterFault } from './provisioningPolicy';
import { steps } from './provisioningSteps';
import { announceChange } from './revisions';

function toFault(error: unknown): TenancyError {
  if (error instanceof TenancyError) return error;
  if (isMongoUnavailable(error)) return mongoUnavailable(error);
  return new TenancyError('internal', 'A step failed unexpectedly; see the log of the API.', {
    cause: error,
  });
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
  try {
    for (const step of provisioningSteps) {
      current = step;
      faultPoint(`before:${step}`);
      await hold.update({ step, status: 'provisioning' });
      faultPoint(`recorded:${step}`);
      await steps[step](tenant, id, context);
      faultPoint(`after:${step}`);
    }
    await hold.release({ status: 'active', lastError: null, nextAttemptAt: null });
    faultPoint('released');
  } catch (error) {
    const fault = toFault(error);
    const next = afterFault(fault.code, tenant.attempt, context.now());
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
  await announceChange('collectors', log);
}
