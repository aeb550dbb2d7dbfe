import { b, database } from '../../../../clickhouse/__tests__/isolation/tenants';
import type { Attack, Control } from '../attack';
import { acmeMay, globexSees, operatorSees } from '../controls';
import type { Entrance } from '../entrances';
import type { Party, Site } from '../site';
import type { Header } from '../wire';

const theirs = `SELECT Body FROM ${database}.otel_logs_${b} LIMIT 1`;

const basic = (user: string, password: string): string =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

/** Headers beside Acme's own login. */
const beside = (
  mechanism: string,
  headers: (site: Site) => readonly Header[],
  control: Control = globexSees({ sql: theirs }),
): Attack => ({
  mechanism: `header: ${mechanism}`,
  sends: (at, site) => [at.request({ sql: theirs, headers: headers(site) })],
  refused: true,
  control,
});

/** Headers in place of Acme's own login. */
const instead = (
  mechanism: string,
  logins: (at: Entrance, site: Site) => readonly (readonly Header[])[],
): Attack => ({
  mechanism: `login: ${mechanism}`,
  sends: (at, site) => logins(at, site).map((login) => at.request({ sql: theirs, login })),
  refused: true,
  control: globexSees({ sql: theirs }),
});

/** The same login, one of its headers changed. */
const changed = (
  at: Entrance,
  party: Party,
  name: string,
  change: (value: string) => string,
): readonly Header[] =>
  at.login(party).map(([own, value]) => [own, own === name ? change(value) : value] as const);

const asked: readonly Attack[] = [
  beside('X-ClickHouse-User and -Key of Globex', ({ globex }) => [
    ['X-ClickHouse-User', globex.username],
    ['X-ClickHouse-Key', globex.password],
  ]),
  beside(
    'X-ClickHouse-User and -Key of the administrator',
    ({ clickhouse }) => [
      ['X-ClickHouse-User', clickhouse.user],
      ['X-ClickHouse-Key', clickhouse.password],
    ],
    operatorSees(theirs),
  ),
  beside('Basic login of Globex', ({ globex }) => [
    ['Authorization', basic(globex.username, globex.password)],
  ]),
  beside(
    'Basic login of the administrator',
    ({ clickhouse }) => [['Authorization', basic(clickhouse.user, clickhouse.password)]],
    operatorSees(theirs),
  ),
  beside('Bearer of a token', () => [['Authorization', 'Bearer x']]),
  beside('the cookie of nobody', () => [['Cookie', 'connect.sid=s%3Ax.y']]),
  beside(
    'X-ClickHouse-Database',
    () => [['X-ClickHouse-Database', 'system']],
    operatorSees('SELECT name FROM tables', { database: 'system' }),
  ),
  beside('X-ClickHouse-Quota', () => [['X-ClickHouse-Quota', `hdx_r_${b}`]]),
  beside('X-ClickHouse-SSL-Certificate-Auth', () => [['X-ClickHouse-SSL-Certificate-Auth', 'on']]),
  beside('X-ClickHouse-JWT-Token', () => [['X-ClickHouse-JWT-Token', 'x.y.z']]),
  beside('X-ClickHouse-Format', () => [['X-ClickHouse-Format', 'JSON FORMAT JSON']]),
  beside('X-Forwarded-User', () => [
    ['X-Forwarded-User', `hdx_d_${b}`],
    ['X-Remote-User', `hdx_d_${b}`],
    ['X-Authenticated-User', `hdx_d_${b}`],
  ]),
  beside('X-Forwarded-For and its like', () => [
    ['X-Forwarded-For', '127.0.0.1'],
    ['X-Real-IP', '127.0.0.1'],
    ['Forwarded', 'for=127.0.0.1;host=clickhouse;proto=https'],
    ['X-Forwarded-Host', 'clickhouse:8123'],
    ['X-Forwarded-Proto', 'https'],
    ['X-Forwarded-Prefix', '/..'],
  ]),
  beside('X-Original-URL and its like', ({ clickhouse }) => [
    ['X-Original-URL', `/?user=${clickhouse.user}&password=${clickhouse.password}`],
    ['X-Rewrite-URL', '/tenancy/v1/tenants'],
    ['X-HTTP-Method-Override', 'GET'],
    ['X-Method-Override', 'PUT'],
  ]),
  beside('a tenant by name', ({ globex }) => [
    ['X-Scope-OrgID', globex.id],
    ['X-Tenant-Id', globex.id],
    ['X-HyperDX-Team', globex.teamId],
    ['X-Team', globex.teamId],
  ]),
  beside('Host of another server', ({ clickhouse }) => [['Host', new URL(clickhouse.url).host]]),
  beside('Connection that names others to be dropped', () => [
    ['Connection', 'close, X-ClickHouse-User, X-ClickHouse-Key, X-HyperDX-Connection-Id, Cookie'],
  ]),
  beside('Expect', () => [['Expect', '100-continue']]),
  beside('Range', () => [['Range', 'bytes=0-10']]),
  beside('Accept-Encoding that hides what is said', () => [
    ['Accept-Encoding', 'zstd, xz, lz4, snappy, bz2'],
  ]),
  beside('Referer and Origin', ({ clickhouse }) => [
    ['Referer', clickhouse.url],
    ['X-ClickHouse-Referer', clickhouse.url],
  ]),
  beside('as many as fit', () =>
    Array.from({ length: 900 }, (_, n) => [`X-Param-${n}`, 'x'.repeat(40)] as const),
  ),
];

