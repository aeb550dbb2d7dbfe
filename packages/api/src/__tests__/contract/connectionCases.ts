import Connection from '../../models/connection';
import TenantConnection from '../../models/tenantConnection';
import { connectionBody } from './bodies';
import { all, anyId, aTime, empty, faults, json, message } from './expect';
import type { Check } from './expect';
import type { Case } from './play';
import { credentialsFor } from './play';
import { sendTo } from './send';
import { freshId } from './world';
import type { Side } from './world';

const MANAGED = message(/managed/, 'forbidden');

/** The managed connection is there, leads to the door, and shows no password. */
const managed: Check = async (seen, side) => {
  const document = await Connection.findById(side.connection).select('+password').lean();
  expect(document?.host).toBe(side.server.doorUrl);
  expect(seen.text).not.toContain(document!.password);
  expect(seen.text).not.toContain('password');
};

/** A connection of a side's own, made as its member makes one. */
async function makeConnection(side: Side): Promise<string> {
  const who = credentialsFor('POST /connections', side.member);
  const ask = { json: connectionBody(side) };
  const { status, json: made } = await sendTo(side.server.url, 'POST', '/connections', who, ask);
  expect(status).toBe(200);
  const { id } = made as { id: string };
  side.made.add(id);
  return id;
}

const ofMade = async (side: Side, body?: object) => ({
  params: { id: await makeConnection(side) },
  ...(body === undefined ? {} : { json: body }),
});

/** What holds whether or not tenants may have connections of their own. */
export const connectionCases: Case[] = [
  {
    route: 'GET /connections',
    what: 'lists the managed one, without its password',
    ask: () => ({}),
    status: 200,
    check: all((seen, { team, connection }) => {
      const [first] = seen.json as Record<string, unknown>[];
      expect(first).toMatchObject({ _id: connection, id: connection, team, host: anyHost });
      expect(first).toMatchObject({ platformProvisioned: true });
    }, managed),
  },
  {
    route: 'GET /api/v2/connections',
    what: 'lists the managed one by the fields that it shows',
    ask: () => ({}),
    status: 200,
    check: all((seen, { connection }) => {
      const { data } = seen.json as { data: unknown[] };
      expect(data[0]).toEqual(externalView({ id: connection }));
    }, managed),
  },
  {
    route: 'GET /api/v2/connections/:id',
    what: 'shows one',
    ask: ({ connection }) => ({ params: { id: connection } }),
    status: 200,
    check: all(
      json(({ connection }) => ({ data: externalView({ id: connection }) })),
      managed,
    ),
  },
  ...(['PUT /connections/:id', 'PUT /api/v2/connections/:id'] as const).map((route): Case => ({
    route,
    what: 'leaves the managed one alone, and says why',
    ask: (side) => ({ params: { id: side.connection }, json: connectionBody(side) }),
    status: 403,
    check: MANAGED,
  })),
  ...(['DELETE /connections/:id', 'DELETE /api/v2/connections/:id'] as const).map(
    (route): Case => ({
      route,
      what: 'leaves the managed one alone, and says why',
      ask: ({ connection }) => ({ params: { id: connection } }),
      status: 403,
      check: all(MANAGED, async (_seen, { connection }) => {
        expect(await Connection.exists({ _id: connection })).not.toBeNull();
      }),
    }),
  ),
  ...(['PUT', 'DELETE'] as const).map((method): Case => ({
    route: `${method} /connections/:id`,
    what: 'refuses an id that is none',
    ask: (side) => ({
      params: { id: 'nonsense' },
      ...(method === 'PUT' ? { json: connectionBody(side) } : {}),
    }),
    status: 400,
    check: faults({ Params: ['id'] }),
  })),
  ...(['GET', 'PUT', 'DELETE'] as const).flatMap((method): Case[] => [
    {
      route: `${method} /api/v2/connections/:id`,
      what: 'refuses an id that is none',
      ask: (side) => ({
        params: { id: 'nonsense' },
        ...(method === 'PUT' ? { json: connectionBody(side) } : {}),
      }),
      status: 400,
      check: message(/^Params validation failed: id: /),
    },
    {
      route: `${method} /api/v2/connections/:id`,
      what: 'knows none of this id',
      ask: (side) => ({
        params: { id: freshId() },
        ...(method === 'PUT' ? { json: connectionBody(side) } : {}),
      }),
      status: 404,
      check: message(/^Connection not found/),
    },
  ]),
  {
    route: 'PUT /connections/:id',
    what: 'knows none of this id',
    ask: (side) => ({ params: { id: freshId() }, json: connectionBody(side) }),
    status: 404,
    check: empty,
  },
  {
    route: 'DELETE /connections/:id',
    what: 'answers nothing where there is none',
    ask: () => ({ params: { id: freshId() } }),
    status: 200,
    check: empty,
  },
];

const anyHost = expect.stringMatching(/^http:/) as string;

function externalView(more: object): object {
  return {
    id: anyId,
    name: expect.any(String) as string,
    host: anyHost,
    username: expect.any(String) as string,
    createdAt: aTime,
    updatedAt: aTime,
    ...more,
  };
}

/** Where the operator of the installation keeps connections to themselves. */
export const closedConnectionCases: Case[] = (
  ['POST /connections', 'POST /api/v2/connections'] as const
).map((route) => ({
  route,
  what: 'makes none, and says why',
  ask: (side) => ({ json: connectionBody(side) }),
  status: 403,
  check: all(message(/./, 'forbidden'), async (_seen, { team }) => {
    expect(await Connection.countDocuments({ team })).toBe(1);
  }),
}));

