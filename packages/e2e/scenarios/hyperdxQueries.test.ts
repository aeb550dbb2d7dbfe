import { ClickHouseLogLevel, createClient } from '@clickhouse/client';
import { insertContent, teamContent } from '@hyperdx-tenancy/devkit/fakes';
import { waitFor } from '@hyperdx-tenancy/devkit/process';
import { getTenantTableName, parseTenantId } from '@hyperdx-tenancy/domain/ids';
import { ObjectId } from 'mongodb';

import { Browser } from './browser';
import type { BrowserRequest } from './browser';
import { makeHousehold, PASSWORD } from './people';
import type { Household } from './people';
import { startInstall } from '../harness/hyperdx';
import type { Install } from '../harness/hyperdx';

const HOUR_MS = 3_600_000;

/** A tenant with rows of its own, each of which says whose it is. */
interface Owner extends Household {
  name: string;
  rows: number;
  table: string;
  secret: string;
}

// HyperDX's own queries: no browser and no gateway in between, only the connection's document. So the walls must hold behind it.
describe.each([
  { mode: 'guard', users: false },
  { mode: 'grants', users: true },
])('in access mode $mode', ({ users }) => {
  let install: Install;
  let owners: [Owner, Owner];

  async function makeOwner(name: string, rows: number): Promise<Owner> {
    const household = await makeHousehold(install, name);
    const table = getTenantTableName('otel_logs', parseTenantId(household.tenant.id));
    const secret = `secret-of-${name}`;
    const admin = createClient(install.clickhouse.client());
    await admin.command({
      query: `INSERT INTO ${table} (Timestamp, ServiceName, SeverityText, Body)
              SELECT now64(9), {service:String}, 'error', {secret:String} FROM numbers({rows:UInt32})`,
      query_params: { service: `service-${name}`, secret, rows },
    });
    await admin.close();
    return { ...household, name, rows, table, secret };
  }

  beforeAll(async () => {
    install = await startInstall({ users });
    owners = [await makeOwner('Ann', 3), await makeOwner('Bob', 5)];
  }, 180_000);

  afterAll(() => install.stop(), 60_000);

  /** Calls HyperDX's external API through the gateway. */
  const post = (owner: Owner, path: string, json: unknown): Promise<Response> =>
    fetch(`${install.api.url}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${owner.accessKey}`, 'content-type': 'application/json' },
      body: JSON.stringify(json),
      signal: AbortSignal.timeout(30_000),
    });

  const chart = (owner: Owner, series: object): Promise<Response> =>
    post(owner, '/api/v2/charts/series', {
      startTime: Date.now() - HOUR_MS,
      endTime: Date.now() + HOUR_MS,
      series: [series],
    });

  async function callTool(owner: Owner, name: string, input: object): Promise<string> {
    const params = { name, arguments: input };
    const response = await post(owner, '/mcp', {
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params,
    });
    expect(response.status).toBe(200);
    return response.text();
  }

  /** Runs SQL by MCP on the owner's managed connection. */
  const runSql = (owner: Owner, sql: string): Promise<string> =>
    callTool(owner, 'clickstack_sql', { connectionId: owner.connection, sql });

  const others = (): [Owner, Owner][] => [
    [owners[0], owners[1]],
    [owners[1], owners[0]],
  ];

  it('the managed connection leads to the query door, as nobody but the team', async () => {
    const connections = await install.db.collection('connections').find().toArray();
    expect(connections.map(({ host }) => String(host))).toEqual([
      install.api.doorUrl,
      install.api.doorUrl,
    ]);
    const names = connections.map(({ username }) => String(username));
    expect(names.sort()).toEqual(owners.map(({ team }) => `hdx_d_${team.toHexString()}`).sort());
  });

  it('charts show each tenant its own records', async () => {
    for (const owner of owners) {
      const response = await chart(owner, {
        sourceId: owner.source,
        where: `SeverityText = 'error'`,
      });
      expect(response.status).toBe(200);
      expect(await response.json()).toMatchObject({
        data: [[{ __hdx_value: String(owner.rows), g: `service-${owner.name}` }]],
      });
    }
  });

  it('charts with parameters of 4 KB and more, which travel as multipart, do too', async () => {
    for (const owner of owners) {
      const services = [
        ...Array.from({ length: 300 }, (_, at) => `other “service” ${at} 'ü\\`),
        `service-${owner.name}`,
      ];
      const response = await chart(owner, { sourceId: owner.source, services });
      expect(await response.json()).toMatchObject({
        data: [[{ __hdx_value: String(owner.rows) }]],
      });
    }
  });

  it('alerts, which nobody asks for, are checked for each team by its own tables', async () => {
    for (const owner of owners) {
      const content = teamContent(owner.team, {
        source: owner.source,
        connection: owner.connection,
        where: `SeverityText = 'error'`,
        sql: `SELECT Body, count() AS n FROM ${owner.table} WHERE $__timeFilter(Timestamp) GROUP BY Body`,
      });
      await insertContent(install.db, content);
    }
    const checks = await install.hyperdx.checkAlerts();
    for (const owner of owners) {
      const own = checks.filter(({ team }) => team === owner.team.toHexString());
      expect(own.map(({ rows, error }) => error ?? rows)).toMatchObject([
        [{ __hdx_value: String(owner.rows) }],
        [{ Body: owner.secret, n: String(owner.rows) }],
      ]);
    }
  });

  it('MCP runs SQL over the tenant’s own tables', async () => {
    for (const owner of owners) {
      const answer = await runSql(
        owner,
        `WITH errors AS (SELECT Body FROM ${owner.table} WHERE $__timeFilter(Timestamp)) SELECT Body, count() AS n FROM errors GROUP BY Body`,
      );
      expect(answer).toContain(owner.secret);
      expect(answer).not.toContain('isError');
    }
  });

  it('MCP builds a query over a source', async () => {
    for (const owner of owners) {
      const answer = await callTool(owner, 'clickstack_table', { sourceId: owner.source });
      expect(answer).toContain(`service-${owner.name}`);
    }
  });

  it.each([
    ['its name', (table: string) => `SELECT Body FROM ${table}`],
    ['its name, quoted', (table: string) => `SELECT Body FROM "default".\`${table}\``],
    ['a comment in between', (table: string) => `SELECT/**/Body FROM/**/${table}--`],
    ['a subquery', (table: string) => `SELECT (SELECT any(Body) FROM ${table}) AS Body`],
    ['a CTE', (table: string) => `WITH t AS (SELECT * FROM ${table}) SELECT Body FROM t`],
    [
      'a join',
      (table: string) => `SELECT b.Body FROM (SELECT 1 AS x) AS a CROSS JOIN ${table} AS b`,
    ],
    ['a union', (table: string) => `SELECT '' AS Body UNION ALL SELECT Body FROM ${table}`],
    ['an alias', (table: string) => `WITH (SELECT groupArray(Body) FROM ${table}) AS b SELECT b`],
  ])('MCP reads an own table by %s, and no table of another tenant', async (_, sqlOf) => {
    for (const [owner, other] of others()) {
      expect(await runSql(owner, sqlOf(owner.table))).toContain(owner.secret);
      const answer = await runSql(owner, sqlOf(other.table));
      expect(answer).toContain('"isError":true');
      expect(answer).not.toContain(other.secret);
    }
  });

  it.each([
    ['merge()', () => `SELECT Body FROM merge('default', '^otel_logs_')`],
    ['remote()', (table: string) => `SELECT Body FROM remote('127.0.0.1', default, ${table})`],
    ['a parameter that is not given', () => `SELECT Body FROM {t:Identifier}`],
    ['EXPLAIN QUERY TREE', (table: string) => `EXPLAIN QUERY TREE SELECT * FROM ${table}`],
    ['two statements', (table: string) => `SELECT 1; SELECT Body FROM ${table}`],
    ['INTO OUTFILE', (table: string) => `SELECT Body FROM ${table} INTO OUTFILE '/tmp/x'`],
    ['file()', () => `SELECT * FROM file('/etc/passwd', 'LineAsString')`],
    ['INSERT', (table: string) => `INSERT INTO ${table} (Body) VALUES ('written')`],
    ['DROP', (table: string) => `DROP TABLE ${table}`],
  ])('MCP does nothing by %s, not even to an own table', async (_, sqlOf) => {
    const [owner, other] = owners;
    for (const { table } of owners) {
      const answer = await runSql(owner, sqlOf(table));
      expect(answer).toContain('"isError":true');
      for (const { secret } of [owner, other]) expect(answer).not.toContain(secret);
    }
    for (const one of owners) {
      const count = await runSql(one, `SELECT count() AS n FROM ${one.table}`);
      expect(count).toContain(`{\\"n\\":\\"${one.rows}\\"}`);
    }
  });

  it('what lists tables lists the tenant’s own', async () => {
    for (const [owner, other] of others()) {
      for (const sql of [
        'SELECT name FROM system.tables',
        'SELECT table FROM system.parts WHERE active',
      ]) {
        const answer = await runSql(owner, sql);
        expect(answer).toContain(owner.table);
        expect(answer).not.toContain(other.tenant.id);
      }
    }
  });

  it('alerts with SQL about another tenant’s table are refused, as documents are written past the gateway', async () => {
    const [ann, bob] = owners;
    const content = teamContent(ann.team, {
      source: ann.source,
      connection: ann.connection,
      where: `Body != '' OR 1 IN (SELECT 1 FROM ${bob.table})`,
      sql: `SELECT Body FROM ${bob.table}`,
    });
    await insertContent(install.db, content);
    const ids = content.alerts.map(({ _id }) => _id.toHexString());
    const checks = (await install.hyperdx.checkAlerts()).filter(({ alert }) => ids.includes(alert));
    expect(checks).toHaveLength(2);
    for (const check of checks) {
      expect(check.rows).toBeUndefined();
      expect(check.error).not.toContain(bob.secret);
    }
  });

  it('a source document that names another tenant’s table shows nothing of it', async () => {
    const [ann, bob] = owners;
    const sources = install.db.collection('sources');
    const source = await sources.findOne({ team: ann.team, kind: 'log' });
    await sources.updateOne({ _id: source!._id }, { $set: { 'from.tableName': bob.table } });
    try {
      const response = await chart(ann, { sourceId: ann.source });
      expect(response.status).not.toBe(200);
      expect(await response.text()).not.toContain(`service-${bob.name}`);
    } finally {
      await sources.updateOne({ _id: source!._id }, { $set: { 'from.tableName': ann.table } });
    }
  });

  it('neither connection nor source of another team is any', async () => {
    for (const [owner, other] of others()) {
      const sql = `SELECT Body FROM ${other.table}`;
      const input = { connectionId: other.connection, sql };
      expect(await callTool(owner, 'clickstack_sql', input)).toContain('Connection not found');
      expect((await chart(owner, { sourceId: other.source })).status).toBe(404);
    }
  });

  it('the UI queries by session and connection, in both of its forms, its own connection alone', async () => {
    for (const [owner, other] of others()) {
      const browser = new Browser(install.frontendUrl, install.api.url);
      await browser.logIn(owner.email, PASSWORD);
      const ask = (connection: string, request: BrowserRequest, url = ''): Promise<Response> =>
        browser.request('POST', `/clickhouse-proxy?date_time_output_format=iso${url}`, {
          ...request,
          headers: { 'x-hyperdx-connection-id': connection, ...request.headers },
        });
      const sql =
        'SELECT Body FROM {t:Identifier} WHERE ServiceName != {s:String} LIMIT 1 FORMAT JSON';
      // Values are escaped as in ClickHouse's TabSeparated.
      const odd = 'not “this” \\r\\n--x';
      const text = { body: sql, headers: { 'content-type': 'text/plain;charset=UTF-8' } };
      const inUrl = `&param_t=${owner.table}&param_s=${encodeURIComponent(odd)}`;
      expect(await (await ask(owner.connection, text, inUrl)).text()).toContain(owner.secret);
      const form = new FormData();
      form.set('query', sql);
      form.set('param_t', owner.table);
      form.set('param_s', odd);
      const multipart = new Response(form);
      const type = { 'content-type': multipart.headers.get('content-type') ?? '' };
      const body = await multipart.text();
      const answer = await ask(owner.connection, { body, headers: type });
      expect(await answer.text()).toContain(owner.secret);
      const foreign = await ask(other.connection, text, inUrl);
      expect(foreign.status).toBe(404);
      expect(await foreign.text()).toBe('Connection not found');
      const refused = await ask(owner.connection, text, inUrl.replace(owner.table, other.table));
      expect(refused.status).toBe(403);
      expect(await refused.text()).not.toContain(other.secret);
    }
  });

  it('the door lets nobody in without the team’s own password', async () => {
    const [ann, bob] = await Promise.all(
      owners.map(({ team }) => install.db.collection('connections').findOne({ team })),
    );
    const ask = (username: string, password: string): Promise<unknown> => {
      const client = createClient({
        url: install.api.doorUrl,
        username,
        password,
        log: { level: ClickHouseLogLevel.OFF },
      });
      return client
        .query({ query: 'SELECT 1', format: 'JSONEachRow' })
        .then((answer) => answer.json())
        .finally(() => client.close());
    };
    const [user, password] = [String(ann?.['username']), String(ann?.['password'])];
    expect(await ask(user, password)).toEqual([{ 1: 1 }]);
    await expect(ask(user, String(bob?.['password']))).rejects.toMatchObject({ code: '516' });
    await expect(ask(user, '')).rejects.toMatchObject({ code: '516' });
    await expect(ask('default', 'clickhouse')).rejects.toMatchObject({ code: '516' });
  });

  it('a tenant that is suspended is answered no more, and again once it is not', async () => {
    const [, bob] = owners;
    const tenants = install.db.collection('tenants');
    const become = async (status: string, sign: string): Promise<void> => {
      await tenants.updateOne({ _id: new ObjectId(bob.tenant.id) }, { $set: { status } });
      // Every process knows within two seconds.
      await waitFor(
        async () => (await runSql(bob, `SELECT Body FROM ${bob.table}`)).includes(sign),
        { what: `the ${status} tenant's answer to hold ${sign}`, timeoutMs: 10_000 },
      );
    };
    await become('suspended', '"isError":true');
    await become('active', bob.secret);
  });
});
