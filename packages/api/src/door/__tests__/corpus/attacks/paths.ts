import { b, database } from '../../../../clickhouse/__tests__/isolation/tenants';
import { marks } from '../marks';
import type { Attack, Control } from '../attack';
import { globexSees, operatorSees } from '../controls';
import type { Site } from '../site';

const theirs = `SELECT Body FROM ${database}.otel_logs_${b} LIMIT 1`;
const asked = `query=${encodeURIComponent(theirs)}`;

/** Targets that one server reads as another path than the next. `$` is the entrance's own path. */
const attack = (
  mechanism: string,
  paths: readonly string[],
  control: Control = globexSees({ sql: theirs }),
): Attack => ({
  mechanism: `path: ${mechanism}`,
  sends: (at) =>
    paths.flatMap((path) => {
      const own = path.replace('$', at.path === '/' ? '' : at.path) || '/';
      return [
        at.request({ path: own, sql: theirs }),
        at.request({ path: own, method: 'GET', rawQuery: asked }),
      ];
    }),
  control,
});

/** What a tenant's user must not read of the service, wherever it looks. */
const adminSees: Control = async (site: Site) => {
  const { text } = await site.server.request('GET', '/tenancy/v1/tenants');
  return text.includes(marks.team) ? undefined : text;
};

export const paths: readonly Attack[] = [
  attack('ClickHouse’s own pages', [
    '/play',
    '/dashboard',
    '/binary',
    '/merges',
    '/jemalloc',
    '/webui',
    '/js/lz-string.js',
    '/metrics',
    '/prometheus',
    '/api/v1/query',
    '/write',
    '/read',
  ]),
  attack('health checks', ['/ping', '/replicas_status', '$/ping', '$/replicas_status', '/ping/']),
  attack('handlers below the entrance', [
    '$/query',
    '$/QUERY',
    '$/play',
    '$/?',
    '$/default',
    '$/http',
  ]),
  attack('dot segments', ['$/../', '$/./', '$/..', '$/../play', '/../../', '$/x/../..']),
  attack('encoded dots', ['$/%2e%2e/', '$/%2E%2E', '$/.%2e/', '$/%2e/', '$/%252e%252e/']),
  attack('encoded slashes', ['$%2f', '$/%2f..%2f', '$/..%2f', '$%5c..%5c', '$/%252f']),
  attack('backslashes', ['$\\..\\', '/\\', '$/\\play']),
  attack('empty segments', ['/$', '$//', '//play', '///']),
  attack('parameters of segments', ['$;x=1', '$/..;/', '$;/play', '/;$']),
  attack('NUL and its like', ['$%00', '$/%00/play', '$%0a', '$%0d%0aX-A:%20b', '$%7f', '$%c2%85']),
  attack('another case', ['/CLICKHOUSE-PROXY', '/ClickHouse-Proxy/', '/PING', '/Play']),
  attack('fragments', ['$#', '$/#/play']),
  attack('users in the path', ['/@clickhouse', '$@x', '/:password@x']),
  attack('bytes that are no UTF-8', ['$/%ff%fe', '$/%c0%ae%c0%ae/', '$/%ed%a0%80']),
  attack('a long one', [`$/${'x'.repeat(20_000)}`, `$${'/x'.repeat(2_000)}`]),
  {
    mechanism: 'path: a whole URL as the target',
    sends: (at, { clickhouse, globex }) => [
      ...[clickhouse.url, 'http://user:password@127.0.0.1', 'https://x'].map((url) =>
        at.request({ path: `${url}/`, sql: theirs }),
      ),
      at.request({ path: `${clickhouse.url}${at.path}`, rawQuery: asked, method: 'GET' }),
      at.request({ path: '*', method: 'OPTIONS', contentType: null }),
      at.request({
        path: `http://${globex.username}:${globex.password}@127.0.0.1${at.path}`,
        sql: theirs,
      }),
    ],
    control: operatorSees(theirs),
  },
  {
    mechanism: 'path: to the admin API',
    sends: (at) =>
      [
        '/tenancy/v1/tenants',
        '$/../tenancy/v1/tenants',
        '$/%2e%2e/tenancy/v1/tenants',
        '$/..%2ftenancy/v1/tenants',
        '/tenancy/v1/tenants/',
        '//tenancy/v1/tenants',
        '/TENANCY/V1/TENANTS',
        '/tenancy%2fv1/tenants',
        '/tenancy/v1/x/../tenants',
        '$;/../tenancy/v1/tenants',
      ].map((path) =>
        at.request({ path: path.replace('$', at.path), method: 'GET', contentType: null }),
      ),
    control: adminSees,
  },
  {
    mechanism: 'path: to the admin API, with the tokens of others',
    sends: (at, { globex }) =>
      [globex.password, 'undefined', 'null', ''].map((token) =>
        at.request({
          path: '/tenancy/v1/tenants',
          method: 'GET',
          contentType: null,
          headers: [['Authorization', `Bearer ${token}`]],
        }),
      ),
    control: adminSees,
  },
  {
    mechanism: 'path: a test of a connection to ClickHouse itself',
    sends: (at, { clickhouse, lure }) =>
      [
        clickhouse.url,
        `http://127.0.0.1:${lure.port}`,
        'http://[::ffff:127.0.0.1]:8123',
        'file:///etc/passwd',
      ].map((host) =>
        at.request({
          path: '/clickhouse-proxy/test',
          body: Buffer.from(
            JSON.stringify({ host, username: clickhouse.user, password: clickhouse.password }),
          ),
          contentType: 'application/json',
        }),
      ),
    control: async ({ clickhouse }) =>
      (await fetch(`${clickhouse.url}/ping`)).ok ? undefined : 'ClickHouse is not there',
  },
  {
    mechanism: 'path: of what HyperDX’s API knows of teams',
    sends: (at) =>
      [
        '/me',
        '/team',
        '/team/members',
        '/team/invitations',
        '/connections',
        '/sources',
        '/api/v2/sources',
        '/api/v2/connections',
        '/api/v2/team',
        '/tenancy/v1/me/teams',
        '/installation',
        '/health',
        '/ready',
      ].map((path) => at.request({ path, method: 'GET', contentType: null })),
    control: async (site) => {
      const { body } = await site.ask('ui', { path: '/team', method: 'GET' }, site.globex);
      return site.leaks(body).length > 0 ? undefined : body.slice(0, 300);
    },
  },
];