/** What HyperDX's own API finds leads it nowhere by itself; the credentials are kept for our use of them. */
const kept: Check = async (_seen, side) => {
  const [made] = await TenantConnection.find({ team: side.team }).sort({ _id: -1 }).limit(1).lean();
  side.made.add(String(made!._id));
  expect(made).toMatchObject({ host: side.engines.clickhouse.url, username: 'somebody' });
  const document = await Connection.findById(made!._id).select('+password').lean();
  expect(document).toMatchObject({ name: 'Own', host: side.server.doorUrl });
  expect(String(document!.team)).toBe(side.team);
  expect(document!.password).not.toContain('a password of their own');
};

const wrong: [string, object, string][] = [
  ['no name', { name: undefined }, 'name'],
  ['no host', { host: undefined }, 'host'],
  ['no username', { username: undefined }, 'username'],
  ['a prefix with a quote', { hyperdxSettingPrefix: "x'y" }, 'hyperdxSettingPrefix'],
];

const inside: [string, string][] = [
  ['the metadata service', 'http://169.254.169.254/'],
  ['a private network', 'http://10.1.2.3:8123'],
  ['a private name', 'http://nothing.invalid:8123'],
  ['a file', 'file:///etc/passwd'],
  ['credentials in its URL', 'http://user:secret@93.184.215.14:8123'],
];

/** Where tenants may have connections of their own. */
export const ownConnectionCases: Case[] = [
  {
    route: 'POST /connections',
    what: 'makes one, and answers its id',
    ask: (side) => ({ json: connectionBody(side) }),
    status: 200,
    check: all(
      json(() => ({ id: anyId })),
      kept,
    ),
  },
  {
    route: 'POST /api/v2/connections',
    what: 'makes one, and shows it',
    ask: (side) => ({ json: connectionBody(side, { hyperdxSettingPrefix: 'hdx' }) }),
    status: 200,
    check: all(
      json(({ engines }) => ({
        data: externalView({
          name: 'Own',
          host: engines.clickhouse.url,
          username: 'somebody',
          hyperdxSettingPrefix: 'hdx',
        }),
      })),
      kept,
    ),
  },
  {
    route: 'GET /connections',
    what: 'lists own ones as they were made, without their passwords',
    ask: async (side) => {
      await makeConnection(side);
      return {};
    },
    status: 200,
    check: (seen, side) => {
      const last = (seen.json as object[]).at(-1);
      expect(last).toMatchObject({
        name: 'Own',
        host: side.engines.clickhouse.url,
        username: 'somebody',
      });
      expect(seen.text).not.toMatch(/password/i);
    },
  },
  {
    route: 'PUT /connections/:id',
    what: 'changes one, keeps its password and what only a later HyperDX knows, and answers nothing',
    ask: async (side) => {
      const id = await makeConnection(side);
      await Connection.collection.updateOne(
        { _id: (await Connection.findById(id))!._id },
        { $set: { laterField: [1] } },
      );
      return {
        params: { id },
        json: connectionBody(side, { name: 'Changed', password: undefined }),
      };
    },
    status: 200,
    check: all(empty, async (_seen, { team }) => {
      const changed = await Connection.findOne({ team, name: 'Changed' }).sort({ _id: -1 }).lean();
      expect(changed).toMatchObject({ laterField: [1] });
      const own = await TenantConnection.findById(changed!._id).select('+password').lean();
      expect(own?.password).toBe('a password of their own');
    }),
  },
  {
    route: 'PUT /api/v2/connections/:id',
    what: 'changes one, and shows it',
    ask: async (side) => ofMade(side, connectionBody(side, { name: 'Changed' })),
    status: 200,
    check: (seen) => expect(seen.json).toEqual({ data: externalView({ name: 'Changed' }) }),
  },
  {
    route: 'DELETE /connections/:id',
    what: 'deletes one, and answers nothing',
    ask: async (side) => ofMade(side),
    status: 200,
    check: empty,
  },
  {
    route: 'DELETE /api/v2/connections/:id',
    what: 'deletes one',
    ask: async (side) => ofMade(side),
    status: 200,
    check: json(() => ({})),
  },
  ...wrong.flatMap(([what, more, field]): Case[] => [
    {
      route: 'POST /connections',
      what: `refuses ${what}`,
      ask: (side) => ({ json: connectionBody(side, more as Record<string, unknown>) }),
      status: 400,
      check: faults({ Body: [field] }),
    },
    {
      route: 'POST /api/v2/connections',
      what: `refuses ${what}`,
      ask: (side) => ({ json: connectionBody(side, more as Record<string, unknown>) }),
      status: 400,
      check: message(new RegExp(`^Body validation failed: .*${field}: `)),
    },
    {
      route: 'PUT /connections/:id',
      what: `refuses ${what}`,
      ask: async (side) => ofMade(side, connectionBody(side, more as Record<string, unknown>)),
      status: 400,
      check: faults({ Body: [field] }),
    },
    {
      route: 'PUT /api/v2/connections/:id',
      what: `refuses ${what}`,
      ask: async (side) => ofMade(side, connectionBody(side, more as Record<string, unknown>)),
      status: 400,
      check: message(new RegExp(`^Body validation failed: .*${field}: `)),
    },
  ]),
  ...inside.flatMap(([what, host]) =>
    (['POST /connections', 'POST /api/v2/connections'] as const).map((route): Case => ({
      route,
      what: `leads nowhere inside: ${what}`,
      ask: (side) => ({ json: connectionBody(side, { host }) }),
      status: 400,
      check: message(/^host: /, 'invalid_request'),
    })),
  ),
];
