import type {
  ConnectionChange,
  ConnectionInput,
} from '@hyperdx-tenancy/domain/contracts/connection';
import { TenancyError } from '@hyperdx-tenancy/domain/errors';
import { Types } from 'mongoose';

import Connection from '../models/connection';
import type { IConnection } from '../models/connection';
import TenantConnection from '../models/tenantConnection';
import type { ITenantConnection } from '../models/tenantConnection';
import { newToken } from '../utils/secrets';
import { pinHost, requireOwnConnections } from './connectionRules';
import type { ConnectionRules } from './connectionRules';
import type { Context } from './context';

type Id = Types.ObjectId;

/** A connection as its team sees it: never with a password. */
export type ConnectionView = Omit<IConnection, 'password'>;

/** Connections of a team: more than any uses, few enough to list. */
const MAX_CONNECTIONS = 100;

/**
 * Who HyperDX's API is for our query door with a tenant's own connection: nobody that the door lets in. HyperDX would
 * connect to the tenant's server by itself, wherever its name leads at that moment; so its document leads nowhere, and
 * what the UI asks goes through `/clickhouse-proxy`, which pins the address.
 */
function doorNobody(id: Id, context: Pick<Context, 'door'>) {
  return {
    host: context.door.url,
    username: `hdx_c_${id.toHexString()}`,
    password: newToken('hdxc'),
  };
}

type Own = Pick<ITenantConnection, 'host' | 'username'>;

/** To those whose server it is, the connection leads there. */
function viewOf(document: ConnectionView, own: Own | undefined): ConnectionView {
  return own ? { ...document, host: own.host, username: own.username } : document;
}

/** All connections of a team. */
export async function listConnections(team: Id): Promise<ConnectionView[]> {
  const [documents, own] = await Promise.all([
    Connection.find({ team }).sort({ _id: 1 }).lean<ConnectionView[]>(),
    TenantConnection.find({ team }).lean(),
  ]);
  const ownById = new Map(own.map((one) => [one._id.toHexString(), one]));
  return documents.map((document) => viewOf(document, ownById.get(document._id.toHexString())));
}

/** One connection of a team; `null` where the team has none of this id. */
export async function getConnection(team: Id, id: Id): Promise<ConnectionView | null> {
  const document = await Connection.findOne({ _id: id, team }).lean<ConnectionView>();
  if (!document) return null;
  return viewOf(document, (await TenantConnection.findOne({ _id: id, team }).lean()) ?? undefined);
}

/** @throws TenancyError `forbidden` for the connection that the platform keeps. */
function requireUnmanaged({ platformProvisioned }: ConnectionView): void {
  if (platformProvisioned !== true) return;
  throw new TenancyError(
    'forbidden',
    'This connection is managed: it leads to your tables with credentials that are renewed for you. It cannot be changed or deleted.',
  );
}

/**
 * Makes a connection of a team to a server of their own.
 * @throws TenancyError `forbidden`, `invalid_request` (host), `limit_reached`.
 */
export async function createConnection(
  team: Id,
  input: ConnectionInput,
  rules: ConnectionRules,
  context: Pick<Context, 'door'>,
): Promise<ConnectionView> {
  requireOwnConnections(rules);
  await pinHost(input.host, rules);
  if ((await Connection.countDocuments({ team })) >= MAX_CONNECTIONS) {
    throw new TenancyError('limit_reached', `A team has at most ${MAX_CONNECTIONS} connections.`);
  }
  const { host, username, password, name, hyperdxSettingPrefix, isPrometheusEndpoint } = input;
  const _id = new Types.ObjectId();
  // First: what HyperDX's document promises is there.
  await TenantConnection.create({ _id, team, host, username, password: password ?? '' });
  await Connection.create({
    _id,
    team,
    name,
    ...doorNobody(_id, context),
    ...(hyperdxSettingPrefix == null ? {} : { hyperdxSettingPrefix }),
    ...(isPrometheusEndpoint === undefined ? {} : { isPrometheusEndpoint }),
  });
  const created = await getConnection(team, _id);
  if (!created) throw new TenancyError('not_found', 'The connection was deleted meanwhile.');
  return created;
}

/**
 * Changes a team's own connection. Without a password the present one stays; what the body leaves out stays as well.
 * @returns `null` where the team has none of this id.
 * @throws TenancyError `forbidden`, `invalid_request` (host).
 */
export async function updateConnection(
  team: Id,
  id: Id,
  change: ConnectionChange,
  rules: ConnectionRules,
  context: Pick<Context, 'door'>,
): Promise<ConnectionView | null> {
  const present = await Connection.findOne({ _id: id, team }).lean<ConnectionView>();
  if (!present) return null;
  requireUnmanaged(present);
  requireOwnConnections(rules);
  await pinHost(change.host, rules);
  const { host, username, password, name, hyperdxSettingPrefix: prefix } = change;
  await TenantConnection.updateOne(
    { _id: id, team },
    { $set: { host, username, ...(password ? { password } : {}) } },
    { upsert: true },
  );
  const { isPrometheusEndpoint } = change;
  await Connection.updateOne(
    // Whoever made it managed meanwhile has the last word.
    { _id: id, team, platformProvisioned: { $ne: true } },
    {
      $set: {
        name,
        ...doorNobody(id, context),
        ...(prefix ? { hyperdxSettingPrefix: prefix } : {}),
        ...(isPrometheusEndpoint === undefined ? {} : { isPrometheusEndpoint }),
      },
      ...(prefix === null || prefix === '' ? { $unset: { hyperdxSettingPrefix: '' } } : {}),
    },
  );
  return getConnection(team, id);
}

/**
 * Deletes a team's own connection, also while there may be no new ones.
 * @returns whether the team had it.
 * @throws TenancyError `forbidden`.
 */
export async function deleteConnection(team: Id, id: Id): Promise<boolean> {
  const present = await Connection.findOne({ _id: id, team }).lean<ConnectionView>();
  if (present) requireUnmanaged(present);
  const { deletedCount } = await Connection.deleteOne({
    _id: id,
    team,
    platformProvisioned: { $ne: true },
  });
  // Last: without HyperDX's document nothing leads to it. Also where that is gone, for one whose deletion was cut short.
  await TenantConnection.deleteOne({ _id: id, team });
  return deletedCount > 0;
}
