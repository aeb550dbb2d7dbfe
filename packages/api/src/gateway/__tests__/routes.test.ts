import { decide, maskPath } from '../routes';

const id = '0123456789abcdef01234567';

/** Every route of HyperDX 2.36, written down from its documentation: not from the table that is tested. */
const ours = [
  '/health',
  '/ready',
  '/installation',
  '/register/password',
  '/login/password',
  '/logout',
  `/team/setup/${'a'.repeat(64)}`,
  '/me',
  '/me/accesskey',
  '/team',
  '/team/apikey',
  '/team/name',
  '/team/clickhouse-settings',
  '/team/invitation',
  `/team/invitation/${id}`,
  '/team/invitations',
  '/team/members',
  `/team/member/${id}`,
  '/team/tags',
  '/sources',
  `/sources/${id}`,
  '/connections',
  `/connections/${id}`,
  '/clickhouse-proxy',
  '/clickhouse-proxy/test',
  '/clickhouse-proxy/any/thing',
  '/api/v2/team',
  '/api/v2/team/members',
  '/api/v2/sources',
  `/api/v2/sources/${id}`,
  '/api/v2/connections',
  `/api/v2/connections/${id}`,
  '/tenancy/v1/tenants',
  '/tenancy/v1/me/teams',
];
const forwarded = [
  '/alerts',
  `/alerts/${id}/history`,
  `/alerts/${id}/silenced`,
  '/dashboards',
  '/dashboards/preset/services/filters',
  '/saved-search',
  `/saved-search/${id}`,
  '/favorites',
  `/favorites/dashboard/${id}`,
  '/pinned-filters',
  '/webhooks',
  '/webhooks/test',
  '/iac/import-manifest',
  '/ai/assistant',
  '/api/v2',
  '/api/v2/alerts',
  '/api/v2/charts/series',
  '/api/v2/dashboards',
  '/api/v2/saved-searches',
  '/api/v2/search',
  '/api/v2/webhooks',
  '/v1/prometheus/query',
  '/v1/prometheus/query_range',
  '/v1/prometheus/query_exemplars',
  '/v1/prometheus/label/job/values',
  '/mcp',
];
const nobodys = [
  '/',
  '/metrics',
  '/teams',
  '/mem',
  '/healthz',
  '/health/x',
  '/login',
  '/register',
  '/mcp/x',
  '/api',
  '/api/v1/sources',
  '/api/v2/docs',
  '/api/v2/unknown',
  '/v1',
  '/v1/prometheusx',
  '/tenancy',
  '/tenancy/v2',
  '/__proto__',
  '/constructor',
];

describe('decide', () => {
  it.each(ours)('%s is ours', (key) => {
    expect(decide({ key }, false)).toEqual({ to: 'ours' });
    expect(decide({ key }, true)).toEqual({ to: 'ours' });
  });

  it.each(forwarded)("%s is HyperDX's", (key) => {
    expect(decide({ key }, false)).toMatchObject({ to: 'hyperdx' });
  });

  it.each(nobodys)("%s is nobody's, unless unknown routes are let through", (key) => {
    expect(decide({ key }, false)).toEqual({ to: 'nobody' });
    expect(decide({ key }, true)).toEqual({ to: 'hyperdx', pattern: 'unknown' });
  });
});

describe('maskPath', () => {
  it.each([
    ['/api/v2/reports', '/api/v2/reports'],
    [`/reports/${id}`, '/reports/*'],
    ['/invite/a.b-c_d', '/invite/*'],
    ['/a/b/c/d/e/f', '/a/b/c/d'],
    ['/', '/*'],
  ])('writes %s as %s', (path, masked) => {
    expect(maskPath(path)).toBe(masked);
  });
});
