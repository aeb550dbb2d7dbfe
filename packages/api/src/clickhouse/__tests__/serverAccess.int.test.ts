import { describeWith } from '@hyperdx-tenancy/devkit/engines';
import {
  renderAccess,
  renderAddPassword,
  renderDropAccess,
  renderDropOldPasswords,
  renderResume,
  renderSetPassword,
  renderSuspend,
  viewsDefiner,
} from '@hyperdx-tenancy/domain/access';
import type { Grant, ReaderMode, UserAccess } from '@hyperdx-tenancy/domain/access';

import {
  ServerUnderTest,
  codeOf,
  codes,
  countLogs,
  hashOf,
  insertLogs,
  modes,
  newPassword,
} from './server/server';
import type { TestTenant } from './server/server';

/** By which codes ClickHouse keeps somebody out: a wrong password or name, none, an address from which nobody may come. */
const loginRefusals: number[] = [
  codes.authenticationFailed,
  codes.passwordRequired,
  codes.addressNotAllowed,
];

describeWith('userManagement', 'the users of a ClickHouse server', () => {
  let server: ServerUnderTest;
  let tenants: Record<ReaderMode, TestTenant>;

  beforeAll(async () => {
    server = await ServerUnderTest.start();
    tenants = await server.tenantPerMode();
  }, 300_000);

  afterAll(() => server.close(), 60_000);

  describe('has of a tenant', () => {
    async function grantsOf(user: string): Promise<string[]> {
      const rows = await server.rows<{ access_type: string; database: string; table: string }>(
        `SELECT access_type, database, ifNull(table, '*') AS table FROM system.grants WHERE user_name = '${user}'`,
      );
      return rows.map((row) => `${row.access_type} ON ${row.database}.${row.table}`).sort();
    }
    const stated = (grants: readonly Grant[]): string[] =>
      grants
        .flatMap(({ privileges, database, table }) =>
          privileges.map((privilege) => `${privilege} ON ${database}.${table ?? '*'}`),
        )
        .sort();

    it.each(modes)('exactly the grants that are stated (%s)', async (mode) => {
      const { reader, writer } = tenants[mode].access;
      expect(await grantsOf(reader.user)).toEqual(stated(reader.grants));
      expect(await grantsOf(writer.user)).toEqual(stated(writer.grants));
    });

    it.each(modes)('every setting of its profiles, with its range (%s)', async (mode) => {
      const { reader, writer } = tenants[mode].access;
      for (const { profile, settings, changeableInReadonly } of [reader, writer] as UserAccess[]) {
        const rows = await server.rows<{
          setting_name: string;
          value: string | null;
          min: string | null;
          max: string | null;
          writability: string | null;
        }>(
          `SELECT setting_name, value, min, max, toString(writability) AS writability
           FROM system.settings_profile_elements
           WHERE profile_name = '${profile}' AND setting_name IS NOT NULL`,
        );
        const changeable = changeableInReadonly ? 'CHANGEABLE_IN_READONLY' : 'WRITABLE';
        for (const { name, access, min, max } of settings) {
          // ClickHouse may show an alias by the name it stands for.
          const { aliasFor = '' } = server.settings.find((one) => one.name === name) ?? {};
          const row = rows.find(({ setting_name: shown }) => [name, aliasFor].includes(shown));
          const expected = access === 'const' ? 'CONST' : changeable;
          // Writable is what a setting is where nothing is said.
          expect([name, row ? (row.writability ?? 'WRITABLE') : 'missing']).toEqual([
            name,
            expected,
          ]);
          const range = [row?.min, row?.max].map((limit) => (limit == null ? null : Number(limit)));
          expect([name, ...range]).toEqual([name, min ?? null, max ?? null]);
        }
      }
    });

    it.each(modes)('the same after the same statements, passwords too (%s)', async (mode) => {
      const tenant = tenants[mode];
      const before = await server.everythingOf(tenant);
      // Passwords of users that exist stay as they are, whatever the statements carry.
      const others = { reader: hashOf(newPassword()), writer: hashOf(newPassword()) };
      await server.run(server.shared());
      await server.run(renderAccess(tenant.access, others));
      expect(await server.everythingOf(tenant)).toEqual(before);
      expect(await codeOf(tenant.reader, countLogs(tenant))).toBe(0);
    });
  });

  describe('lets in', () => {
    it.each(modes)(
      'reader and writer by their passwords, and nobody by another (%s)',
      async (mode) => {
        const { access, passwords, reader, writer } = tenants[mode];
        expect((await reader('SELECT currentUser()')).text).toBe(access.reader.user);
        expect((await writer('SELECT currentUser()')).text).toBe(access.writer.user);
        for (const [user, password] of [
          [access.reader.user, passwords.writer],
          [access.reader.user, ''],
          [access.writer.user, passwords.reader],
          [access.writer.user, 'wrong'],
        ] as const) {
          expect(loginRefusals).toContain(await codeOf(server.login(user, password), 'SELECT 1'));
        }
      },
    );

    it('never the user that views run as, with its password either', async () => {
      const login = server.login(viewsDefiner, server.definerPassword);
      expect(loginRefusals).toContain(await codeOf(login, 'SELECT 1'));
      const hosts = await server.admin(
        `SELECT arrayConcat(host_ip, host_names, host_names_regexp, host_names_like) FROM system.users WHERE name = '${viewsDefiner}'`,
      );
      expect(hosts).toBe('[]');
    });
  });

  describe('passwords', () => {
    it('are two while they rotate, and one again after', async () => {
      const { access, passwords } = await server.tenant();
      const { user } = access.writer;
      const next = newPassword();
      const works = async (password: string): Promise<boolean> =>
        (await codeOf(server.login(user, password), 'SELECT 1')) === 0;

      await server.run([renderAddPassword(access.writer, hashOf(next))]);
      expect([await works(passwords.writer), await works(next)]).toEqual([true, true]);
      for (let again = 0; again < 2; again += 1) {
        await server.run([renderDropOldPasswords(access.writer)]);
        expect([await works(passwords.writer), await works(next)]).toEqual([false, true]);
      }

      const last = newPassword();
      await server.run([renderSetPassword(access.writer, hashOf(last))]);
      expect([await works(next), await works(last)]).toEqual([false, true]);
    }, 60_000);
  });

  describe('a tenant', () => {
    it('that is suspended loses INSERT, and SELECT where reading stops; resumed it has both', async () => {
      const tenant = await server.tenant();
      const { access, reader, writer, table } = tenant;
      const insert = async (): Promise<number> =>
        (await insertLogs(writer, table('otel_logs'), 1)).code;
      const describe = `DESCRIBE TABLE ${table('otel_logs')}`;
      const before = await server.everythingOf(tenant);
      expect(await insert()).toBe(0);

      await server.run(renderSuspend(access, { reading: 'goes on' }));
      expect(await insert()).toBe(codes.accessDenied);
      expect(await codeOf(writer, describe)).toBe(0);
      expect(await reader(countLogs(tenant))).toEqual({ code: 0, text: '1' });

      for (let again = 0; again < 2; again += 1) {
        await server.run(renderSuspend(access, { reading: 'stops' }));
        expect(await insert()).toBe(codes.accessDenied);
        expect(await codeOf(reader, countLogs(tenant))).toBe(codes.accessDenied);
      }

      await server.run(renderResume(access));
      expect(await insert()).toBe(0);
      expect(await reader(countLogs(tenant))).toEqual({ code: 0, text: '2' });
      expect(await server.everythingOf(tenant)).toEqual(before);
    }, 60_000);

    it('that is dropped leaves no user, profile, quota or grant, and nobody who can log in', async () => {
      const { id, access, reader, writer } = await server.tenant();
      const left = async (): Promise<number> => {
        const [row] = await server.rows<{ n: string }>(
          `SELECT toString(count()) AS n FROM (
             SELECT name FROM system.users UNION ALL SELECT name FROM system.quotas UNION ALL
             SELECT name FROM system.settings_profiles UNION ALL SELECT ifNull(user_name, '') FROM system.grants
           ) WHERE endsWith(name, '_${id}')`,
        );
        return Number(row?.n);
      };
      expect(await left()).toBeGreaterThan(6);
      for (let again = 0; again < 2; again += 1) {
        await server.run(renderDropAccess(access));
        expect(await left()).toBe(0);
      }
      for (const login of [reader, writer]) {
        expect(await codeOf(login, 'SELECT 1')).toBe(codes.authenticationFailed);
      }
    }, 60_000);
  });

  describe('quotas', () => {
    interface Usage {
      since: string;
      queries: string;
    }
    const usageOf = async ({ quota }: UserAccess): Promise<Usage | undefined> =>
      (
        await server.rows<Usage>(
          `SELECT toString(start_time) AS since, toString(queries) AS queries
           FROM system.quotas_usage WHERE quota_name = '${quota}' AND duration = 86400`,
        )
      )[0];

    it('count what a tenant uses', async () => {
      const { access, reader } = await server.tenant({ quota: { reader: [{ seconds: 86_400 }] } });
      await reader('SELECT 1');
      let before = await usageOf(access.reader);
      for (let i = 0; i < 5; i += 1) await reader('SELECT 1');
      let after = await usageOf(access.reader);
      if (after?.since !== before?.since) {
        // A day has ended in between: the next one is long enough.
        before = after;
        for (let i = 0; i < 5; i += 1) await reader('SELECT 1');
        after = await usageOf(access.reader);
      }
      expect(Number(after?.queries) - Number(before?.queries)).toBe(5);
    }, 60_000);

    it('stop a tenant that has used its share, and no other', async () => {
      const quota = { reader: [{ seconds: 86_400, queries: 3 }] } as const;
      const { reader, writer } = await server.tenant({ quota });
      expect(await codeOf(reader, 'SELECT 1')).toBe(0);
      const answers: number[] = [];
      // Twice the share: the day may end in between.
      for (let i = 0; i < 7; i += 1) answers.push(await codeOf(reader, 'SELECT 1'));
      expect(answers).toContain(codes.quotaExceeded);
      expect(await codeOf(writer, 'SELECT 1')).toBe(0);
      expect(await codeOf(tenants.pins.reader, 'SELECT 1')).toBe(0);
    }, 60_000);
  });
});
