import { TenancyError } from '@hyperdx-tenancy/domain/errors';
import { LRUCache } from 'lru-cache';
import { Types } from 'mongoose';

import Connection from '../models/connection';
import TenantConnection from '../models/tenantConnection';

/** Where queries over a connection go. */
export type ConnectionRoute =
  | { kind: 'managed' }
  | { kind: 'own'; host: string; username: string; password: string; settingPrefix?: string };

type Found = { route: ConnectionRoute } | { route: undefined };

/** Connections kept: more than one process serves within {@link KEPT_MS}. */
const MAX_ROUTES = 10_000;

/** How long a connection that was changed or deleted still leads where it did, at the most. */
const KEPT_MS = 2_000;

async function readRoute(team: Types.ObjectId, id: Types.ObjectId): Promise<Found> {
  const [document, own] = await Promise.all([
    Connection.findOne(
      { _id: id, team },
      { platformProvisioned: 1, hyperdxSettingPrefix: 1 },
    ).lean(),
    TenantConnection.findOne({ _id: id, team }).select('+password').lean(),
  ]);
  if (!document) return { route: undefined };
  if (document.platformProvisioned === true) return { route: { kind: 'managed' } };
  if (!own) {
    // Made past this service: its host was never looked at.
    throw new TenancyError(
      'forbidden',
      'This connection was not made here, and is not used. An operator can take it over.',
    );
  }
  const { host, username, password } = own;
  const { hyperdxSettingPrefix: settingPrefix } = document;
  return {
    route: {
      kind: 'own',
      host,
      username,
      password,
      ...(settingPrefix === undefined ? {} : { settingPrefix }),
    },
  };
}

/** Which of a team's connections leads where, kept for two seconds: each query of the UI asks for it. */
export class ConnectionRoutes {
  private readonly found = new LRUCache<string, Found>({
    max: MAX_ROUTES,
    ttl: KEPT_MS,
    fetchMethod: (key) => {
      const [team, id] = key.split('/');
      return readRoute(new Types.ObjectId(team), new Types.ObjectId(id));
    },
  });

  /**
   * @param id 24 hexadecimal digits.
   * @returns `undefined` where the team has no such connection.
   * @throws TenancyError `forbidden` for a connection that was not made here.
   */
  async find(team: Types.ObjectId, id: string): Promise<ConnectionRoute | undefined> {
    return (await this.found.fetch(`${team.toHexString()}/${id.toLowerCase()}`))?.route;
  }
}
