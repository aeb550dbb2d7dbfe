import { readerPins } from '../../access';
import {
  access,
  changed,
  grantTo,
  other,
  removeElements,
  revokeFrom,
  setElement,
  setUser,
  tenantFaults,
} from './changes';
import type { Case } from './changes';
import { a, b, element, grant } from './fixtures';

const { reader, writer } = access;

const cases: Case[] = [
  [
    'a missing user',
    'access.users',
    'error',
    `${writer.user} is missing`,
    (s) => s.users.delete(writer.user),
  ],
  [
    'a user without a password',
    'access.users',
    'error',
    'no_password',
    (s) => setUser(s, reader.user, { auth: ['no_password'] }),
  ],
  [
    'another way in',
    'access.users',
    'error',
    'other means than its password: ldap',
    (s) => setUser(s, reader.user, { auth: ['sha256_password', 'ldap'] }),
  ],
  [
    'a second password',
    'access.users',
    'warning',
    '2 valid passwords',
    (s) => setUser(s, reader.user, { auth: ['sha256_password', 'sha256_password'] }),
  ],
  [
    'other hosts',
    'access.users',
    'warning',
    'every address',
    (s) => setUser(s, reader.user, { hosts: ['10.0.0.1'] }),
  ],
  [
    'grantees',
    'access.users',
    'warning',
    'hand on',
    (s) => setUser(s, reader.user, { hasGrantees: true }),
  ],
  [
    'another default database',
    'access.users',
    'warning',
    '"default" instead of "otel"',
    (s) => setUser(s, reader.user, { defaultDatabase: 'default' }),
  ],
  [
    'two users of one name',
    'access.users',
    'error',
    'several user directories',
    (s) =>
      s.users.set(reader.user, [
        ...(s.users.get(reader.user) ?? []),
        ...(s.users.get(reader.user) ?? []),
      ]),
  ],
  [
    'a user without its profile',
    'access.users',
    'error',
    `not its settings profile ${reader.profile}`,
    (s) => s.userSettings.delete(reader.user),
  ],
  [
    'a setting of the user',
    'access.users',
    'error',
    'beside its profile: readonly',
    (s) => s.userSettings.get(reader.user)?.push(element({ setting: 'readonly', value: '0' })),
  ],
  [
    'another profile of the user',
    'access.users',
    'error',
    'beside its profile: profile default',
    (s) => s.userSettings.get(reader.user)?.push(element({ inherits: 'default' })),
  ],
  [
    'a role',
    'access.roles',
    'error',
    'everything',
    (s) => s.roles.set(writer.user, ['everything']),
  ],
  [
    "SELECT on another tenant's table",
    'access.grants',
    'error',
    `on tables of other tenants: SELECT ON otel.otel_logs_${b}`,
    (s) => grantTo(s, reader.user, grant('SELECT', `otel.otel_logs_${b}`)),
  ],
  [
    'SELECT on the whole database',
    'access.grants',
    'error',
    'should not have: SELECT ON otel.*',
    (s) => grantTo(s, reader.user, grant('SELECT', 'otel.*')),
  ],
  [
    'everything',
    'access.grants',
    'error',
    'should not have: ALL ON *.*',
    (s) => grantTo(s, reader.user, grant('ALL', 'x', { database: null })),
  ],
  [
    'SELECT of the writer',
    'access.grants',
    'error',
    'SELECT ON otel.otel_logs_',
    (s) => grantTo(s, writer.user, grant('SELECT', `otel.otel_logs_${a}`)),
  ],
  [
    'a missing grant',
    'access.grants',
    'error',
    `${reader.user} lacks grants: SELECT ON otel.otel_traces_${a}`,
    (s) => revokeFrom(s, reader.user, `otel_traces_${a}`),
  ],
  [
    'a grant option',
    'access.grants',
    'error',
    'grant option',
    (s) =>
      s.grants.set(
        reader.user,
        (s.grants.get(reader.user) ?? []).map((one) => ({
          ...one,
          grantOption: one.table === `otel_logs_${a}`,
        })),
      ),
  ],
  [
    'a revoked column',
    'access.grants',
    'error',
    'lost a part of its grants: SELECT(Body)',
    (s) =>
      grantTo(
        s,
        reader.user,
        grant('SELECT', `otel.otel_logs_${a}`, { column: 'Body', isRevoke: true }),
      ),
  ],
  [
    'a missing profile',
    'access.profiles',
    'error',
    `${writer.profile} is missing`,
    (s) => s.profiles.delete(writer.profile),
  ],
  [
    'a profile without the pins',
    'access.profiles',
    'error',
    `takes over no other instead of ${readerPins}`,
    (s) => removeElements(s, reader.profile, ({ inherits }) => inherits !== null),
  ],
  [
    'another value',
    'access.profiles',
    'error',
    'readonly has the value 0 instead of 2',
    (s) => setElement(s, reader.profile, 'readonly', { value: '0' }),
  ],
  [
    'a wider range',
    'access.profiles',
    'error',
    'max_execution_time has the minimum 0 instead of 1',
    (s) => setElement(s, reader.profile, 'max_execution_time', { min: '0' }),
  ],
  [
    'a maximum that is gone',
    'access.profiles',
    'error',
    'max_result_rows has the maximum none',
    (s) => setElement(s, reader.profile, 'max_result_rows', { max: null }),
  ],
  [
    'a constant that is writable',
    'access.profiles',
    'error',
    'use_query_cache is WRITABLE instead of CONST',
    (s) => setElement(s, reader.profile, 'use_query_cache', { writability: null }),
  ],
  [
    'a rule that is gone',
    'access.profiles',
    'error',
    'allow_ddl is not stated',
    (s) => removeElements(s, writer.profile, ({ setting: name }) => name === 'allow_ddl'),
  ],
  [
    'a setting that was added',
    'access.profiles',
    'error',
    'max_threads is stated and should not be',
    (s) =>
      s.profiles
        .get(reader.profile)
        ?.push(element({ setting: 'max_threads', writability: 'WRITABLE' })),
  ],
  [
    'a missing quota',
    'access.quotas',
    'warning',
    `${reader.quota} is missing`,
    (s) => s.quotas.delete(reader.quota),
  ],
  [
    "somebody else's quota",
    'access.quotas',
    'warning',
    `not that of user ${reader.user} alone`,
    (s) =>
      s.quotas.set(reader.quota, { ...s.quotas.get(reader.quota)!, users: [other.reader.user] }),
  ],
  [
    'another limit',
    'access.quotas',
    'warning',
    'read_rows in 3600 s is unlimited instead of 5000',
    (s) =>
      s.quotas.set(reader.quota, {
        ...s.quotas.get(reader.quota)!,
        intervals: [{ seconds: 3_600, limits: { queries: 100 } }],
      }),
  ],
  [
    'other intervals',
    'access.quotas',
    'warning',
    'there is an interval of 60 s, the interval of 3600 s is missing',
    (s) =>
      s.quotas.set(reader.quota, {
        ...s.quotas.get(reader.quota)!,
        intervals: [{ seconds: 60, limits: {} }],
      }),
  ],
];

it.each(cases)('finds %s', (_what, check, severity, says, change) => {
  const found = tenantFaults(changed(change));
  // Exactly one: a deviation is not told twice, and no other is seen in it.
  expect(found).toHaveLength(1);
  expect(found[0]).toMatchObject({ check, severity, tenant: a });
  expect(found[0]?.message).toContain(says);
  expect(found[0]?.fix).not.toBe('');
});
