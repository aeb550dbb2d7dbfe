import { TenancyError } from '@hyperdx-tenancy/domain/errors';
import { parseTenantId } from '@hyperdx-tenancy/domain/ids';
import { SourceInput, suffixSource } from '@hyperdx-tenancy/domain/sources';
import { isValidObjectId } from 'mongoose';

import Connection from '../models/connection';
import Source from '../models/source';
import type { ISource } from '../models/source';
import Team from '../models/team';
import { validate } from '../utils/validate';

/** What the server decides, whatever the caller sent in its place. */
const SERVER_FIELDS = ['_id', 'id', 'team', 'createdAt', 'updatedAt', '__v'] as const;

function withoutServerFields(source: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(source).filter(([name]) => !(SERVER_FIELDS as readonly string[]).includes(name)),
  );
}

/**
 * Makes a source of a team: every table name it carries gets the suffix of the team's tenant, once.
 * @param data a source as HyperDX's UI sends it, of any of its kinds; unknown fields are kept.
 * @throws TenancyError `invalid_request` (a field is wrong, or the connection is not the team's),
 *   `foreign_table` (a table name ends in another tenant's id), `not_found` (no such team).
 */
export async function createSource(teamId: string, data: unknown): Promise<ISource> {
  const team = isValidObjectId(teamId) ? await Team.findById(teamId, { tenant: 1 }).lean() : null;
  // A team made by HyperDX itself has no tenant, and so no tables.
  const tenant = team?.tenant;
  if (!team || !tenant)
    throw new TenancyError('not_found', 'There is no team of a tenant with this id.');
  const source = suffixSource(validate(SourceInput, data), parseTenantId(tenant.toHexString()));
  const owned =
    isValidObjectId(source.connection) &&
    (await Connection.exists({ _id: source.connection, team: team._id }));
  if (!owned)
    throw new TenancyError('invalid_request', 'connection: must be a connection of this team.');
  const created = await Source.create({ ...withoutServerFields(source), team: team._id });
  return created.toObject();
}
