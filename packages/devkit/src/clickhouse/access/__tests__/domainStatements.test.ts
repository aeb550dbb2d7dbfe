import {
  accessFor,
  quotaResources as domainResources,
  renderAccess,
  renderAddPassword,
  renderDropAccess,
  renderDropOldPasswords,
  renderReaderPins,
  renderResume,
  renderSetPassword,
  renderSuspend,
  renderViewsDefiner,
  systemReads,
  viewsDefiner,
} from '@hyperdx-tenancy/domain/access';
import type { AccessStatement, RenderOptions, UserAccess } from '@hyperdx-tenancy/domain/access';
import { parseTenantId } from '@hyperdx-tenancy/domain/ids';
import { apply } from '../apply';
import { accessVerb, parseAccess } from '../parse';
import { emptyState, quotaResources, type AccessState } from '../state';
import { isNarrowed, readableByAll } from '../systemReads';
import { systemRows } from '../systemRows';

const tenantId = parseTenantId('65f0c0ffee0000000000aaaa');
const hash = (digit: string) => ({ hash: digit.repeat(64), salt: 'cd'.repeat(16) });
const passwords = { reader: hash('a'), writer: hash('b') };
const access = accessFor({
  tenantId,
  database: 'my otel`s',
  serverSettings: [{ name: 'max_threads', aliasFor: '' }],
  readerMode: 'pins',
  quota: { reader: [{ seconds: 60, queries: 100, executionSeconds: 2 }, { seconds: 3_600 }] },
});

const run = (state: AccessState, statements: readonly Pick<AccessStatement, 'sql'>[]) =>
  statements.reduce((now, { sql }) => apply(now, parseAccess(sql), 'default'), state);

/** The privileges of a user's access, one by one, in no order. */
const grantsOf = ({ grants }: UserAccess) =>
  grants
    .flatMap(({ privileges, ...where }) => privileges.map((privilege) => ({ privilege, ...where })))
    .sort(inOrder);

const held = (state: AccessState, { user }: UserAccess) =>
  [...(state.users.get(user)?.grants ?? [])].sort(inOrder);

const inOrder = (one: object, other: object) =>
  JSON.stringify(Object.entries(one).sort()) < JSON.stringify(Object.entries(other).sort())
    ? -1
    : 1;

const hashes = (state: AccessState, { user }: UserAccess) =>
  state.users.get(user)?.passwords.map((one) => one.hash.charAt(0));

describe.each([
  ['on one server', {}],
  ['on a cluster', { cluster: 'my cluster' }],
] as [string, RenderOptions][])("the domain's statements %s", (_, options) => {
  const before = run(emptyState, renderReaderPins(['max_threads'], options));
  const made = run(before, renderAccess(access, passwords, options));

  it('are known as access statements, all of them', () => {
    const statements = [
      ...renderReaderPins(['max_threads'], options),
      ...renderAccess(access, passwords, options),
      ...renderViewsDefiner('otel', hash('c'), options),
      renderAddPassword(access.writer, hash('d'), options),
      renderDropOldPasswords(access.writer, options),
      renderSetPassword(access.writer, hash('d'), options),
      ...renderSuspend(access, { reading: 'stops' }, options),
      ...renderResume(access, options),
      ...renderDropAccess(access, options),
    ];
    expect(statements.filter(({ sql }) => accessVerb(sql) === undefined)).toEqual([]);
  });

  it('make users as their access says', () => {
    for (const one of [access.reader, access.writer]) {
      expect(made.users.get(one.user)).toMatchObject({
        passwords: [passwords[one.role]],
        hosts: 'any',
        grantees: 'none',
        defaultDatabase: 'my otel`s',
        profile: one.profile,
      });
      expect(held(made, one)).toEqual(grantsOf(one));
      expect(made.quotas.get(one.quota)?.users).toEqual([one.user]);
    }
    expect(made.quotas.get(access.reader.quota)?.intervals).toEqual([
      { seconds: 60, limits: { queries: 100, execution_time: 2 } },
      { seconds: 3_600, limits: {} },
    ]);
  });

  it('make profiles with every setting, its value, range and writability', () => {
    const elements = made.profiles.get(access.reader.profile)?.elements;
    expect(elements).toEqual([
      { inherit: 'hdx_reader_pins' },
      ...access.reader.settings.map((rule) => ({
        setting: rule.name,
        ...(rule.value !== undefined && { value: String(rule.value) }),
        ...(rule.min !== undefined && { min: String(rule.min) }),
        ...(rule.max !== undefined && { max: String(rule.max) }),
        writability: rule.access === 'const' ? 'CONST' : 'WRITABLE',
      })),
    ]);
    expect(made.profiles.get('hdx_reader_pins')?.elements).toEqual([
      { setting: 'max_threads', writability: 'CONST' },
    ]);
  });

  it('change nothing when they are run again', () => {
    const other = { reader: hash('e'), writer: hash('f') };
    expect(run(made, renderAccess(access, other, options))).toEqual(made);
  });

  it('make a definer whom nobody can be', () => {
    const state = run(emptyState, renderViewsDefiner('otel', hash('c'), options));
    expect(state.users.get(viewsDefiner)).toMatchObject({
      hosts: 'none',
      grants: [
        { privilege: 'SELECT', database: 'otel' },
        { privilege: 'INSERT', database: 'otel' },
      ],
    });
  });

  it('rotate passwords: a second one, the newest alone, another at once', () => {
    const two = run(made, [renderAddPassword(access.writer, hash('d'), options)]);
    expect(hashes(two, access.writer)).toEqual(['b', 'd']);
    const newest = run(two, [renderDropOldPasswords(access.writer, options)]);
    expect(hashes(newest, access.writer)).toEqual(['d']);
    const set = run(two, [renderSetPassword(access.writer, hash('e'), options)]);
    expect(hashes(set, access.writer)).toEqual(['e']);
    expect(hashes(set, access.reader)).toEqual(['a']);
  });

  it('suspend and resume', () => {
    const reading = run(made, renderSuspend(access, { reading: 'goes on' }, options));
    expect(held(reading, access.reader)).toEqual(grantsOf(access.reader));
    expect(new Set(held(reading, access.writer).map(({ privilege }) => privilege))).toEqual(
      new Set(['SHOW COLUMNS']),
    );
    const stopped = run(reading, renderSuspend(access, { reading: 'stops' }, options));
    expect(held(stopped, access.reader)).toEqual([]);
    const resumed = run(stopped, renderResume(access, options));
    for (const one of [access.reader, access.writer]) {
      expect(held(resumed, one)).toEqual(grantsOf(one));
    }
  });

  it('leave nothing when everything is dropped, and may be run again', () => {
    const gone = run(made, renderDropAccess(access, options));
    expect(gone).toEqual(before);
    expect(run(gone, renderDropAccess(access, options))).toEqual(before);
  });
});

