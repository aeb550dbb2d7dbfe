/** Who may call a route: anybody, who is signed in (`connect.sid`), or who has an access key (`Authorization: Bearer`). */
type Access = 'public' | 'session' | 'key';

/**
 * Every route of HyperDX 2.36 that is ours behind a tenancy front, written down from HyperDX's contract and not from our
 * routers. Each has cases, and a wall that is tried.
 */
export const contractRoutes = {
  'GET /health': 'public',
  'GET /ready': 'public',
  'GET /installation': 'public',
  'POST /register/password': 'public',
  'POST /login/password': 'public',
  'GET /logout': 'public',
  'POST /team/setup/:token': 'public',

  'GET /me': 'session',
  'PATCH /me/accessKey': 'session',
  'GET /team': 'session',
  'PATCH /team/apiKey': 'session',
  'PATCH /team/name': 'session',
  'PATCH /team/clickhouse-settings': 'session',
  'POST /team/invitation': 'session',
  'GET /team/invitations': 'session',
  'DELETE /team/invitation/:id': 'session',
  'GET /team/members': 'session',
  'DELETE /team/member/:id': 'session',
  'GET /team/tags': 'session',

  'GET /sources': 'session',
  'POST /sources': 'session',
  'PUT /sources/:id': 'session',
  'DELETE /sources/:id': 'session',
  'GET /connections': 'session',
  'POST /connections': 'session',
  'PUT /connections/:id': 'session',
  'DELETE /connections/:id': 'session',
  'POST /clickhouse-proxy/test': 'session',
  'POST /clickhouse-proxy': 'session',
  'POST /clickhouse-proxy/:suffix': 'session',
  'GET /clickhouse-proxy': 'session',

  'GET /api/v2/sources': 'key',
  'POST /api/v2/sources': 'key',
  'GET /api/v2/sources/:id': 'key',
  'PUT /api/v2/sources/:id': 'key',
  'DELETE /api/v2/sources/:id': 'key',
  'GET /api/v2/connections': 'key',
  'POST /api/v2/connections': 'key',
  'GET /api/v2/connections/:id': 'key',
  'PUT /api/v2/connections/:id': 'key',
  'DELETE /api/v2/connections/:id': 'key',
  'GET /api/v2/team': 'key',
  'GET /api/v2/team/members': 'key',
  'POST /api/v2/team/invitation': 'key',
  'GET /api/v2/team/invitations': 'key',
  'DELETE /api/v2/team/invitation/:id': 'key',
  'DELETE /api/v2/team/member/:id': 'key',
} as const satisfies Record<`${string} /${string}`, Access>;

export type ContractRoute = keyof typeof contractRoutes;

export const routeNames = Object.keys(contractRoutes) as ContractRoute[];

/** `PUT /sources/:id` -> method and path. */
export function partsOf(route: ContractRoute): { method: string; path: string } {
  const [method = '', path = ''] = route.split(' ');
  return { method, path };
}

/** HyperDX's whole surface by paths, `*` for what begins so, and whose each is behind a tenancy front. */
export const surface: Record<'ours' | 'forwarded', readonly string[]> = {
  ours: [
    '/health',
    '/ready',
    '/installation',
    '/register/password',
    '/login/password',
    '/logout',
    '/team/setup/*',
    '/me*',
    '/team*',
    '/sources*',
    '/connections*',
    '/clickhouse-proxy*',
    '/api/v2/team*',
    '/api/v2/sources*',
    '/api/v2/connections*',
  ],
  forwarded: [
    '/alerts*',
    '/dashboards*',
    '/saved-search*',
    '/favorites*',
    '/pinned-filters*',
    '/webhooks*',
    '/iac*',
    '/ai*',
    '/api/v2',
    '/api/v2/alerts*',
    '/api/v2/charts*',
    '/api/v2/dashboards*',
    '/api/v2/saved-searches*',
    '/api/v2/search*',
    '/api/v2/webhooks*',
    '/v1/prometheus/query',
    '/v1/prometheus/query_range',
    '/v1/prometheus/query_exemplars',
    '/v1/prometheus/label/*',
    '/mcp',
  ],
};
