import { describeWith, engineCapabilities, openClickHouse } from '@hyperdx-tenancy/devkit/engines';
import { waitFor } from '@hyperdx-tenancy/devkit/process';
import {
  renderAccess,
  renderAddPassword,
  renderDropAccess,
  renderDropOldPasswords,
  renderResume,
  renderSetPassword,
  renderSuspend,
  systemReads,
  viewsDefiner,
} from '@hyperdx-tenancy/domain/access';
import type { Grant, ReaderMode, UserAccess } from '@hyperdx-tenancy/domain/access';
import { baseNames, planDrop, tableNames } from '@hyperdx-tenancy/domain/tables';

import { ServerUnderTest, codes, hashOf, insertLogs, newPassword } from './server/server';
import type { Login, TestTenant } from './server/server';
import { forbidden, outOfRange, sentByHyperdx, settingRefusals } from './server/settings';

const modes: ReaderMode[] = ['readonly', 'pins'];

/** By which codes ClickHouse keeps somebody out: a wrong password or name, none, an address from which nobody may come. */
const loginRefusals: number[] = [
  codes.authenticationFailed,
  codes.passwordRequired,
  codes.addressNotAllowed,
];

/** Tables of `system` that tell of everybody. */
const closedTables = [
  'query_log',
  'processes',
  'users',
  'grants',
  'quotas',
  'quotas_usage',
  'settings_profiles',
  'settings_profile_elements',
  'metrics',
  'replicas',
];