describe('what is known here and in the domain', () => {
  it('is the same for system tables: those that everybody may read, and those that are narrowed', () => {
    const forAll = systemReads.filter(({ readableByAll: all }) => all).map(({ table }) => table);
    expect([...readableByAll].filter((table) => table !== 'one').sort()).toEqual(forAll.sort());
    expect(systemReads.filter(({ table }) => !isNarrowed(table))).toEqual([]);
  });

  it('covers every limit that a quota of the domain can state', () => {
    expect(quotaResources).toEqual(expect.arrayContaining(Object.values(domainResources)));
  });
});

describe('system tables', () => {
  const state = run(run(emptyState, renderReaderPins(['max_threads'])), [
    ...renderAccess(access, passwords),
    ...renderViewsDefiner('otel', hash('c')),
    renderAddPassword(access.writer, hash('d')),
  ]);
  const rows = (table: Parameters<typeof systemRows>[0]) =>
    systemRows(table, state, { name: 'default', hasPassword: true });

  it('show each user with its authentication methods and hosts', () => {
    expect(rows('users').map(({ name, auth_type, host_ip }) => [name, auth_type, host_ip])).toEqual(
      [
        ['default', ['plaintext_password'], ['::/0']],
        [access.reader.user, ['sha256_password'], ['::/0']],
        [access.writer.user, ['sha256_password', 'sha256_password'], ['::/0']],
        [viewsDefiner, ['sha256_password'], []],
      ],
    );
  });

  it('show a grant a row, with no table for a whole database', () => {
    const of = (user: string) => rows('grants').filter(({ user_name }) => user_name === user);
    expect(of(access.reader.user)).toHaveLength(grantsOf(access.reader).length);
    expect(of(viewsDefiner)).toEqual([
      { user_name: viewsDefiner, access_type: 'SELECT', database: 'otel', table: null },
      { user_name: viewsDefiner, access_type: 'INSERT', database: 'otel', table: null },
    ]);
  });

  it('show profiles, and who has them, as elements', () => {
    const elements = rows('settings_profile_elements');
    expect(elements).toContainEqual({
      user_name: access.reader.user,
      index: 0,
      inherit_profile: access.reader.profile,
    });
    expect(elements).toContainEqual(
      expect.objectContaining({
        profile_name: access.reader.profile,
        setting_name: 'readonly',
        value: '2',
        writability: 'CONST',
      }),
    );
    expect(rows('quota_limits')).toContainEqual(
      expect.objectContaining({ quota_name: access.reader.quota, duration: 60, max_queries: 100 }),
    );
  });
});
