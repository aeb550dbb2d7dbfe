import { TenancyError } from '@hyperdx-tenancy/domain/errors';

/** The one answer to an id that no tenant has. */
export function tenantNotFound(): TenancyError {
  return new TenancyError('tenant_not_found', 'There is no tenant with this id.');
}
