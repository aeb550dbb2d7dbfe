import type { ObservedGrant } from '../observed';
import { compareImpersonators, compareRights } from '../rights';
import type { PrivilegeGroup } from '../rights';
import { grant } from './fixtures';

const groups: PrivilegeGroup[] = [
  { name: 'ALL', parent: '' },
  { name: 'ACCESS MANAGEMENT', parent: 'ALL' },
  ...['CREATE', 'ALTER', 'DROP'].flatMap((verb) =>
    ['USER', 'SETTINGS PROFILE', 'QUOTA'].map((what) => {
      return { name: `${verb} ${what}`, parent: 'ACCESS MANAGEMENT' };
    }),
  ),
  ...['SHOW USERS', 'SHOW ROLES', 'SHOW SETTINGS PROFILES', 'SHOW QUOTAS'].map((name) => {
    return { name, parent: 'ACCESS MANAGEMENT' };
  }),
  { name: 'CREATE', parent: 'ALL' },
  { name: 'DROP', parent: 'ALL' },
  { name: 'ALTER', parent: 'ALL' },
  ...['TABLE', 'VIEW'].flatMap((what) => [
    { name: `CREATE ${what}`, parent: 'CREATE' },
    { name: `DROP ${what}`, parent: 'DROP' },
  ]),
  { name: 'ALTER TTL', parent: 'ALTER' },
  { name: 'SELECT', parent: 'ALL' },
  { name: 'INSERT', parent: 'ALL' },
  { name: 'SHOW COLUMNS', parent: 'ALL' },
  { name: 'CLUSTER', parent: 'ALL' },
];
const everywhere = { database: null, table: null };
const handedOn = { grantOption: true };
const enough = [
  grant('ACCESS MANAGEMENT', '', everywhere),
  grant('CREATE', 'otel.*'),
  grant('DROP', 'otel.*'),
  grant('ALTER', 'otel.*'),
  grant('SELECT', 'otel.*', handedOn),
  grant('INSERT', 'otel.*', handedOn),
  grant('SHOW COLUMNS', 'otel.*', handedOn),
  grant('SELECT', 'system.*', handedOn),
];
const at = { username: 'ops', database: 'otel' };
const said = (grants: ObservedGrant[], more = {}) =>
  [...compareRights({ ...at, ...more }, grants, groups)].map(({ message }) => message);

it('is content with ALL, and with what is needed by groups', () => {
  expect(said([grant('ALL', '', { ...everywhere, ...handedOn })])).toEqual([]);
  expect(said(enough)).toEqual([]);
});

it.each(enough.map((one, index) => [`${one.privilege} on ${one.database ?? '*'}`, index] as const))(
  'misses %s',
  (_name, index) => {
    expect(said(enough.filter((_, other) => other !== index))).toHaveLength(1);
  },
);

it('misses what is held without grant option, in part, elsewhere or no more', () => {
  const but = (index: number, ...instead: ObservedGrant[]) => [
    ...enough.filter((_, other) => other !== index),
    ...instead,
  ];
  for (const grants of [
    but(4, grant('SELECT', 'otel.*')),
    but(4, grant('SELECT', 'otel.otel_logs', handedOn)),
    but(4, grant('SELECT', 'otel.*', { ...handedOn, column: 'Body' })),
    but(4, grant('SELECT', 'other.*', handedOn)),
    [...enough, grant('SELECT', 'otel.*', { isRevoke: true })],
  ]) {
    expect(said(grants)).toEqual([
      'The administrator lacks 1 right(s): SELECT ON `otel`.* WITH GRANT OPTION.',
    ]);
  }
});

it('asks for CLUSTER where there is one', () => {
  expect(said(enough, { cluster: 'all' })).toEqual([
    'The administrator lacks 1 right(s): CLUSTER ON *.*.',
  ]);
});

it('names who may act as others', () => {
  expect([...compareImpersonators([])]).toEqual([]);
  const [found] = compareImpersonators(['support']);
  expect(found).toMatchObject({ check: 'server.impersonation', severity: 'warning' });
  expect(found?.message).toContain('support');
});