describeWith('userManagement', 'a ClickHouse server', () => {
  let server: ServerUnderTest;
  /** A tenant for each way of keeping a reader from settings. */
  const tenants = {} as Record<ReaderMode, TestTenant>;

  beforeAll(async () => {
    server = await ServerUnderTest.prepare(await openClickHouse());
    for (const readerMode of modes) {
      tenants[readerMode] = await server.tenant({ readerMode });
      await insertLogs(tenants[readerMode].writer, tenants[readerMode].table('otel_logs'), 10);
    }
  }, 300_000);

  afterAll(() => server.close(), 60_000);

  const code = async (login: Login, sql: string): Promise<number> => (await login(sql)).code;
  const select = ({ table }: TestTenant): string => `SELECT count() FROM ${table('otel_logs')}`;

  /** Everything that ClickHouse says of a tenant's users. */
  async function everythingOf({ access }: TestTenant): Promise<string[]> {
    const { reader, writer } = access;
    const show = [reader, writer].flatMap(({ user, quota, profile }) => [
      `SHOW CREATE USER ${user}`,
      `SHOW GRANTS FOR ${user}`,
      `SHOW CREATE QUOTA ${quota}`,
      `SHOW CREATE SETTINGS PROFILE ${profile}`,
    ]);
    show.push(`SHOW CREATE USER ${viewsDefiner}`, `SHOW GRANTS FOR ${viewsDefiner}`);
    return Promise.all(show.map((sql) => server.admin(sql)));
  }

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
      const before = await everythingOf(tenant);
      // Passwords of users that exist stay as they are, whatever the statements carry.
      const others = { reader: hashOf(newPassword()), writer: hashOf(newPassword()) };
      await server.run(server.shared());
      await server.run(renderAccess(tenant.access, others));
      expect(await everythingOf(tenant)).toEqual(before);
      expect(await code(tenant.reader, select(tenant))).toBe(0);
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
          expect(loginRefusals).toContain(await code(server.login(user, password), 'SELECT 1'));
        }
      },
    );

    it('never the user that views run as, with its password either', async () => {
      const login = server.login(viewsDefiner, server.definerPassword);
      expect(loginRefusals).toContain(await code(login, 'SELECT 1'));
      const hosts = await server.admin(
        `SELECT arrayConcat(host_ip, host_names, host_names_regexp, host_names_like) FROM system.users WHERE name = '${viewsDefiner}'`,
      );
      expect(hosts).toBe('[]');
    });
  });

  describe.each(modes)('a reader kept from settings by %s', (mode) => {
    /** Both ways that a setting travels: in the URL and in the query. */
    async function set(login: Login, name: string, value: string | number): Promise<number[]> {
      const literal = typeof value === 'number' ? String(value) : `'${value}'`;
      const inUrl = await login('SELECT 1', { [name]: value });
      const inQuery = await login(`SELECT 1 SETTINGS ${name} = ${literal}`);
      return [inUrl.code, inQuery.code];
    }

    it('may send what HyperDX sends', async () => {
      const listed = new Set(server.settings.map(({ name }) => name));
      const known = sentByHyperdx.filter(([name]) => listed.has(name));
      expect(known.length).toBeGreaterThanOrEqual(10);
      for (const [name, value] of known) {
        expect([name, value, await set(tenants[mode].reader, name, value)]).toEqual([
          name,
          value,
          [0, 0],
        ]);
      }
    });

    it('gets what it asks for within the range', async () => {
      const asked = await tenants[mode].reader(
        "SELECT toUInt32(getSetting('max_execution_time')), toUInt64(getSetting('max_result_rows'))",
        { max_execution_time: 15, max_result_rows: 5 },
      );
      expect(asked).toEqual({ code: 0, text: '15\t5' });
    });

    it.each(outOfRange)('may not set %s to %s', async (name, value) => {
      const admin = server.login(server.clickhouse.user, server.clickhouse.password);
      expect(await set(admin, name, value)).toEqual([0, 0]);
      for (const refused of await set(tenants[mode].reader, name, value)) {
        expect(settingRefusals).toContain(refused);
      }
    });

    it.each(forbidden)('may not set %s (to %s) at all', async (name, value) => {
      const admin = server.login(server.clickhouse.user, server.clickhouse.password);
      expect(await set(admin, name, value)).toEqual([0, 0]);
      for (const refused of await set(tenants[mode].reader, name, value)) {
        expect(settingRefusals).toContain(refused);
      }
    });

    it('may send readonly=2 where that is what it has, and is refused where it has 1', async () => {
      const { code: answer } = await tenants[mode].reader('SELECT 1', { readonly: 2 });
      expect(answer === 0).toBe(mode === 'pins');
    });
  });

  describe('of its system tables', () => {
    beforeAll(() => server.admin('SYSTEM FLUSH LOGS'), 60_000);

    it.each(closedTables)('%s is closed to reader and writer', async (table) => {
      const sql = `SELECT * FROM system.${table} LIMIT 1 FORMAT Null`;
      await server.admin(sql);
      for (const mode of modes) {
        expect(await code(tenants[mode].reader, sql)).toBe(codes.accessDenied);
        expect(await code(tenants[mode].writer, sql)).toBe(codes.accessDenied);
      }
    });

    it.each(systemReads)('$table can be read, and tells of no other tenant', async ({ table }) => {
      const sql = `SELECT * FROM system.${table} FORMAT TSVRaw`;
      const [one, other] = [tenants.readonly, tenants.pins];
      const all = await server.admin(sql);
      const answer = await one.reader(sql);
      expect(answer.code).toBe(0);
      expect(answer.text).not.toContain(other.id);
      // Where there is something to tell, it tells of the tenant itself.
      expect(answer.text.includes(one.id)).toBe(all.includes(one.id));
    });
  });

  describe('between tenants', () => {
    const statements: [string, (of: TestTenant) => string][] = [
      ['SELECT', select],
      ['SELECT of a rollup', ({ table }) => `SELECT * FROM ${table('otel_logs_kv_rollup_15m')}`],
      ['a subquery', (of) => `SELECT (${select(of)})`],
      ['IN a table', ({ table }) => `SELECT 'x' IN (SELECT Body FROM ${table('otel_logs')})`],
      ['a UNION', (of) => `SELECT toUInt64(1) UNION ALL ${select(of)}`],
      ['DESCRIBE', ({ table }) => `DESCRIBE TABLE ${table('otel_logs')}`],
      ['EXPLAIN PLAN', (of) => `EXPLAIN PLAN ${select(of)}`],
    ];

    it.each(statements)('refuses: %s', async (_, statement) => {
      for (const [one, other] of [
        [tenants.readonly, tenants.pins],
        [tenants.pins, tenants.readonly],
      ] as const) {
        expect(await code(one.reader, statement(one))).toBe(0);
        expect(await code(one.reader, statement(other))).toBe(codes.accessDenied);
      }
    });

    it('refuses inserts, and DESCRIBE by the writer', async () => {
      const [one, other] = [tenants.readonly, tenants.pins];
      const describe = ({ table }: TestTenant) => `DESCRIBE TABLE ${table('otel_traces')}`;
      expect(await code(one.writer, describe(one))).toBe(0);
      expect(await code(one.writer, describe(other))).toBe(codes.accessDenied);
      const insert = await insertLogs(one.writer, other.table('otel_logs'), 1);
      expect(insert.code).toBe(codes.accessDenied);
      expect((await other.reader(select(other))).text).toBe('10');
    });

    it('lists tables and databases of the tenant alone', async () => {
      const { id, reader } = tenants.readonly;
      const own = Object.values(tableNames(id)).sort();
      const listed = await reader(
        `SELECT name FROM system.tables WHERE database = '${server.database}' ORDER BY name`,
      );
      expect(listed.text.split('\n')).toEqual(own);
      expect((await reader(`SHOW TABLES FROM ${server.database}`)).text.split('\n').sort()).toEqual(
        own,
      );
      expect(own).toHaveLength(baseNames.length);
    });

    it('refuses a reader every change, of its own tables too', async () => {
      const { reader, table } = tenants.pins;
      for (const sql of [
        `DROP TABLE ${table('otel_logs')}`,
        `TRUNCATE TABLE ${table('otel_logs')}`,
        `ALTER TABLE ${table('otel_logs')} ADD COLUMN x String`,
        `CREATE TABLE ${server.database}.mine (x String) ENGINE = Memory`,
        'CREATE USER mine',
        `GRANT SELECT ON ${table('otel_logs')} TO ${viewsDefiner}`,
      ]) {
        const answer = await code(reader, sql);
        expect([codes.readonly, codes.prohibited, codes.accessDenied]).toContain(answer);
      }
      expect((await reader(select(tenants.pins))).text).toBe('10');
    });
  });

  describe('runs the views as their definer', () => {
    it('so that a writer fills rollups on which it has no right', async () => {
      const tenant = await server.tenant();
      const rollup = tenant.table('otel_logs_kv_rollup_15m');
      expect((await insertLogs(tenant.writer, tenant.table('otel_logs'), 7, 'web')).code).toBe(0);
      const counted = await tenant.reader(
        `SELECT sum(count) FROM ${rollup} WHERE Key = 'ServiceName' AND Value = 'web'`,
      );
      expect(counted).toEqual({ code: 0, text: '7' });
      expect(await code(tenant.writer, `SELECT * FROM ${rollup}`)).toBe(codes.accessDenied);
      expect(await code(tenant.writer, `INSERT INTO ${rollup} (Key) VALUES ('x')`)).toBe(
        codes.accessDenied,
      );
      expect(await code(tenant.writer, select(tenant))).toBe(codes.accessDenied);
    }, 60_000);
  });

  describe('passwords', () => {
    it('are two while they rotate, and one again after', async () => {
      const { access, passwords } = await server.tenant();
      const { user } = access.writer;
      const next = newPassword();
      const works = async (password: string): Promise<boolean> =>
        (await code(server.login(user, password), 'SELECT 1')) === 0;

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
      const before = await everythingOf(tenant);
      expect(await insert()).toBe(0);

      await server.run(renderSuspend(access, { reading: 'goes on' }));
      expect(await insert()).toBe(codes.accessDenied);
      expect(await code(writer, describe)).toBe(0);
      expect(await reader(select(tenant))).toEqual({ code: 0, text: '1' });

      for (let again = 0; again < 2; again += 1) {
        await server.run(renderSuspend(access, { reading: 'stops' }));
        expect(await insert()).toBe(codes.accessDenied);
        expect(await code(reader, select(tenant))).toBe(codes.accessDenied);
      }

      await server.run(renderResume(access));
      expect(await insert()).toBe(0);
      expect(await reader(select(tenant))).toEqual({ code: 0, text: '2' });
      expect(await everythingOf(tenant)).toEqual(before);
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
        expect(await code(login, 'SELECT 1')).toBe(codes.authenticationFailed);
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
      expect(await code(reader, 'SELECT 1')).toBe(0);
      const answers: number[] = [];
      // Twice the share: the day may end in between.
      for (let i = 0; i < 7; i += 1) answers.push(await code(reader, 'SELECT 1'));
      expect(answers).toContain(codes.quotaExceeded);
      expect(await code(writer, 'SELECT 1')).toBe(0);
      expect(await code(tenants.pins.reader, 'SELECT 1')).toBe(0);
    }, 60_000);
  });

  describeWith('cluster', 'with a cluster', () => {
    it('makes, fills, reads and removes replicated tables and users ON CLUSTER', async () => {
      const cluster = engineCapabilities().cluster!;
      await waitFor(() => server.admin("SELECT count() FROM system.zookeeper WHERE path = '/'"), {
        timeoutMs: 60_000,
        what: 'Keeper to answer',
      });
      const path = '/clickhouse/tables/{shard}/{database}/{table}';
      const engine = { replicated: { path, replica: '{replica}' } };
      await server.run(server.shared({ cluster }));
      const tenant = await server.tenant({ cluster, engine });

      const replicas = await server.rows<{ table: string }>(
        `SELECT table FROM system.replicas WHERE database = '${server.database}' AND endsWith(table, '_${tenant.id}')`,
      );
      // All but the two views.
      expect(replicas).toHaveLength(baseNames.length - 2);

      expect((await insertLogs(tenant.writer, tenant.table('otel_logs'), 3)).code).toBe(0);
      expect(await tenant.reader(select(tenant))).toEqual({ code: 0, text: '3' });
      expect(await code(tenant.reader, select(tenants.pins))).toBe(codes.accessDenied);
      const onCluster = `DROP TABLE ${tenant.table('otel_logs')} ON CLUSTER ${cluster}`;
      expect(await code(tenant.writer, onCluster)).not.toBe(0);

      const before = await everythingOf(tenant);
      const others = { reader: hashOf(newPassword()), writer: hashOf(newPassword()) };
      await server.run(renderAccess(tenant.access, others, { cluster }));
      expect(await everythingOf(tenant)).toEqual(before);

      await server.run(renderSuspend(tenant.access, { reading: 'stops' }, { cluster }));
      expect(await code(tenant.reader, select(tenant))).toBe(codes.accessDenied);
      await server.run(renderResume(tenant.access, { cluster }));
      expect(await code(tenant.reader, select(tenant))).toBe(0);

      const at = { tenantId: tenant.id, database: server.database, cluster };
      for (let again = 0; again < 2; again += 1) {
        await server.run(renderDropAccess(tenant.access, { cluster }));
        await server.run(planDrop(at));
      }
      expect(await code(tenant.reader, 'SELECT 1')).toBe(codes.authenticationFailed);
      // The names are free at once, in Keeper too.
      const left = await server.admin(
        `SELECT count() FROM system.tables WHERE endsWith(name, '_${tenant.id}')`,
      );
      expect(left).toBe('0');
    }, 180_000);
  });
});