const ids = [
  ['a name of the prototype', '__proto__'],
  ['a method of the prototype', 'constructor'],
  ['nothing', ''],
  ['a query of MongoDB', '{"$ne":null}'],
  ['an object as a text', '[object Object]'],
  ['zeros', '0'.repeat(24)],
  ['a wildcard', '*'],
  ['a path', '../'],
] as const;

/** Who asks is changed in one place: the name at the door, the connection in HyperDX's UI. */
const names: Readonly<Record<Entrance['name'], string>> = {
  door: 'X-ClickHouse-User',
  ui: 'X-HyperDX-Connection-Id',
};
const nameOf = (at: Entrance, party: Party): string =>
  at.name === 'door' ? party.username : party.connectionId;

const logins: readonly Attack[] = [
  instead('the name of Globex, with Acme’s secret', (at, { acme, globex }) => [
    changed(at, acme, names[at.name], () => nameOf(at, globex)),
  ]),
  instead('the name of Globex in capitals', (at, { acme, globex }) => [
    changed(at, acme, names[at.name], () => nameOf(at, globex).toUpperCase()),
  ]),
  instead('the name of Globex among others', (at, { acme, globex }) =>
    [', ', ',', ' ', ';', '\t', '|'].flatMap((between) => [
      changed(at, acme, names[at.name], (own) => `${own}${between}${nameOf(at, globex)}`),
      changed(at, acme, names[at.name], (own) => `${nameOf(at, globex)}${between}${own}`),
    ]),
  ),
  instead('the name of Globex in a second header', (at, { acme, globex }) => [
    [...at.login(acme), [names[at.name], nameOf(at, globex)]],
    [[names[at.name], nameOf(at, globex)], ...at.login(acme)],
  ]),
  instead('the name of Globex with more behind it', (at, { acme, globex }) =>
    ['%00', '/', '.', '_', '"', "'", '\\', '#', '?'].map((more) =>
      changed(at, acme, names[at.name], () => `${nameOf(at, globex)}${more}`),
    ),
  ),
  instead('the id of Globex’s team', (at, { acme, globex }) => [
    changed(at, acme, names[at.name], () => globex.teamId),
  ]),
  instead('the id of Globex itself', (at, { acme, globex }) => [
    changed(at, acme, names[at.name], () =>
      at.name === 'door' ? `hdx_d_${globex.id}` : globex.id,
    ),
  ]),
  instead('the names of ClickHouse’s own users', (at, { acme, globex }) =>
    ['default', 'hdx_views', `hdx_r_${globex.id}`, `hdx_w_${globex.id}`, 'system'].map((name) =>
      changed(at, acme, names[at.name], () => name),
    ),
  ),
  ...ids.map(([what, id]) =>
    instead(`an id that is ${what}`, (at, { acme }) => [
      changed(at, acme, names[at.name], () => (at.name === 'door' ? `hdx_d_${id}` : id)),
    ]),
  ),
  instead('nothing at all', () => [[]]),
  instead('half of it', (at, { acme, globex }) => [
    at.login(acme).slice(0, 1),
    at.login(acme).slice(1),
    at.login(globex).slice(1),
  ]),
  instead('the secret of Acme for Globex, in another way', (at, { acme, globex }) => [
    at.name === 'door'
      ? [['Authorization', basic(globex.username, acme.password)]]
      : [
          ['Cookie', `${acme.cookie}; connect.sid=x`],
          ['X-HyperDX-Connection-Id', globex.connectionId],
        ],
  ]),
  instead('a secret that is nearly it', (at, { globex }) => {
    const secret = at.name === 'door' ? 'X-ClickHouse-Key' : 'Cookie';
    return [
      changed(at, globex, secret, (value) => value.slice(0, -1)),
      changed(at, globex, secret, (value) =>
        value.replace(/.$/, (last) => (last === '0' ? '1' : '0')),
      ),
      changed(at, globex, secret, (value) => value.toUpperCase()),
      changed(at, globex, secret, () => ''),
    ];
  }),
  instead('what opens the other entrance', (at, { entrances, acme, globex }) => {
    const other = entrances.find(({ name }) => name !== at.name) ?? at;
    return [
      other.login(globex).slice(0, 1),
      [...at.login(acme), ...other.login(globex).slice(1)].slice(1),
    ];
  }),
];

/** What belongs to no tenant is told to none. */
const others: readonly Attack[] = [
  {
    mechanism: 'header: a statement in one',
    sends: (at) => [
      at.request({
        sql: 'SELECT 1',
        headers: [
          ['X-ClickHouse-Query', theirs],
          ['Query', theirs],
          ['X-Query', theirs],
        ],
      }),
    ],
    control: operatorSees(theirs),
  },
  {
    mechanism: 'header: a format that is none',
    sends: (at) =>
      ["JSON'", '../JSON', 'JSON SETTINGS readonly = 0', 'Template; x'].map((format) =>
        at.request({ sql: 'SELECT 1', headers: [['X-ClickHouse-Format', format]] }),
      ),
    refused: true,
    control: acmeMay({ sql: 'SELECT 1', headers: [['X-ClickHouse-Format', 'JSON']] }),
  },
];

export const headers: readonly Attack[] = [...asked, ...logins, ...others];
