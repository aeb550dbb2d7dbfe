import { TenancyError } from '@hyperdx-tenancy/domain/errors';
import { parseTenantId } from '@hyperdx-tenancy/domain/ids';
import type { TenantId } from '@hyperdx-tenancy/domain/ids';
import {
  listSourceReferences,
  requireDatabase,
  scanDocument,
  SourceInput,
  suffixSource,
} from '@hyperdx-tenancy/domain/sources';
import { isValidObjectId, Types } from 'mongoose';

import Connection from '../models/connection';
import Source from '../models/source';
import type { ISource } from '../models/source';
import Team from '../models/team';
import Tenant from '../models/tenant';
import { validate } from '../utils/validate';
import { defaultContext } from './context';
import type { Context } from './context';

/** Whose sources they are. */
export interface SourceOwner {
  team: Types.ObjectId;
  tenant: TenantId;
}

/** Sources of a team: more than any uses, few enough to list. */
const MAX_SOURCES = 1_000;

/** What the server decides, whatever the caller sent in its place. */
const SERVER_FIELDS = ['_id', 'id', 'team', 'createdAt', 'updatedAt', '__v'] as const;

function withoutServerFields(source: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(source).filter(([name]) => !(SERVER_FIELDS as readonly string[]).includes(name)),
  );
}

/** The fields of a source that are the caller's, fit to be stored. */
interface Storable extends Record<string, unknown> {
  connection: Types.ObjectId;
}

/** The database of a tenant's tables. @throws TenancyError `tenant_not_found`, `target_unknown`. */
async function databaseOf(tenantId: TenantId, { targets }: Context): Promise<string> {
  const tenant = await Tenant.findById(tenantId, { target: 1 }).lean();
  if (!tenant) throw new TenancyError('tenant_not_found', 'The tenant of your team is gone.');
  return targets.get(tenant.target).config.database;
}

/** @throws TenancyError `invalid_request` naming a field whose source is not the team's. */
async function requireReferences(source: object, team: Types.ObjectId): Promise<void> {
  const references = listSourceReferences(source);
  if (references.length === 0) return;
  const ids = [...new Set(references.map(({ id }) => id))];
  const own = await Source.find({ _id: { $in: ids }, team }, { _id: 1 }).lean();
  const known = new Set(own.map(({ _id }) => _id.toHexString()));
  const lost = references.find(({ id }) => !known.has(id));
  if (lost) {
    throw new TenancyError('invalid_request', `${lost.field}: must be a source of this team.`);
  }
}

/** A connection of this team. @throws TenancyError `invalid_request`. */
async function connectionOf(id: string, team: Types.ObjectId) {
  const connection = Types.ObjectId.isValid(id)
    ? await Connection.findOne({ _id: id, team }, { platformProvisioned: 1 }).lean()
    : null;
  if (connection) return connection;
  throw new TenancyError('invalid_request', 'connection: must be a connection of this team.');
}

/**
 * What is stored of a source: its tables are the tenant's, its database is that of the tenant's tables, what it names is
 * the team's. Over a connection of the team's own the tables are on a server of theirs, where no names are ours to change;
 * another tenant's are refused there as well.
 */
async function toStore(
  { team, tenant }: SourceOwner,
  input: SourceInput,
  context: Context,
): Promise<Storable> {
  // Fields of the server's are left out first: nobody is refused for what is not used.
  const source = withoutServerFields(input) as SourceInput;
  scanDocument(source, tenant);
  const suffixed = suffixSource(source, tenant);
  const connection = await connectionOf(source.connection, team);
  await requireReferences(source, team);
  if (connection.platformProvisioned !== true) return { ...source, connection: connection._id };
  requireDatabase(source, await databaseOf(tenant, context));
  return { ...suffixed, connection: connection._id };
}

/** What is not said is left out, as mongoose has it; the driver would write `null`. */
const STORED_AS_SENT = { ignoreUndefined: true } as const;

/**
 * The whole document, as mongoose would write it. It is written past mongoose, whose documents have their own workings
 * beside their fields: unknown fields of a body that are called like these (`_doc`, `isNew`, `toObject`) would take their place.
 */
function asStored(
  source: Storable,
  { _id, team, createdAt }: Pick<ISource, '_id' | 'team' | 'createdAt'>,
  updatedAt: Date,
): ISource {
  // Kind and name are there by every kind's schema.
  return { ...source, _id, team, createdAt, updatedAt, __v: 0 } as unknown as ISource;
}

/** All sources of a team. */
export async function listSources(team: Types.ObjectId): Promise<ISource[]> {
  return Source.find({ team }).sort({ _id: 1 }).lean<ISource[]>();
}

/** One source of a team; `null` where the team has none of this id. */
export async function getSource(team: Types.ObjectId, id: Types.ObjectId): Promise<ISource | null> {
  return Source.findOne({ _id: id, team }).lean<ISource>();
}

/**
 * Makes a source of a team: every table name it carries gets the suffix of the team's tenant, once.
 * @throws TenancyError `invalid_request` (connection, or another source, is not the team's), `foreign_table` (another
 *   tenant's id stands in it, or another database), `invalid_table_name`, `limit_reached`.
 */
export async function addSource(
  owner: SourceOwner,
  input: SourceInput,
  context: Context,
): Promise<ISource> {
  const { team } = owner;
  const source = await toStore(owner, input, context);
  if ((await Source.countDocuments({ team })) >= MAX_SOURCES) {
    throw new TenancyError('limit_reached', `A team has at most ${MAX_SOURCES} sources.`);
  }
  const now = context.now();
  const created = asStored(source, { _id: new Types.ObjectId(), team, createdAt: now }, now);
  await Source.collection.insertOne(created, STORED_AS_SENT);
  return created;
}

/**
 * Puts a source in the place of another, as HyperDX 2.36 does: what the body leaves out is gone, of whatever kind the
 * source was; id, team and the time of its making stay.
 * @returns `null` where the team has none of this id.
 * @throws as {@link addSource}.
 */
export async function replaceSource(
  owner: SourceOwner,
  id: Types.ObjectId,
  input: SourceInput,
  context: Context,
): Promise<ISource | null> {
  const { team } = owner;
  const present = await getSource(team, id);
  if (!present) return null;
  const source = await toStore(owner, input, context);
  const replaced = asStored(source, present, context.now());
  const { matchedCount } = await Source.collection.replaceOne(
    { _id: id, team },
    replaced,
    STORED_AS_SENT,
  );
  return matchedCount === 0 ? null : getSource(team, id);
}

/** @returns whether the team had it. */
export async function deleteSource(team: Types.ObjectId, id: Types.ObjectId): Promise<boolean> {
  const { deletedCount } = await Source.deleteOne({ _id: id, team });
  return deletedCount > 0;
}

/**
 * The same as {@link addSource} by HyperDX's own signature.
 * @param data a source as HyperDX's UI sends it, of any of its kinds; unknown fields are kept.
 * @throws TenancyError as {@link addSource}; `invalid_request` (a field is wrong), `not_found` (no such team).
 */
export async function createSource(
  teamId: string,
  data: unknown,
  context: Context = defaultContext(),
): Promise<ISource> {
  const team = isValidObjectId(teamId) ? await Team.findById(teamId, { tenant: 1 }).lean() : null;
  // A team made by HyperDX itself has no tenant, and so no tables.
  const tenant = team?.tenant;
  if (!team || !tenant)
    throw new TenancyError('not_found', 'There is no team of a tenant with this id.');
  const owner = { team: team._id, tenant: parseTenantId(tenant.toHexString()) };
  return addSource(owner, validate(SourceInput, data), context);
}
