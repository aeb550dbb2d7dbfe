import { useServer } from '../fixtures';
import { checkEveryAnswer, checkRolling, credentialsFor } from './contract/play';
import { partsOf, routeNames } from './contract/routes';
import type { ContractRoute } from './contract/routes';
import { NOBODY, pathOf, sendTo } from './contract/send';
import type { Ask, Credentials } from './contract/send';
import { walls } from './contract/walls';
import { allDocuments, makeWorld } from './contract/world';
import type { World } from './contract/world';

jest.setTimeout(120_000);

const { engines, server } = useServer({
  env: { TENANCY_TRUST_PROXY: 'loopback', FRONTEND_URL: 'http://ui.example:8080/' },
});
let world: World;

beforeAll(async () => {
  world = await makeWorld(server, engines);
  world.a.made.add(world.a.connection);
}, 120_000);

/** Of one address, so that `/health` says the same twice. */
const FROM = { 'x-forwarded-for': '10.5.0.1' };

/** Changes nothing, whoever is asked. */
const harmless = (route: ContractRoute): Ask =>
  route.startsWith('GET ')
    ? walls[route].ask(world.a, world.a)
    : { params: { id: 'x', token: 'x', suffix: '' } };

const send = (method: string, path: string, who: Credentials, ask: Ask) =>
  sendTo(server.url, method, path, { ...FROM, ...who }, ask);

/** Ids and tokens are as they are: only the route's own words are in another case. */
const inCapitals = (path: string): string =>
  path.replace(/^\/(?:api\/v2\/)?[a-z/-]+/, (words) => words.toUpperCase());

describe.each(routeNames)('%s', (route) => {
  const { method } = partsOf(route);

  it('is the same route in capitals, and with a slash at its end', async () => {
    const isRead = method === 'GET' && route !== 'GET /logout';
    const who = isRead ? credentialsFor(route, world.a.member) : NOBODY;
    const { query, ...ask } = harmless(route);
    const path = pathOf(route, ask);
    const after = query === undefined ? '' : `?${query}`;
    const before = await allDocuments();
    const plain = await send(method, `${path}${after}`, who, ask);
    for (const other of [inCapitals(path), `${path.replace(/\/$/, '')}/`]) {
      const seen = await send(method, `${other}${after}`, who, ask);
      expect([other, seen.status, seen.text]).toEqual([other, plain.status, plain.text]);
      checkEveryAnswer(world.a, seen);
    }
    expect(await allDocuments()).toEqual(before);
  });

  it("lets the UI's pages ask for leave first, and names them whoever asks", async () => {
    for (const origin of ['http://ui.example:8080', 'https://evil.example']) {
      const seen = await send('OPTIONS', pathOf(route, harmless(route)), NOBODY, {
        headers: { origin, 'access-control-request-method': method },
      });
      expect([seen.status, seen.text]).toEqual([204, '']);
      expect(seen.headers.get('access-control-allow-origin')).toBe('http://ui.example:8080');
      expect(seen.headers.get('access-control-allow-credentials')).toBe('true');
      expect(seen.headers.get('access-control-allow-methods')?.split(',')).toContain(method);
    }
  });
});

const reads = routeNames.filter((route) => route.startsWith('GET ') && route !== 'GET /logout');

it.each(reads)('HEAD for %s: the same without a body', async (route) => {
  const who = credentialsFor(route, world.a.member);
  const ask = harmless(route);
  const get = await send('GET', pathOf(route, ask), who, ask);
  const head = await send('HEAD', pathOf(route, ask), who, ask);
  expect([head.status, head.text]).toEqual([get.status, '']);
  expect(head.headers.get('content-type')).toBe(get.headers.get('content-type'));
  checkEveryAnswer(world.a, head);
});

it.each(reads.filter((route) => !/health|clickhouse/.test(route)))(
  '%s is not sent again to who has it',
  async (route) => {
    const who = credentialsFor(route, world.a.member);
    const ask = harmless(route);
    const first = await send('GET', pathOf(route, ask), who, ask);
    const etag = first.headers.get('etag') ?? '';
    const again = await send(
      'GET',
      pathOf(route, ask),
      { ...who, 'cache-control': 'max-age=0', 'if-none-match': etag },
      ask,
    );
    expect([again.status, again.text]).toEqual([304, '']);
    checkRolling(route, who, again);
  },
);

/** Routes that read a body of JSON. */
const written = routeNames.filter(
  (route) =>
    /^(?:POST|PUT|PATCH) /.test(route) && !/accessKey|clickhouse-proxy(?!\/test)/.test(route),
);

describe.each(written)('%s', (route) => {
  const ask = (): Ask => {
    const { params = {} } = walls[route].ask(world.a, world.a);
    return { params };
  };
  const who = (): Credentials => credentialsFor(route, world.a.member);

  it('says so when a body is no JSON, and does not repeat it', async () => {
    const before = await allDocuments();
    const raw = { type: 'application/json', body: '{"secret-of-the-body":' };
    const seen = await send(partsOf(route).method, pathOf(route, ask()), who(), { ...ask(), raw });
    expect([seen.status, seen.json]).toEqual([
      400,
      { code: 'invalid_json', message: expect.any(String) as string },
    ]);
    expect(seen.text).not.toContain('secret-of-the-body');
    checkEveryAnswer(world.a, seen);
    expect(await allDocuments()).toEqual(before);
  });

  it('says so when a body is too large', async () => {
    const json = { name: 'x'.repeat(2 * 1024 * 1024) };
    const seen = await send(partsOf(route).method, pathOf(route, ask()), who(), { ...ask(), json });
    expect([seen.status, seen.json]).toMatchObject([413, { code: 'payload_too_large' }]);
    checkEveryAnswer(world.a, seen);
  });
});

it('what is no route of a router of ours is not there for who is signed in, and closed to all others', async () => {
  const session: Credentials = { cookie: world.a.member.cookie };
  const key: Credentials = { authorization: `Bearer ${world.a.member.accessKey}` };
  for (const [method, path, who] of [
    ['POST', '/me', session],
    ['GET', '/me/nothing', session],
    ['DELETE', '/team', session],
    ['GET', '/team/nothing', session],
    ['GET', `/sources/${world.a.sources.log}`, session],
    ['GET', `/connections/${world.a.connection}`, session],
    ['PUT', '/clickhouse-proxy', session],
    ['DELETE', '/api/v2/team', key],
    ['GET', '/api/v2/sources/a/b', key],
    ['PATCH', `/api/v2/connections/${world.a.connection}`, key],
  ] as const) {
    const seen = await send(method, path, who, {});
    expect([method, path, seen.status, seen.json]).toEqual([
      method,
      path,
      404,
      { code: 'not_found', message: expect.any(String) as string },
    ]);
    expect(seen.headers.get('access-control-allow-origin')).toBe('http://ui.example:8080');
    expect((await send(method, path, NOBODY, {})).status).toBe(401);
  }
});

it("the operators' API is for no page of another origin", async () => {
  const seen = await send('GET', '/tenancy/v1/tenants', NOBODY, {
    headers: { origin: 'http://ui.example:8080' },
  });
  expect(seen.headers.get('access-control-allow-origin')).toBeNull();
});
