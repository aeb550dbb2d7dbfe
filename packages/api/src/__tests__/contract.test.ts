import { ADMIN_BASE } from '@hyperdx-tenancy/domain/contracts/routes';

import { findHyperdxRoute, hyperdxRoutes } from '../utils/hyperdxRoutes';
import { meCases, publicCases, teamCases } from './contract/accountCases';
import {
  closedConnectionCases,
  connectionCases,
  ownConnectionCases,
} from './contract/connectionCases';
import { externalTeamCases } from './contract/externalTeamCases';
import { proxyCases, proxyTestCases } from './contract/proxyCases';
import { partsOf, routeNames, surface } from './contract/routes';
import { externalSourceCases, sourceCases } from './contract/sourceCases';

const cases = [
  ...publicCases,
  ...meCases,
  ...teamCases,
  ...sourceCases,
  ...connectionCases,
  ...closedConnectionCases,
  ...ownConnectionCases,
  ...proxyCases,
  ...proxyTestCases,
  ...externalSourceCases,
  ...externalTeamCases,
];

/** Whether a path lies in a part of HyperDX's surface: `*` stands for what begins so, by whole segments. */
function covers(pattern: string, path: string): boolean {
  const start = pattern.replace(/\/?\*$/, '');
  return path === start || (pattern.endsWith('*') && path.startsWith(`${start}/`));
}

const sample = (pattern: string): string => pattern.replace(/\/\*$/, '/x').replace(/\*$/, '');

it.each(routeNames)('%s has a case of success, or of all that it ever says', (route) => {
  const statuses = cases.filter((one) => one.route === route).map(({ status }) => status);
  const isNever = route === 'GET /clickhouse-proxy';
  // The one registration that succeeds comes before there are two tenants.
  const isOnce = route === 'POST /register/password';
  expect(statuses.length).toBeGreaterThan(0);
  if (!isNever && !isOnce) expect(Math.min(...statuses)).toBeLessThan(400);
});

it.each(routeNames.filter((route) => /:id|^(?:POST|PUT|PATCH) /.test(route)))(
  '%s has a case of refusal',
  (route) => {
    const statuses = cases.filter((one) => one.route === route).map(({ status }) => status);
    const isAlwaysRight =
      route === 'PATCH /me/accessKey' || route === 'POST /clickhouse-proxy/:suffix';
    if (!isAlwaysRight) expect(Math.max(...statuses)).toBeGreaterThanOrEqual(400);
  },
);

it('no two cases are called the same', () => {
  const names = cases.map(({ route, what }) => `${route} ${what}`);
  expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
});

it.each(surface.ours)('%s has routes in the contract, and is ours', (pattern) => {
  const routes = routeNames.filter((route) => covers(pattern, partsOf(route).path));
  expect(routes).not.toEqual([]);
  for (const path of [sample(pattern), ...routes.map((route) => partsOf(route).path)])
    expect([path, findHyperdxRoute(path)?.whose]).toEqual([path, 'ours']);
});

it.each(surface.forwarded)('%s is forwarded', (pattern) => {
  expect(findHyperdxRoute(sample(pattern))?.whose).toBe('forwarded');
  expect(routeNames.filter((route) => covers(pattern, partsOf(route).path))).toEqual([]);
});

it('every route of the contract is in a part that is ours', () => {
  const outside = routeNames.filter(
    (route) => !surface.ours.some((pattern) => covers(pattern, partsOf(route).path)),
  );
  expect(outside).toEqual([]);
});

it('what the gateway takes for ours is in the contract, besides the admin API', () => {
  const patterns = hyperdxRoutes.filter(
    ({ whose, pattern }) => whose === 'ours' && !pattern.startsWith(ADMIN_BASE),
  );
  const without = patterns.filter(
    ({ pattern }) => !routeNames.some((route) => covers(pattern, partsOf(route).path)),
  );
  expect(without).toEqual([]);
});
