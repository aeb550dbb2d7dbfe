import { readerPins, viewsDefiner } from '../../access';
import { compareShared, compareTenant, orphans } from '../access';
import type { ExpectedTenant } from '../access';
import type { DoctorCheck } from '../checks';
import type { Fault } from '../fault';
import type { ObservedElement, ObservedUser } from '../observed';
import { resolver } from '../profiles';
import { a, accessOf, b, database, element, grant, healthy, serverSettings } from './fixtures';
import type { Server } from './fixtures';

const access = accessOf({ quota: { reader: [{ seconds: 3_600, queries: 100, readRows: 5_000 }] } });
const { reader, writer } = access;
const other = accessOf({ tenantId: b });
const resolve = resolver(serverSettings);

const usual = { access, suspended: false, rotating: false, settling: false };

const tenantFaults = (server: Server, more: Partial<ExpectedTenant> = {}): Fault[] => [
  ...compareTenant({ ...usual, ...more }, server, resolve),
];
const sharedFaults = (server: Server, settings = serverSettings): Fault[] => [
  ...compareShared({ database, settings }, server, resolver(settings)),
];

/** A server on which one thing is changed. */
function changed(change: (server: Server) => void): Server {
  const server = healthy(access, other);
  change(server);
  return server;
}
const user = (server: Server, name: string, more: Partial<ObservedUser>): void => {
  server.users.set(
    name,
    (server.users.get(name) ?? []).map((one) => ({ ...one, ...more })),
  );
};
const setting = (server: Server, profile: string, name: string, more: Partial<ObservedElement>) => {
  server.profiles.set(
    profile,
    (server.profiles.get(profile) ?? []).map((one) =>
      one.setting === name ? { ...one, ...more } : one,
    ),
  );
};
const without = (server: Server, profile: string, isGone: (one: ObservedElement) => boolean) => {
  server.profiles.set(
    profile,
    (server.profiles.get(profile) ?? []).filter((one) => !isGone(one)),
  );
};
const grantTo = (server: Server, name: string, ...more: ReturnType<typeof grant>[]): void => {
  server.grants.set(name, [...(server.grants.get(name) ?? []), ...more]);
};
const revokeFrom = (server: Server, name: string, table: string): void => {
  server.grants.set(
    name,
    (server.grants.get(name) ?? []).filter((one) => one.table !== table),
  );
};

it('finds nothing where all is as it should be', () => {
  const server = healthy(access, other);
  expect(tenantFaults(server)).toEqual([]);
  expect([...compareTenant({ ...usual, access: other }, server, resolve)]).toEqual([]);
  expect(sharedFaults(server)).toEqual([]);
  expect([...orphans(server, (id) => id === a || id === b)]).toEqual([]);
});

it('takes the forms in which servers print the same', () => {
  const server = changed((one) => {
    setting(one, reader.profile, 'use_query_cache', { value: 'false' });
    setting(one, reader.profile, 'max_execution_time', { value: '60.0', max: '60' });
    // Nothing is stated: no server need show it.
    without(one, reader.profile, ({ setting: name }) => name === 'join_algorithm');
    setting(one, reader.profile, 'allow_experimental_analyzer', { setting: 'enable_analyzer' });
  });
  expect(tenantFaults(server)).toEqual([]);
});

