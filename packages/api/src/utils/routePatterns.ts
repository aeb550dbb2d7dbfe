import { ADMIN_BASE, listAdminRoutes } from '@hyperdx-tenancy/domain/contracts/routes';

/** What a path that no pattern fits is called. */
export const UNMATCHED = 'unmatched';

/** Routes outside the admin API: of the API, then of the OpAMP server. */
const ownRoutes = ['/health', '/ready', '/v1/opamp', '/t/:token/v1/opamp'] as const;

/** The patterns of all routes, each once: what may stand for a path in a metric's label or a line of the log. */
export const routePatterns: readonly string[] = [
  ...new Set([...ownRoutes, ...listAdminRoutes().map(({ path }) => ADMIN_BASE + path), UNMATCHED]),
];

export interface RouteMatch {
  pattern: string;
  params: Readonly<Record<string, string>>;
}

/** Matches as Express does by default: regardless of case, a slash at the end ignored. */
function toRegExp(pattern: string): RegExp {
  const source = pattern.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/:(\w+)/g, '(?<$1>[^/]+)');
  return new RegExp(`^${source}/?$`, 'i');
}

/** Literal patterns before those with parameters, which would match their paths as well. */
const matchers = routePatterns
  .map((pattern) => ({ pattern, regExp: toRegExp(pattern) }))
  .sort((a, b) => Number(a.pattern.includes(':')) - Number(b.pattern.includes(':')));

/**
 * The pattern of a request's path, whatever router answers it: also of one refused before any router was reached.
 * @param path without its query.
 */
export function matchRoute(path: string): RouteMatch {
  for (const { pattern, regExp } of matchers) {
    const match = regExp.exec(path);
    if (match) return { pattern, params: match.groups ?? {} };
  }
  return { pattern: UNMATCHED, params: {} };
}
