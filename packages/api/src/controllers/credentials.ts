import type { AccessRole } from '@hyperdx-tenancy/domain/access';
import { doorUserName, userName } from '@hyperdx-tenancy/domain/access';
import { TenancyError } from '@hyperdx-tenancy/domain/errors';
import type { TenantId } from '@hyperdx-tenancy/domain/ids';

import type { Target } from '../clickhouse/target';
import type { PasswordHashes } from '../clickhouse/tenantAccess';
import type { Login } from '../clickhouse/tenantTables';
import type { Credentials } from '../utils/keyring';
import type { Context } from './context';

function known<T>(value: T | undefined, id: TenantId): T {
  if (value !== undefined) return value;
  throw new TenancyError(
    'secret_unknown',
    `The passwords of tenant ${id} come from a secret that this process does not have: set TENANCY_SECRET_PREVIOUS ` +
      'to it, or replace them with "tenant rotate --force".',
  );
}

/** What ClickHouse is told of a tenant's passwords. @throws TenancyError `secret_unknown`. */
export function passwordHashes(
  id: TenantId,
  credentials: Credentials,
  { keyring }: Pick<Context, 'keyring'>,
): PasswordHashes {
  return {
    reader: known(keyring.passwordHash(id, 'reader', credentials), id),
    writer: known(keyring.passwordHash(id, 'writer', credentials), id),
  };
}

/** As whom everything may be done on a target. */
export function adminLogin({ config: { username, password } }: Target): Login {
  return { username, password };
}

/**
 * As whom a tenant's data is read or written: its own user, or the administrator where the target has no users.
 * @throws TenancyError `secret_unknown`.
 */
export function loginOf(
  role: AccessRole,
  target: Target,
  id: TenantId,
  credentials: Credentials,
  { keyring }: Pick<Context, 'keyring'>,
): Login {
  if (!target.hasUsers) return adminLogin(target);
  return {
    username: userName(role, id),
    password: known(keyring.password(id, role, credentials), id),
  };
}

/** As whom a team of the tenant comes to the query door. @throws TenancyError `secret_unknown`. */
export function doorLogin(
  teamId: string,
  id: TenantId,
  credentials: Credentials,
  { keyring }: Pick<Context, 'keyring'>,
): Login {
  return {
    username: doorUserName(teamId),
    password: known(keyring.doorPassword(teamId, credentials), id),
  };
}
