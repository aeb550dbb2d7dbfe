import { ADMIN_BASE } from '@hyperdx-tenancy/domain/contracts/routes';

import { findHyperdxRoute, hyperdxRoutes } from '../utils/hyperdxRoutes';
import {
  closedConnectionCases,
  connectionCases,
  ownConnectionCases,
} from './contract/connectionCases';
import { externalTeamCases } from './contract/externalTeamCases';
import { meCases } from './contract/meCases';
import { proxyCases, proxyTestCases } from './contract/proxyCases';
import { publicCases } from './contract/publicCases';
import { partsOf, routeNames, surface } from './contract/routes';
import type { ContractRoute } from './contract/routes';
import { externalSourceCases, sourceCases } from './contract/sourceCases';
import { teamCases } from './contract/teamCases';

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

const statusesOf = (route: ContractRoute): number[] =>
  cases.filter((one) => one.route === route).map(({ status }) => status);

/** Routes that two tenants beside each other never see succeed: a read is refused, and the first team was made before. */
const neverRight: readonly ContractRoute[] = ['GET /clickhouse-proxy', 'POST /register/password'];
/** Routes that refuse nothing, or say so with another redirect, and those that another route's cases are about. */
const neverWrong: readonly ContractRoute[] = [
  'PATCH /me/accessKey',
  'POST /login/password',
  'POST /clickhouse-proxy/:suffix',
];

it.each(routeNames.filter((route) => !neverRight.includes(route)))(
  '%s has a case of success',
  (route) => expect(Math.min(...statusesOf(route))).toBeLessThan(400),
);

const refusing = /:id|^(?:POST|PUT|PATCH) /;
it.each(routeNames.filter((route) => refusing.test(route) && !neverWrong.includes(route)))(
  '%s has a case of refusal',
  (route) => expect(Math.max(...statusesOf(route))).toBeGreaterThanOrEqual(400),
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