type Case = [what: string, check: DoctorCheck, severity: string, says: string, (s: Server) => void];

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
    (s) => user(s, reader.user, { auth: ['no_password'] }),
  ],
  [
    'another way in',
    'access.users',
    'error',
    'other means than its password: ldap',
    (s) => user(s, reader.user, { auth: ['sha256_password', 'ldap'] }),
  ],
  [
    'a second password',
    'access.users',
    'warning',
    '2 valid passwords',
    (s) => user(s, reader.user, { auth: ['sha256_password', 'sha256_password'] }),
  ],
  [
    'other hosts',
    'access.users',
    'warning',
    'every address',
    (s) => user(s, reader.user, { hosts: ['10.0.0.1'] }),
  ],
  [
    'grantees',
    'access.users',
    'warning',
    'hand on',
    (s) => user(s, reader.user, { hasGrantees: true }),
  ],
  [
    'another default database',
    'access.users',
    'warning',
    '"default" instead of "otel"',
    (s) => user(s, reader.user, { defaultDatabase: 'default' }),
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
    (s) => without(s, reader.profile, ({ inherits }) => inherits !== null),
  ],
  [
    'another value',
    'access.profiles',
    'error',
    'readonly has the value 0 instead of 2',
    (s) => setting(s, reader.profile, 'readonly', { value: '0' }),
  ],
  [
    'a wider range',
    'access.profiles',
    'error',
    'max_execution_time has the minimum 0 instead of 1',
    (s) => setting(s, reader.profile, 'max_execution_time', { min: '0' }),
  ],
  [
    'a maximum that is gone',
    'access.profiles',
    'error',
    'max_result_rows has the maximum none',
    (s) => setting(s, reader.profile, 'max_result_rows', { max: null }),
  ],
  [
    'a constant that is writable',
    'access.profiles',
    'error',
    'use_query_cache is WRITABLE instead of CONST',
    (s) => setting(s, reader.profile, 'use_query_cache', { writability: null }),
  ],
  [
    'a rule that is gone',
    'access.profiles',
    'error',
    'allow_ddl is not stated',
    (s) => without(s, writer.profile, ({ setting: name }) => name === 'allow_ddl'),
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

const sharedCases: Case[] = [
  [
    'a missing definer',
    'access.definer',
    'error',
    'is missing',
    (s) => s.users.delete(viewsDefiner),
  ],
  [
    'a definer that may log in',
    'access.definer',
    'error',
    'may log in',
    (s) => user(s, viewsDefiner, { hosts: ['::/0'] }),
  ],
  [
    'a definer that hands on',
    'access.definer',
    'error',
    'hand on',
    (s) => user(s, viewsDefiner, { hasGrantees: true }),
  ],
  [
    'a definer with too few grants',
    'access.definer',
    'error',
    'lacks grants: SELECT ON otel.*',
    (s) => s.grants.set(viewsDefiner, [grant('INSERT', 'otel.*')]),
  ],
  [
    'a definer with too many',
    'access.definer',
    'error',
    'should not have: SELECT ON secrets.users',
    (s) => grantTo(s, viewsDefiner, grant('SELECT', 'secrets.users')),
  ],
  [
    'a role of the definer',
    'access.roles',
    'error',
    'admin',
    (s) => s.roles.set(viewsDefiner, ['admin']),
  ],
  ['missing pins', 'access.pins', 'error', 'is missing', (s) => s.profiles.delete(readerPins)],
  [
    'a pin that is gone',
    'access.pins',
    'error',
    'does not hold 1 setting(s) that this release of ClickHouse has: max_threads',
    (s) => without(s, readerPins, ({ setting: name }) => name === 'max_threads'),
  ],
  [
    'a pin that is open',
    'access.pins',
    'error',
    'does not hold 1 setting(s)',
    (s) => setting(s, readerPins, 'max_block_size', { writability: 'WRITABLE' }),
  ],
  [
    'a pin with a value',
    'access.pins',
    'error',
    'a value of max_threads',
    (s) => setting(s, readerPins, 'max_threads', { value: '1' }),
  ],
];

it.each(sharedCases)('finds %s', (_what, check, severity, says, change) => {
  const found = sharedFaults(changed(change));
  expect(found).toHaveLength(1);
  expect(found[0]).toMatchObject({ check, severity, tenant: null });
  expect(found[0]?.message).toContain(says);
});

it('finds pins that a newer release of the server has outgrown', () => {
  const newer = [...serverSettings, { name: 'brand_new', aliasFor: '' }];
  expect(sharedFaults(healthy(access), newer)).toMatchObject([
    { check: 'access.pins', message: expect.stringContaining('brand_new') as string },
  ]);
});

it('finds what belongs to no tenant', () => {
  const found = [...orphans(healthy(access, other), (id) => id === a)];
  expect(found.map(({ severity, message }) => [severity, message])).toEqual([
    ['error', `User hdx_r_${b} belongs to no tenant.`],
    ['warning', `Settings profile hdx_rp_${b} belongs to no tenant.`],
    ['warning', `Quota hdx_rq_${b} belongs to no tenant.`],
    ['error', `User hdx_w_${b} belongs to no tenant.`],
    ['warning', `Settings profile hdx_wp_${b} belongs to no tenant.`],
    ['warning', `Quota hdx_wq_${b} belongs to no tenant.`],
  ]);
});

describe('a suspended tenant', () => {
  const isInsert = ({ privilege }: { privilege: string }): boolean => privilege === 'INSERT';
  const stopped = (server: Server): void => {
    const grants = server.grants.get(writer.user) ?? [];
    server.grants.set(
      writer.user,
      grants.filter((one) => !isInsert(one)),
    );
  };
  it('has a writer that inserts nothing, and a reader that reads or does not', () => {
    expect(tenantFaults(changed(stopped), { suspended: true })).toEqual([]);
    const readsNothing = changed((server) => {
      stopped(server);
      server.grants.delete(reader.user);
    });
    expect(tenantFaults(readsNothing, { suspended: true })).toEqual([]);
  });
  it('is found inserting', () => {
    const [found, ...others] = tenantFaults(healthy(access), { suspended: true });
    expect(others).toEqual([]);
    expect(found?.message).toContain(`${writer.user} has grants that it should not have: INSERT`);
  });
  it('is not what an active tenant looks like', () => {
    expect(tenantFaults(changed(stopped))[0]?.message).toContain('lacks grants: INSERT');
  });
});

it('allows two passwords while they rotate, and not three', () => {
  const passwords = (count: number): Server =>
    changed((server) =>
      user(server, reader.user, { auth: Array<string>(count).fill('sha256_password') }),
    );
  expect(tenantFaults(passwords(2), { rotating: true })).toEqual([]);
  expect(tenantFaults(passwords(3), { rotating: true })).toHaveLength(1);
});

it('takes limits for no fault while a change is under way, and grants for one', () => {
  const server = changed((one) => {
    one.quotas.delete(reader.quota);
    setting(one, reader.profile, 'max_result_rows', { max: '5' });
    grantTo(one, reader.user, grant('SELECT', 'otel.*'));
  });
  const found = tenantFaults(server, { settling: true });
  expect(found.map(({ check, severity }) => [check, severity])).toEqual([
    ['access.grants', 'error'],
    ['access.profiles', 'info'],
    ['access.quotas', 'info'],
  ]);
});

it('says the same whatever the order in which the server lists things', () => {
  const broken = changed((server) => {
    grantTo(server, reader.user, grant('SELECT', 'otel.*'), grant('INSERT', 'otel.*'));
    revokeFrom(server, reader.user, `otel_logs_${a}`);
    revokeFrom(server, reader.user, `otel_traces_${a}`);
    without(server, reader.profile, ({ value }) => value !== null);
    server.roles.set(reader.user, ['one', 'two']);
  });
  const reversed: Server = {
    ...broken,
    users: new Map([...broken.users].reverse()),
    grants: new Map([...broken.grants].map(([name, list]) => [name, [...list].reverse()])),
    roles: new Map([...broken.roles].map(([name, list]) => [name, [...list].reverse()])),
    profiles: new Map([...broken.profiles].map(([name, list]) => [name, [...list].reverse()])),
  };
  expect(tenantFaults(reversed)).toEqual(tenantFaults(broken));
  const nobody = (): boolean => false;
  expect([...orphans(reversed, nobody)]).toEqual([...orphans(broken, nobody)]);
});
