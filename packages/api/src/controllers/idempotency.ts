import { createHash } from 'node:crypto';

import type { CreateTenant } from '@hyperdx-tenancy/domain/contracts/tenant';
import { TenancyError } from '@hyperdx-tenancy/domain/errors';

import Tenant from '../models/tenant';
import type { TenantDocument, TenantRequest } from '../models/tenant';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** What is kept of a request that came with an `Idempotency-Key`. */
export function tenantRequest(idempotencyKey: string, input: CreateTenant): TenantRequest {
  // In a fixed order: the same request in another order of its fields is the same.
  return {
    key: sha256(idempotencyKey),
    hash: sha256(
      JSON.stringify([input.name, input.apiKey, input.target, input.plan, input.settings]),
    ),
  };
}

/**
 * The tenant that this very request made, or began to make, before.
 * @throws TenancyError `idempotency_key_reused` where the key came with another request.
 */
export async function findRepeated(request: TenantRequest): Promise<TenantDocument | null> {
  const tenant = await Tenant.findOne({ 'request.key': request.key });
  if (tenant && tenant.request?.hash !== request.hash) {
    throw new TenancyError(
      'idempotency_key_reused',
      'Idempotency-Key: came with another request before.',
    );
  }
  return tenant;
}
