import { createServer } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import express from 'express';

import type { Config } from '../config';
import { connectionRules } from '../controllers/connectionRules';
import type { ConnectionRules } from '../controllers/connectionRules';
import { createContext } from '../controllers/context';
import type { Context } from '../controllers/context';
import { findUser } from '../controllers/users';
import type { Door } from '../door';
import type { TestServer } from '../fixtures';
import { errorHandler, notFound } from '../middleware/errors';
import { sessionMiddleware, signIn } from '../middleware/session';
import Connection from '../models/connection';
import clickhouseProxyRouter from '../routers/api/clickhouseProxy';
import connectionsRouter from '../routers/api/connections';
import sourcesRouter from '../routers/api/sources';
import externalRouter from '../routers/external-api/v2';
import { createLogger } from '../utils/logger';
import { Browser, makeUser } from './browser';
import type { MadeUser, Seen } from './browser';

/** What came to the query door by the UI's entrance. */
export interface Proxied {
  caller: Parameters<Door['proxy']>[2];
  url: string;
  body: Buffer;
}

/** The routers of sources and connections in an application of their own, in front of a door that notes what it gets. */
export interface TeamApp {
  url: string;
  context: Context;
  proxied: Proxied[];
  /** Signed in without a password: how that is checked is another router's. */
  signIn(user: MadeUser): Promise<Browser>;
  /** A call of the external API. */
  external(key: string, method: string, path: string, json?: unknown): Promise<Seen>;
  stop(): Promise<void>;
}

async function read(req: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

export async function startTeamApp(
  config: Config,
  rules: ConnectionRules = connectionRules(config),
): Promise<TeamApp> {
  const log = createLogger('silent');
  const context = createContext(config, log);
  const proxied: Proxied[] = [];
  const door: Pick<Door, 'proxy'> = {
    async proxy(req, res, caller) {
      proxied.push({ caller, url: req.url ?? '', body: await read(req) });
      res.end('from the door');
    },
  };
  const app = express();
  app.set('query parser', 'simple');
  app.use('/api/v2', externalRouter(context, rules, config.frontendUrl));
  app.use(sessionMiddleware(config, () => true));
  app.post('/sign-in/:id', async (req, res) => {
    const user = await findUser(req.params.id);
    if (user) await signIn(req, user);
    res.sendStatus(user ? 204 : 401);
  });
  app.use('/sources', sourcesRouter(context));
  app.use('/connections', connectionsRouter(context, rules));
  app.use('/clickhouse-proxy', clickhouseProxyRouter(door, context, rules));
  app.use(notFound, errorHandler(log));

  const server: Server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    context,
    proxied,
    async signIn({ id }) {
      const browser = new Browser(url);
      const { status } = await browser.request('POST', `/sign-in/${id}`);
      if (status !== 204) throw new Error(`no sign-in: ${status}`);
      return browser;
    },
    external: (key, method, path, json) =>
      new Browser(url).request(method, `/api/v2${path}`, {
        headers: { authorization: `Bearer ${key}` },
        ...(json === undefined ? {} : { json }),
      }),
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await context.targets.close();
    },
  };
}

/** A tenant by way of the admin API, with a user of its team. */
export interface MadeTenant {
  tenant: string;
  team: string;
  /** The managed one. */
  connection: string;
  user: MadeUser;
}

export async function makeTenant(server: TestServer, name: string): Promise<MadeTenant> {
  const { json } = await server.request('POST', '/tenancy/v1/tenants', { body: { name } });
  const [team] = json['teams'] as { id: string }[];
  const teamId = String(team?.id);
  const connection = await Connection.findOne({ team: teamId }).lean();
  return {
    tenant: String(json['id']),
    team: teamId,
    connection: String(connection?._id),
    user: await makeUser(teamId),
  };
}
