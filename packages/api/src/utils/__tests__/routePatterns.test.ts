import { listAdminRoutes } from '@hyperdx-tenancy/domain/contracts/routes';

import { matchRoute, routePatterns } from '../routePatterns';

const id = '0123456789abcdef01234567';

describe('matchRoute', () => {
  it.each([
    ['/health', '/health', {}],
    ['/tenancy/v1/tenants', '/tenancy/v1/tenants', {}],
    [`/tenancy/v1/tenants/${id}`, '/tenancy/v1/tenants/:id', { id }],
    [`/Tenancy/V1/TENANTS/${id}/Retry/`, '/tenancy/v1/tenants/:id/retry', { id }],
    ['/t/a-secret-token/v1/opamp', '/t/:token/v1/opamp', { token: 'a-secret-token' }],
    ['/tenancy/v1/tenantsx', 'unmatched', {}],
    [`/tenancy/v1/tenants/${id}/secrets`, 'unmatched', {}],
    ['/tenancyxv1/tenants', 'unmatched', {}],
    ['//health', 'unmatched', {}],
    ['/alerts', '/alerts/*', {}],
    [`/Alerts/${id}/History/`, '/alerts/*', {}],
    ['/team/setup/a-secret-token', '/team/setup/*', {}],
    [`/team/member/${id}`, '/team/*', {}],
    ['/api/v2/', '/api/v2', {}],
    [`/api/v2/sources/${id}`, '/api/v2/sources/*', {}],
    ['/api/v2/unknown', 'unmatched', {}],
    ['/alertsx', 'unmatched', {}],
    ['/mcp/x', 'unmatched', {}],
    ['/tenancy/v1', 'unmatched', {}],
    ['/constructor', 'unmatched', {}],
    ['', 'unmatched', {}],
  ])('%s fits %s', (path, pattern, params) => {
    expect(matchRoute(path)).toEqual({ pattern, params });
  });

  it('names no path by what a request says', () => {
    for (const path of ['/alerts/__proto__', '/x'.repeat(10_000), '/MCP', '/reports/secret']) {
      expect(routePatterns).toContain(matchRoute(path).pattern);
    }
  });

  it('knows every route of the admin API', () => {
    for (const { path } of listAdminRoutes()) {
      const pattern = `/tenancy/v1${path}`;
      expect(routePatterns).toContain(pattern);
      expect(matchRoute(pattern.replace(/:\w+/g, id)).pattern).toBe(pattern);
    }
  });
});
