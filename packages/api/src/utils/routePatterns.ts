import { ADMIN_BASE, listAdminRoutes } from '@hyperdx-tenancy/domain/contracts/routes';

import { findHyperdxRoute, hyperdxRoutes } from './hyperdxRoutes';

/** What a path that no pattern fits is called. */
export const UNMATCHED = 'unmatched';

/** Routes outside the admin API: of the API, then of the OpAMP server. */
const ownRoutes = ['/health', '/ready', '/v1/opamp', '/t/:token/v1/opamp'] as const;

/** Routes that are known one by one, with their parameters. */
const exactPatterns: readonly string[] = [
  ...ownRoutes,
  ...listAdminRoutes().map(({ path }) => ADMIN_BASE + path),
];

/** A path of the admin API that is no route of it: told apart from no other such path. */
const ADMIN_SUBTREE = `${ADMIN_BASE}/*`;

/** The patterns of all routes, each once: what may stand for a path in a metric's label or a line of the log. */
export const routePatterns: readonly string[] = [
  ...new Set([
    ...exactPatterns,
    ...hyperdxRoutes.map(({ pattern }) => pattern).filter((pattern) => pattern !== ADMIN_SUBTREE),
    UNMATCHED,
  ]),
];

export interface RouteMatch {
  pattern: string;
  params: Readonly<Record<string, string>>;
}

interface Matcher {
  pattern: string;
  regExp: RegExp;
}

/** Matches as Express does by default: regardless of case, a slash at the end ignored. */
function toRegExp(pattern: string): RegExp {
  const source = pattern.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/:(\w+)/g, '(?<$1>[^/]+)');
  return new RegExp(`^${source}/?$`, 'i');
}

/** What a path begins with, up to its second slash. */
function firstSegment(path: string): string {
  const end = path.indexOf('/', 1);
  return (end === -1 ? path : path.slice(0, end)).toLowerCase();
}

/**
 * By first segment, so that a path is held against few of them; literal patterns before those with parameters, which
 * would match their paths as well.
 */
const matchers = new Map<string, Matcher[]>();
for (const pattern of exactPatterns.toSorted(
  (a, b) => Number(a.includes(':')) - Number(b.includes(':')),
)) {
  const segment = firstSegment(pattern);
  matchers.set(segment, [...(matchers.get(segment) ?? []), { pattern, regExp: toRegExp(pattern) }]);
}

const NO_PARAMS = {};

/**
 * The pattern of a request's path, whatever router answers it: also of one refused before any router was reached.
 * @param path without its query.
 */
export function matchRoute(path: string): RouteMatch {
  for (const { pattern, regExp } of matchers.get(firstSegment(path)) ?? []) {
    const match = regExp.exec(path);
    if (match) return { pattern, params: match.groups ?? NO_PARAMS };
  }
  const route = findHyperdxRoute(path.toLowerCase().replace(/\/$/, ''));
  if (route && route.pattern !== ADMIN_SUBTREE)
    return { pattern: route.pattern, params: NO_PARAMS };
  return { pattern: UNMATCHED, params: NO_PARAMS };
}
