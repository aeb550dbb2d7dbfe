import { useServer } from '../fixtures';
import { connectionCases, ownConnectionCases } from './contract/connectionCases';
import { play } from './contract/play';
import { proxyTestCases } from './contract/proxyCases';
import { makeWorld } from './contract/world';
import type { World } from './contract/world';

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
}, 120_000);

describe('where tenants may have connections of their own', () => {
  const cases = [...connectionCases, ...ownConnectionCases, ...proxyTestCases];
  it.each(cases.map((one) => [one.route, one.what, one] as const))('%s %s', async (_r, _w, one) => {
    await play(world.a, one);
    await play(world.b, one);
  });
});
