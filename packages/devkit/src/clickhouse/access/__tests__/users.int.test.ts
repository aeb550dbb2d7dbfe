import {
  accessFor,
  renderAccess,
  renderAddPassword,
  renderDropAccess,
  renderDropOldPasswords,
  renderResume,
  renderSuspend,
  renderViewsDefiner,
  viewsDefiner,
} from '@hyperdx-tenancy/domain/access';
import type { AccessStatement, ServerSetting, TenantAccess } from '@hyperdx-tenancy/domain/access';
import { parseTenantId } from '@hyperdx-tenancy/domain/ids';
import { startClickHouse, type ClickHouseServer } from '../..';
import { database, hashOf, tablesOf } from './fixtures';

jest.setTimeout(180_000);

const a = parseTenantId('65f0c0ffee0000000000aaaa');
const b = parseTenantId('65f0c0ffee0000000000bbbb');
const readerOfA = `hdx_r_${a}`;
const writerOfA = `hdx_w_${a}`;
const logsOf = (id: string) => `${database}.otel_logs_${id}`;
const rollupOf = (id: string) => `${database}.otel_logs_kv_rollup_15m_${id}`;
const row = `{"Timestamp":"2098-05-06 07:00:00","Body":"hello","ServiceName":"shop"}`;
const insertInto = (id: string) => `INSERT INTO ${logsOf(id)} FORMAT JSONEachRow\n${row}`;

interface Answer {
  status: number;
  /** ClickHouse's error code; 0 where there is none. */
  code: number;
  text: string;
}

