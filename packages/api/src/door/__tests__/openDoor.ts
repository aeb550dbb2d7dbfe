import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { doorUserName } from '@hyperdx-tenancy/domain/access';
import { parseTenantId } from '@hyperdx-tenancy/domain/ids';
import type { TenantId } from '@hyperdx-tenancy/domain/ids';

import type { Context } from '../../controllers/context';
import { doorLogin } from '../../controllers/credentials';
import type { TestServer } from '../../fixtures';
import Tenant from '../../models/tenant';
import type { ITenant } from '../../models/tenant';
import { createDoor } from '..';
import type { DoorOptions } from '..';

/** A tenant as its programs know it. */
export interface Asker {
  id: TenantId;
  teamId: string;
  username: string;
  password: string;
}

/** Makes a tenant by the admin API. */
export async function makeAsker(
  server: TestServer,
  context: Context,
  name: string,
  settings?: object,
): Promise<Asker> {
  const body = { name, ...(settings ? { settings } : {}) };
  const { json, text } = await server.request('POST', '/tenancy/v1/tenants', { body });
  if (json['status'] !== 'active') throw new Error(text);
  return askerOf(parseTenantId(json['id']), context);
}

/** By what its document says now. */
export async function askerOf(id: TenantId, context: Context): Promise<Asker> {
  const tenant = await Tenant.findById(id).lean<ITenant>();
  if (!tenant) throw new Error(`no tenant ${id}`);
  const teamId = tenant.members.team.toHexString();
  return { id, teamId, ...doorLogin(teamId, id, tenant.credentials, context) };
}

/** A stranger of that name. */
export const stranger = (teamId: string): { username: string; password: string } => ({
  username: doorUserName(teamId),
  password: '0'.repeat(64),
});

export interface OpenDoor {
  /** The door's own entrance. */
  url: string;
  /** The entrance by HyperDX's UI, for one who is signed in as `as`. */
  proxyUrl: string;
  /** Who is signed in. */
  as: Asker | undefined;
  /** What programs send to say who they are. */
  headers(asker: { username: string; password: string }): Record<string, string>;
  /** Asks at the door: status and text. */
  ask(
    asker: { username: string; password: string },
    sql: string,
    query?: string,
    more?: RequestInit,
  ): Promise<Said>;
  close(): Promise<void>;
}

export interface Said {
  status: number;
  text: string;
  headers: Headers;
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function end(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  return closed;
}

/** A door with both entrances on ports of their own. */
export async function openDoor(options: DoorOptions): Promise<OpenDoor> {
  const door = createDoor(options);
  const proxy = createServer((req, res) => {
    if (!open.as) throw new Error('nobody is signed in');
    const { id: tenantId, teamId } = open.as;
    void door.proxy(req, res, { tenantId, teamId });
  });
  const [url, proxyUrl] = await Promise.all([listen(door.server), listen(proxy)]);
  const headers: OpenDoor['headers'] = ({ username, password }) => ({
    'X-ClickHouse-User': username,
    'X-ClickHouse-Key': password,
  });
  const open: OpenDoor = {
    url,
    proxyUrl,
    as: undefined,
    headers,
    async ask(asker, sql, query = '', more = {}) {
      const answer = await fetch(`${url}/?${query}`, {
        method: 'POST',
        headers: headers(asker),
        body: sql,
        ...more,
      });
      return { status: answer.status, text: await answer.text(), headers: answer.headers };
    },
    async close() {
      await Promise.all([end(door.server), end(proxy)]);
      await door.close();
    },
  };
  return open;
}
