import { Browser } from '../../../__tests__/browser';
import { startTestServer, testConfig } from '../../../fixtures';
import type { TestServer } from '../../../fixtures';

let server: TestServer;

beforeAll(async () => {
  // Nobody listens there.
  const nowhere = 'http://127.0.0.1:9';
  const clickhouse = { url: nowhere, user: 'default', password: '', database: 'default' };
  const mongo = { uri: 'mongodb://127.0.0.1:9/hyperdx' };
  server = await startTestServer(testConfig({ clickhouse, mongo }), false);
}, 60_000);

afterAll(() => server.stop(), 60_000);

it.each([
  ['GET', '/installation'],
  ['GET', '/me'],
  ['GET', '/team'],
  ['GET', '/logout'],
  ['POST', '/login/password'],
  ['POST', '/register/password'],
  ['POST', '/team/setup/0'],
  ['GET', '/tenancy/v1/me/teams'],
])('%s %s says at once that MongoDB is away', async (method, path) => {
  const form = method === 'POST' ? { form: { email: 'a@b.example', password: 'x' } } : {};
  const { status, json, headers } = await new Browser(server.url).request(method, path, form);
  expect([status, (json as { code: string }).code]).toEqual([503, 'mongo_unavailable']);
  expect(headers.get('retry-after')).toBe('5');
});

it('who has an operator’s session is told the same; who has none is told to bring a token', async () => {
  const path = `${server.url}/tenancy/v1/tenants`;
  const withCookie = await fetch(path, { headers: { cookie: 'connect.sid=s%3Aabc.def' } });
  expect(withCookie.status).toBe(503);
  expect((await fetch(path)).status).toBe(401);
});
