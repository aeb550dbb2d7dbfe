import { useServer } from '../fixtures';
import { closedConnectionCases, connectionCases } from './contract/connectionCases';
import { externalTeamCases } from './contract/externalTeamCases';
import { play } from './contract/play';
import type { Case } from './contract/play';
import { proxyCases } from './contract/proxyCases';
import { externalSourceCases, sourceCases } from './contract/sourceCases';
import { makeWorld } from './contract/world';
import type { World } from './contract/world';

// Many requests on engines that may be slow; none of it is about time.
jest.setTimeout(120_000);

const { engines, server } = useServer({ env: { TENANCY_TRUST_PROXY: 'loopback' } });
let world: World;

beforeAll(async () => {
  world = await makeWorld(server, engines);
}, 120_000);

const cases: [string, Case[]][] = [
  ['sources', sourceCases],
  ['/api/v2/sources', externalSourceCases],
  ['connections', [...connectionCases, ...closedConnectionCases]],
  ['/clickhouse-proxy', proxyCases],
  ['/api/v2/team', externalTeamCases],
];

describe.each(cases)('%s', (_, list) => {
  it.each(list.map((one) => [one.route, one.what, one] as const))('%s %s', async (_r, _w, one) => {
    // Side by side: what holds for the first tenant holds for the second.
    await play(world.a, one);
    await play(world.b, one);
  });
});
