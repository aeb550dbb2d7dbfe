import { ADMIN_BASE } from '@hyperdx-tenancy/domain/contracts/routes';

/** A route, or a subtree of them, of the port on which HyperDX's clients expect its API. */
export interface HyperdxRoute {
  /** `/a` is that path alone; `/a/*` is `/a` with all that lies below it. In lower case: case does not count. */
  pattern: `/${string}`;
  whose: 'ours' | 'forwarded';
  why: string;
}

const accounts = 'accounts, sessions and the making of teams';
const documents = 'the team, its people, and documents that say where its data lies';
const team = "HyperDX keeps to the signed-in user's team";
const queries = "HyperDX asks ClickHouse by the team's connection, which is the query door";

/**
 * Every route of HyperDX 2.36's API, and whose it is. What is not listed belongs to nobody: nobody has judged yet whether it
 * keeps tenants apart. Of patterns that fit, the longest counts.
 */
export const hyperdxRoutes: readonly HyperdxRoute[] = [
  { pattern: '/health', whose: 'ours', why: 'about this process' },
  { pattern: '/ready', whose: 'ours', why: 'about this process' },
  { pattern: `${ADMIN_BASE}/*`, whose: 'ours', why: 'tenancy itself' },
  { pattern: '/installation', whose: 'ours', why: accounts },
  { pattern: '/register/password', whose: 'ours', why: accounts },
  { pattern: '/login/password', whose: 'ours', why: accounts },
  { pattern: '/logout', whose: 'ours', why: accounts },
  { pattern: '/team/setup/*', whose: 'ours', why: accounts },
  { pattern: '/me/*', whose: 'ours', why: documents },
  { pattern: '/team/*', whose: 'ours', why: documents },
  { pattern: '/sources/*', whose: 'ours', why: documents },
  { pattern: '/connections/*', whose: 'ours', why: documents },
  { pattern: '/clickhouse-proxy/*', whose: 'ours', why: 'statements pass the guard' },
  { pattern: '/api/v2/team/*', whose: 'ours', why: 'HyperDX reads the first team' },
  { pattern: '/api/v2/sources/*', whose: 'ours', why: documents },
  { pattern: '/api/v2/connections/*', whose: 'ours', why: documents },
  { pattern: '/alerts/*', whose: 'forwarded', why: team },
  { pattern: '/dashboards/*', whose: 'forwarded', why: team },
  { pattern: '/saved-search/*', whose: 'forwarded', why: team },
  { pattern: '/favorites/*', whose: 'forwarded', why: team },
  { pattern: '/pinned-filters/*', whose: 'forwarded', why: team },
  { pattern: '/webhooks/*', whose: 'forwarded', why: team },
  { pattern: '/iac/*', whose: 'forwarded', why: team },
  { pattern: '/ai/*', whose: 'forwarded', why: queries },
  { pattern: '/v1/prometheus/*', whose: 'forwarded', why: queries },
  { pattern: '/mcp', whose: 'forwarded', why: `${queries}; tools that write sources are refused` },
  { pattern: '/api/v2', whose: 'forwarded', why: team },
  { pattern: '/api/v2/alerts/*', whose: 'forwarded', why: team },
  { pattern: '/api/v2/charts/*', whose: 'forwarded', why: queries },
  { pattern: '/api/v2/dashboards/*', whose: 'forwarded', why: team },
  { pattern: '/api/v2/saved-searches/*', whose: 'forwarded', why: team },
  { pattern: '/api/v2/search/*', whose: 'forwarded', why: queries },
  { pattern: '/api/v2/webhooks/*', whose: 'forwarded', why: team },
];

/** The longest beginning of a path that a pattern may name, in segments. */
const MAX_SEGMENTS = 3;

const SUBTREE = '/*';

const exact = new Map<string, HyperdxRoute>();
const subtrees = new Map<string, HyperdxRoute>();
for (const route of hyperdxRoutes) {
  const isSubtree = route.pattern.endsWith(SUBTREE);
  const path = isSubtree ? route.pattern.slice(0, -SUBTREE.length) : route.pattern;
  (isSubtree ? subtrees : exact).set(path, route);
}

/**
 * The route that a path belongs to, matched as Express mounts routers: by whole segments.
 * @param path in lower case, without a slash at its end.
 */
export function findHyperdxRoute(path: string): HyperdxRoute | undefined {
  const route = exact.get(path);
  if (route) return route;
  let found: HyperdxRoute | undefined;
  for (let end = 0, segments = 0; segments < MAX_SEGMENTS && end < path.length; segments += 1) {
    const next = path.indexOf('/', end + 1);
    end = next === -1 ? path.length : next;
    found = subtrees.get(path.slice(0, end)) ?? found;
  }
  return found;
}
