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
    ['', 'unmatched', {}],
  ])('%s fits %s', (path, pattern, params) => {
    expect(matchRoute(path)).toEqual({ pattern, params });
  });

  it('knows every route of the admin API', () => {
    for (const { path } of listAdminRoutes()) {
      const pattern = `/tenancy/v1${path}`;
      expect(routePatterns).toContain(pattern);
      expect(matchRoute(pattern.replace(/:\w+/g, id)).pattern).toBe(pattern);
    }
  });
});