describe('startClickHouse({ users: true })', () => {
  let server: ClickHouseServer;

  const ask = async (
    sql: string,
    user = 'default',
    password = 'admin',
    parameters: Record<string, string> = {},
  ): Promise<Answer> => {
    const answer = await fetch(`${server.url}/?${new URLSearchParams(parameters).toString()}`, {
      method: 'POST',
      body: sql,
      headers: { 'X-ClickHouse-User': user, 'X-ClickHouse-Key': password },
      signal: AbortSignal.timeout(60_000),
    });
    const code = Number(answer.headers.get('x-clickhouse-exception-code') ?? 0);
    return { status: answer.status, code, text: (await answer.text()).trim() };
  };
  const admin = async (sql: string): Promise<string> => {
    const { code, text } = await ask(sql);
    if (code !== 0) throw new Error(text);
    return text;
  };
  const run = async (statements: readonly Pick<AccessStatement, 'sql'>[]): Promise<void> => {
    for (const { sql } of statements) await admin(sql);
  };
  const asReader = (sql: string, parameters?: Record<string, string>) =>
    ask(sql, readerOfA, 'reads', parameters);
  const asWriter = (sql: string, password = 'writes') => ask(sql, writerOfA, password);

  const accessOf = async (id: typeof a): Promise<TenantAccess> => {
    const text = await admin(
      'SELECT name, alias_for AS aliasFor FROM system.settings FORMAT JSONEachRow',
    );
    const serverSettings = text.split('\n').map((line) => JSON.parse(line) as ServerSetting);
    return accessFor({ tenantId: id, database, serverSettings });
  };
  const makeTables = (id: typeof a): Promise<void> => run(tablesOf(id));
  let access: TenantAccess;
  const makeTenant = async (id: typeof a): Promise<TenantAccess> => {
    const made = await accessOf(id);
    const passwords = { reader: hashOf('reads'), writer: hashOf('writes') };
    await run(renderAccess(made, passwords));
    return made;
  };

  beforeAll(async () => {
    server = await startClickHouse({ password: 'admin', users: true });
    await admin(`CREATE DATABASE ${database}`);
  });

  afterAll(() => server.stop());

  it('makes views only for a definer that exists', async () => {
    await expect(makeTables(a)).rejects.toThrow(/Code: 192.*There is no user `hdx_views`/);
    await run(renderViewsDefiner(database, hashOf('unknown')));
    await makeTables(a);
    await makeTables(b);
    expect(await ask('SELECT 1', viewsDefiner, 'unknown')).toMatchObject({ code: 516 });
  });

  it('makes users that log in with their password alone, and tells nothing to others', async () => {
    access = await makeTenant(a);
    await makeTenant(b);
    expect(await asReader('SELECT 1')).toEqual({ status: 200, code: 0, text: '1' });
    const wrong = await ask('SELECT 1', readerOfA, 'wrong');
    const nobody = await ask('SELECT 1', 'hdx_r_nobody', 'wrong');
    expect(wrong).toMatchObject({ status: 403, code: 516 });
    expect(wrong.text.replace(readerOfA, 'x')).toBe(nobody.text.replace('hdx_r_nobody', 'x'));
  });

  it('lets a writer insert into its own tables, which fills the rollups', async () => {
    expect(await asWriter(insertInto(a))).toMatchObject({ code: 0 });
    expect(await asWriter(`DESC TABLE ${logsOf(a)}`)).toMatchObject({ code: 0 });
    expect(await asReader(`SELECT Body FROM ${logsOf(a)}`)).toMatchObject({ text: 'hello' });
    const rollup = `SELECT sum(count) > 0 FROM ${rollupOf(a)} WHERE Key = 'ServiceName'`;
    expect(await asReader(rollup)).toMatchObject({ code: 0, text: '1' });
  });

  it.each([
    ['INSERT INTO foreign', insertInto(b)],
    ['INSERT of a function', "INSERT INTO FUNCTION file('x') FORMAT JSONEachRow\n{}"],
    ['SELECT of its own', `SELECT * FROM ${logsOf(a)}`],
    ['DESCRIBE foreign', `DESC TABLE ${logsOf(b)}`],
    ['INSERT from a table', `INSERT INTO ${logsOf(a)} SELECT * FROM ${logsOf(b)}`],
    ['CREATE TABLE', `CREATE TABLE ${database}.mine (x Int8) ENGINE = Memory`],
    ['DROP', `DROP TABLE ${logsOf(a)}`],
    ['GRANT', `GRANT SELECT ON ${logsOf(b)} TO ${writerOfA}`],
  ])('refuses a writer: %s', async (_, sql) => {
    expect(await asWriter(sql)).toMatchObject({ status: 403, code: 497 });
  });

  it.each([
    ['SELECT', `SELECT * FROM ${logsOf(b)}`],
    ['a subquery', `SELECT (SELECT count() FROM ${logsOf(b)})`],
    ['IN', `SELECT 1 IN ${logsOf(b)}`],
    ['a join', `SELECT 1 FROM ${logsOf(a)} AS x JOIN ${logsOf(b)} AS y ON 1 = 1`],
    ['UNION', `SELECT 1 UNION ALL SELECT count() FROM ${logsOf(b)}`],
    ['the default database', `SELECT count() FROM otel_logs_${b}`],
    ['a CTE of its name', `WITH otel_logs_${b} AS (SELECT 1) SELECT * FROM otel_logs_${b}`],
    ['EXPLAIN', `EXPLAIN QUERY TREE SELECT * FROM ${logsOf(b)}`],
    ['DESCRIBE', `DESCRIBE ${logsOf(b)}`],
    ['DESCRIBE of a query', `DESCRIBE (SELECT * FROM ${logsOf(b)})`],
    ['EXISTS', `EXISTS ${logsOf(b)}`],
    ['SHOW CREATE', `SHOW CREATE TABLE ${logsOf(b)}`],
    ['merge', `SELECT count() FROM merge('${database}', 'otel_logs')`],
    [
      'mergeTreeTextIndex',
      `SELECT * FROM mergeTreeTextIndex('${database}', 'otel_logs_${b}', 'i')`,
    ],
    ['view', `SELECT * FROM view(SELECT count() FROM ${logsOf(b)})`],
    ['remote', `SELECT * FROM remote('127.0.0.1', '${database}', 'otel_logs_${b}')`],
    ['file', "SELECT * FROM file('/etc/passwd', 'LineAsString')"],
    ['users', 'SELECT * FROM system.users'],
    ['processes', 'SELECT * FROM system.processes'],
    ['its grants', `SHOW GRANTS FOR hdx_r_${b}`],
    ['INSERT', insertInto(a)],
    ['SET', 'SET max_threads = 1'],
    ['SYSTEM', 'SYSTEM RELOAD CONFIG'],
    ['DROP USER', `DROP USER hdx_r_${b}`],
  ])('refuses a reader what is foreign, and names no column: %s', async (_, sql) => {
    const answer = await asReader(sql);
    expect(answer).toMatchObject({ status: 403, code: 497 });
    expect(answer.text).not.toMatch(/Body|ServiceName|hello/);
  });

  it('takes names from parameters for what they name', async () => {
    const sql = 'SELECT count() FROM {d:Identifier}.{t:Identifier}';
    const named = (id: string) => ({ param_d: database, param_t: `otel_logs_${id}` });
    expect(await asReader(sql, named(a))).toMatchObject({ code: 0, text: '1' });
    expect(await asReader(sql, named(b))).toMatchObject({ code: 497 });
  });

  it('shows a reader the lines of system tables that are about its own', async () => {
    const others = `LIKE '%${b}%'`;
    for (const [table, column] of [
      ['tables', 'name'],
      ['columns', 'table'],
      ['parts', 'table'],
      ['data_skipping_indices', 'table'],
    ]) {
      const counts = `SELECT countIf(${column} ${others}), count() > 0 FROM system.${table}`;
      expect(await asReader(counts)).toMatchObject({ text: '0\t1' });
    }
    const list = await asReader(`SHOW TABLES FROM ${database}`);
    expect(list.text).toContain(`otel_logs_${a}`);
    expect(list.text).not.toContain(b);
    expect(await asReader('SHOW DATABASES')).toMatchObject({ text: `${database}\nsystem` });
    const opened = `SELECT count() FROM system.tables WHERE name ${others} SETTINGS additional_table_filters = {}`;
    expect(await asReader(opened)).toMatchObject({ code: 452 });
  });

  it('answers what HyperDX asks as the reader', async () => {
    const settings = {
      allow_experimental_analyzer: '1',
      date_time_output_format: 'iso',
      cancel_http_readonly_queries_on_client_close: '1',
      output_format_json_quote_64bit_integers: '1',
      max_execution_time: '15',
      max_rows_to_read: '0',
    };
    for (const sql of [
      'SELECT name, value FROM system.settings FORMAT JSON',
      'SELECT version() FORMAT JSON',
      "SELECT count() > 0 FROM system.table_engines WHERE name = 'Memory' FORMAT JSON",
      `DESCRIBE ${logsOf(a)} FORMAT JSON`,
      'DESCRIBE system.tables FORMAT JSON',
      `EXPLAIN ESTIMATE SELECT count() FROM ${logsOf(a)} FORMAT JSONEachRow`,
      `WITH s AS (SELECT ServiceName AS n FROM ${logsOf(a)} LIMIT 5) SELECT DISTINCT n, n IN (SELECT n FROM s) FROM s FORMAT JSON`,
      `SELECT count() FROM otel_logs_${a} SETTINGS max_execution_time = 20 FORMAT JSON`,
    ]) {
      expect([sql, await asReader(sql, settings)]).toMatchObject([sql, { status: 200 }]);
    }
    const unknown = await asReader(`SELECT 1 FROM ${database}.otel_logs_key_rollup_15m`);
    expect(unknown).toMatchObject({ status: 404, code: 60 });
  });

  it.each([
    ['a setting that is not on the list', { max_threads: '2' }, 164],
    ['more time than the profile allows', { max_execution_time: '61' }, 452],
    ['no limit', { max_execution_time: '0' }, 452],
    ['a way out of readonly', { readonly: '0' }, 164],
    ['the query cache', { use_query_cache: '1' }, 164],
  ])('refuses a reader %s, in parameters and in the text', async (_, settings, code) => {
    expect(await asReader('SELECT 1', settings)).toMatchObject({ code });
    const [[name, value]] = Object.entries(settings) as [[string, string]];
    expect(await asReader(`SELECT 1 SETTINGS ${name} = ${value}`)).toMatchObject({ code });
  });

  it('gives a query the values of its profile', async () => {
    const value = "SELECT value FROM system.settings WHERE name = 'max_execution_time'";
    expect(await asReader(value)).toMatchObject({ text: '60' });
    expect(await asReader(value, { max_execution_time: '7' })).toMatchObject({ text: '7' });
  });

  it('takes two passwords while they are rotated, then the new one alone', async () => {
    await run([renderAddPassword(access.writer, hashOf('new'))]);
    expect(await asWriter(insertInto(a))).toMatchObject({ code: 0 });
    expect(await asWriter(insertInto(a), 'new')).toMatchObject({ code: 0 });
    await run([renderDropOldPasswords(access.writer)]);
    expect(await asWriter(insertInto(a))).toMatchObject({ status: 403, code: 516 });
    expect(await asWriter(insertInto(a), 'new')).toMatchObject({ code: 0 });
    expect(await asReader(`SELECT count() FROM ${logsOf(a)}`)).toMatchObject({ text: '4' });
  });

  it('takes rights away and gives them back', async () => {
    await run(renderSuspend(access, { reading: 'stops' }));
    expect(await asWriter(insertInto(a), 'new')).toMatchObject({ code: 497 });
    expect(await asWriter(`DESC TABLE ${logsOf(a)}`, 'new')).toMatchObject({ code: 0 });
    expect(await asReader(`SELECT count() FROM ${logsOf(a)}`)).toMatchObject({ code: 497 });
    await run(renderResume(access));
    expect(await asWriter(insertInto(a), 'new')).toMatchObject({ code: 0 });
    expect(await asReader(`SELECT count() FROM ${logsOf(a)}`)).toMatchObject({ text: '5' });
  });

  it('shows the administrator its users and rights over SQL', async () => {
    expect(
      await admin(
        `SELECT name, auth_type, default_database, host_ip FROM system.users WHERE name LIKE 'hdx_%${a}' OR name = '${viewsDefiner}' ORDER BY name`,
      ),
    ).toBe(
      [
        `${readerOfA}\t['sha256_password']\t${database}\t['::/0']`,
        `${viewsDefiner}\t['sha256_password']\t\t[]`,
        `${writerOfA}\t['sha256_password']\t${database}\t['::/0']`,
      ].join('\n'),
    );
    const grants = access.writer.grants.flatMap(({ privileges, table }) =>
      privileges.map((privilege) => `${privilege}\t${database}\t${table}`),
    );
    const shown = await admin(
      `SELECT access_type, database, table FROM system.grants AS g JOIN system.users u ON u.name = g.user_name WHERE user_name = '${writerOfA}' AND is_partial_revoke = 0`,
    );
    expect(shown.split('\n').sort()).toEqual(grants.sort());
    expect(await admin(`SHOW GRANTS FOR ${writerOfA}`)).toContain(
      `GRANT SHOW COLUMNS, INSERT ON ${logsOf(a)} TO ${writerOfA}`,
    );
    expect(await asWriter('SHOW GRANTS', 'new')).toMatchObject({ code: 0 });
    expect(
      await admin(
        `SELECT value, writability FROM system.settings_profile_elements WHERE profile_name = '${access.reader.profile}' AND setting_name = 'readonly'`,
      ),
    ).toBe('1\tCONST');
    expect(
      await admin(`SELECT count() FROM system.quotas WHERE has(apply_to_list, '${readerOfA}')`),
    ).toBe('1');
    expect(await ask('SHOW GRANTS FOR nobody')).toMatchObject({ code: 511 });
  });

  it.each([
    ['CREATE USER u; CREATE USER v', 62],
    ['CREATE USER u IDENTIFIED', 62],
    ["CREATE USER u IDENTIFIED BY 'x'", 48],
    ['ALTER SETTINGS PROFILE nobody SETTINGS max_threads = 1', 180],
    [`ALTER SETTINGS PROFILE hdx_rp_${a} SETTINGS no_such_setting = 1`, 115],
    ['DROP USER nobody', 192],
    ['GRANT SELECT ON otel.x TO nobody', 511],
    ['CREATE ROLE r', 48],
    ['SHOW CREATE USER default', 48],
  ])('refuses the administrator %s with %i', async (sql, code) => {
    expect(await ask(sql)).toMatchObject({ code });
  });

  it('carries out statements that arrive at once, all of them', async () => {
    const names = Array.from({ length: 30 }, (_, index) => `q${index}`);
    await Promise.all(names.map((name) => admin(`CREATE QUOTA ${name}`)));
    const like = "name LIKE 'q%'";
    expect(await admin(`SELECT count() FROM system.quotas WHERE ${like}`)).toBe('30');
    await Promise.all(names.map((name) => admin(`DROP QUOTA ${name}`)));
    expect(await admin(`SELECT count() FROM system.quotas WHERE ${like}`)).toBe('0');
  });

  it('changes nothing by GET', async () => {
    const query = new URLSearchParams({ query: 'CREATE QUOTA q', password: 'admin' });
    const answer = await fetch(`${server.url}/?${query.toString()}`);
    expect(await answer.text()).toMatch(/^Code: 164\./);
  });

  it('keeps everything through a crash', async () => {
    const before = await admin('SELECT * FROM system.grants ORDER BY ALL FORMAT JSONEachRow');
    await server.kill();
    await server.restart();
    expect(await admin('SELECT * FROM system.grants ORDER BY ALL FORMAT JSONEachRow')).toBe(before);
    expect(await asWriter(insertInto(a), 'new')).toMatchObject({ code: 0 });
    expect(await asWriter(insertInto(a))).toMatchObject({ code: 516 });
    expect(await asReader(`SELECT count() FROM ${logsOf(b)}`)).toMatchObject({ code: 497 });
  });

  it('leaves nothing of a tenant whose access is dropped', async () => {
    await run(renderDropAccess(access));
    expect(await asReader('SELECT 1')).toMatchObject({ code: 516 });
    expect(await admin(`SELECT count() FROM system.users WHERE name LIKE '%${a}'`)).toBe('0');
    expect(await admin(`SELECT count() FROM system.grants WHERE user_name LIKE '%${a}'`)).toBe('0');
    expect(await ask('SELECT 1', `hdx_r_${b}`, 'reads')).toMatchObject({ code: 0 });
  });
});
