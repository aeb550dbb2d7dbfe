import { describeWith } from '@hyperdx-tenancy/devkit/engines';
import { systemReads, viewsDefiner } from '@hyperdx-tenancy/domain/access';
import type { ReaderMode } from '@hyperdx-tenancy/domain/access';
import { baseNames, tableNames } from '@hyperdx-tenancy/domain/tables';

import { ServerUnderTest, codeOf, codes, countLogs, insertLogs, modes } from './server/server';
import type { Login, TestTenant } from './server/server';
import { forbidden, outOfRange, sentByHyperdx, settingRefusals } from './server/settings';

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
  let tenants: Record<ReaderMode, TestTenant>;

  beforeAll(async () => {
    server = await ServerUnderTest.start();
    tenants = await server.tenantPerMode();
  }, 300_000);

  afterAll(() => server.close(), 60_000);

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
        expect(await codeOf(tenants[mode].reader, sql)).toBe(codes.accessDenied);
        expect(await codeOf(tenants[mode].writer, sql)).toBe(codes.accessDenied);
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
      ['SELECT', countLogs],
      ['SELECT of a rollup', ({ table }) => `SELECT * FROM ${table('otel_logs_kv_rollup_15m')}`],
      ['a subquery', (of) => `SELECT (${countLogs(of)})`],
      ['IN a table', ({ table }) => `SELECT 'x' IN (SELECT Body FROM ${table('otel_logs')})`],
      ['a UNION', (of) => `SELECT toUInt64(1) UNION ALL ${countLogs(of)}`],
      ['DESCRIBE', ({ table }) => `DESCRIBE TABLE ${table('otel_logs')}`],
      ['EXPLAIN PLAN', (of) => `EXPLAIN PLAN ${countLogs(of)}`],
    ];

    it.each(statements)('refuses: %s', async (_, statement) => {
      for (const [one, other] of [
        [tenants.readonly, tenants.pins],
        [tenants.pins, tenants.readonly],
      ] as const) {
        expect(await codeOf(one.reader, statement(one))).toBe(0);
        expect(await codeOf(one.reader, statement(other))).toBe(codes.accessDenied);
      }
    });

    it('refuses inserts, and DESCRIBE by the writer', async () => {
      const [one, other] = [tenants.readonly, tenants.pins];
      const describe = ({ table }: TestTenant) => `DESCRIBE TABLE ${table('otel_traces')}`;
      expect(await codeOf(one.writer, describe(one))).toBe(0);
      expect(await codeOf(one.writer, describe(other))).toBe(codes.accessDenied);
      const insert = await insertLogs(one.writer, other.table('otel_logs'), 1);
      expect(insert.code).toBe(codes.accessDenied);
      expect((await other.reader(countLogs(other))).text).toBe('10');
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
        const answer = await codeOf(reader, sql);
        expect([codes.readonly, codes.prohibited, codes.accessDenied]).toContain(answer);
      }
      expect((await reader(countLogs(tenants.pins))).text).toBe('10');
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
      expect(await codeOf(tenant.writer, `SELECT * FROM ${rollup}`)).toBe(codes.accessDenied);
      expect(await codeOf(tenant.writer, `INSERT INTO ${rollup} (Key) VALUES ('x')`)).toBe(
        codes.accessDenied,
      );
      expect(await codeOf(tenant.writer, countLogs(tenant))).toBe(codes.accessDenied);
    }, 60_000);
  });
});
