import { useServer } from '../fixtures';
import { connectionBody } from './contract/bodies';
import { message, text } from './contract/expect';
import {
  checkEveryAnswer,
  checkSilence,
  checkStatus,
  credentialsFor,
  sendBeside,
} from './contract/play';
import { contractRoutes, partsOf, routeNames } from './contract/routes';
import type { ContractRoute } from './contract/routes';
import { NOBODY, pathOf, sendTo } from './contract/send';
import type { Ask, Credentials } from './contract/send';
import { walls } from './contract/walls';
import { allDocuments, freshAddress, makeWorld } from './contract/world';
import type { Person, Side, World } from './contract/world';

jest.setTimeout(120_000);

const { engines, server } = useServer({
  env: {
    TENANCY_TRUST_PROXY: 'loopback',
    TENANCY_ALLOW_TENANT_CONNECTIONS: 'true',
    TENANCY_TENANT_CONNECTION_HOSTS: '127.0.0.1',
  },
});
let world: World;

beforeAll(async () => {
  world = await makeWorld(server, engines);
  for (const side of [world.a, world.b]) {
    const who = { cookie: side.member.cookie };
    const { json } = await sendTo(server.url, 'POST', '/connections', who, {
      json: connectionBody(side),
    });
    side.made.add((json as { id: string }).id);
  }
}, 120_000);

const sides = ['a', 'b'] as const;

function call(route: ContractRoute, who: Credentials, ask: Ask) {
  const headers = { ...freshAddress(), ...who };
  return sendTo(server.url, partsOf(route).method, pathOf(route, ask), headers, ask);
}

/** As they are, where a route is open to anybody as well; but nobody signs out whom others here still need. */
function signedIn(route: ContractRoute, person: Person): Credentials {
  const isOpen = contractRoutes[route] === 'public' && route !== 'GET /logout';
  return isOpen ? { cookie: person.cookie } : credentialsFor(route, person);
}

describe.each(routeNames)("%s with the other tenant's ids", (route) => {
  const wall = walls[route];

  it.each([
    ['a member', 'member'],
    ['a member of both teams, who is in this one', 'both'],
    ['a member who is an operator', 'operator'],
  ] as const)('by %s', async (_who, name) => {
    for (const mine of sides.map((side) => world[side])) {
      const person: Person = mine[name];
      const who = signedIn(route, person);
      const seen = await sendBeside(mine, route, who, wall.ask(mine.theirs, mine));
      checkStatus(seen, wall.status);
      await wall.check(seen, mine);
      const { newAccessKey } = (seen.json ?? {}) as { newAccessKey?: string };
      person.accessKey = newAccessKey ?? person.accessKey;
    }
  });
});

/** Ways of being nobody, by what a route wants of who calls. */
function nobodies(access: 'session' | 'key', { member, apiKey }: Side): [string, Credentials][] {
  const { adminToken = '', collectorToken = '' } = server.config;
  const bearer = (token: string): Credentials => ({ authorization: `Bearer ${token}` });
  const forged = member.cookie.replace(/\.[\w%]+$/, `.${'A'.repeat(43)}`);
  const others: [string, Credentials][] = [
    ['nobody', NOBODY],
    ['a forged session', { cookie: forged }],
    ['a session that was never signed', { cookie: 'connect.sid=nonsense' }],
    ['an unknown access key', bearer('00000000-0000-4000-8000-000000000000')],
    ["the operators' token", bearer(adminToken)],
    ["the collectors' token", bearer(collectorToken)],
    ['an ingestion key', bearer(apiKey)],
    ['an empty bearer token', bearer('')],
  ];
  return access === 'session'
    ? [...others, ['an access key', bearer(member.accessKey)]]
    : [...others, ['a session', { cookie: member.cookie }]];
}

const guarded = routeNames.flatMap((route) => {
  const access = contractRoutes[route];
  return access === 'public' ? [] : [[route, access] as const];
});

it.each(guarded)('%s answers nobody (%s)', async (route, access) => {
  for (const side of sides.map((one) => world[one])) {
    // What a member would get through with.
    const ask = walls[route].ask(side, side);
    const before = await allDocuments();
    for (const [name, who] of nobodies(access, side)) {
      const seen = await call(route, who, ask);
      expect([name, seen.status]).toEqual([name, 401]);
      expect([name, seen.headers.getSetCookie()]).toEqual([name, []]);
      checkEveryAnswer(side, seen);
      checkSilence(side, seen, before);
      // HyperDX's words: a bare one for its UI, a message for programs.
      await (access === 'session' ? text('Unauthorized') : message(/./, 'unauthorized'))(
        seen,
        side,
      );
    }
    expect(await allDocuments()).toEqual(before);
  }
});

describe('pages of other sites', () => {
  const changes = guarded.filter(
    ([route, access]) => access === 'session' && !route.startsWith('GET '),
  );

  it.each(changes)('cannot use %s', async (route) => {
    const side = world.a;
    const ask = walls[route].ask(side, side);
    const before = await allDocuments();
    const headers = {
      ...ask.headers,
      origin: 'https://evil.example',
      'sec-fetch-site': 'cross-site',
    };
    const seen = await call(route, credentialsFor(route, side.member), { ...ask, headers });
    expect(seen.status).toBe(403);
    checkEveryAnswer(side, seen);
    expect(await allDocuments()).toEqual(before);
  });
});
