import type { DoorAccess } from '@hyperdx-tenancy/domain/contracts/door';
import type { TenantId } from '@hyperdx-tenancy/domain/ids';

import Team from '../models/team';
import type { ITeam } from '../models/team';
import type { Context } from './context';
import { doorLogin } from './credentials';
import { findTenant } from './tenantGrasp';

/** A tenant's teams are those of one customer. */
const MAX_TEAMS = 1_000;

/**
 * Where and as whom the teams of a tenant ask for its telemetry. The passwords are derived anew each time.
 * @throws TenancyError `tenant_not_found`, `target_unknown`, `secret_unknown`.
 */
export async function doorAccess(id: TenantId, context: Context): Promise<DoorAccess> {
  const tenant = await findTenant(id);
  const { database } = context.targets.get(tenant.target).config;
  const teams = await Team.find({ tenant: tenant._id }, { name: 1 })
    .sort({ _id: 1 })
    .limit(MAX_TEAMS)
    .lean<Pick<ITeam, '_id' | 'name'>[]>();
  const logins = teams.map(({ _id, name }) => {
    const team = { id: _id.toHexString(), name };
    return { team, ...doorLogin(team.id, id, tenant.credentials, context) };
  });
  return { url: context.door.url, database, logins };
}
