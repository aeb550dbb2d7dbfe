import { TenancyError } from '@hyperdx-tenancy/domain/errors';
import { parseTenantId } from '@hyperdx-tenancy/domain/ids';
import { parseSource, suffixSource } from '@hyperdx-tenancy/domain/sources';

import Connection from '../models/connection';
import Source from '../models/source';
import type { ISource } from '../models/source';
import Team from '../models/team';

/**
 * Makes a source of a team: every table name it carries gets the suffix of the team's tenant, once.
 * @param data a source as HyperDX's UI sends it, of any of its kinds; unknown fields are kept.
 * @throws TenancyError `invalid_request` (a field is wrong, or the connection is not the team's),
 *   `foreign_table` (a table name ends in another tenant's id), `not_found` (no such team).
 */
export async function createSource(teamId: string, data: unknown): Promise<ISource> {
  const team = await Team.findById(teamId, { tenant: 1 }).lean();
  if (!team) throw new TenancyError('not_found', 'There is no team with this id.');
  const source = suffixSource(parseSource(data), parseTenantId(team.tenant.toHexString()));
  if (!(await Connection.exists({ _id: source.connection, team: team._id }))) {
    throw new TenancyError('invalid_request', 'connection: must be a connection of this team.');
  }
  // Ids and owner are never the caller's to choose.
  const { _id, id, ...fields } = source as Record<string, unknown>;
  void _id;
  void id;
  const created = await Source.create({ ...fields, team: team._id });
  return created.toObject();
}
