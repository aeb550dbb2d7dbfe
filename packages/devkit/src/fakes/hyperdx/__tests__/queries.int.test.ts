import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createClient } from '@clickhouse/client';
import { MongoClient, ObjectId, type Db } from 'mongodb';
import { startClickHouse, type ClickHouseServer } from '../../../clickhouse';
import { openMongo, type Mongo } from '../../../mongo';
import { insertContent, insertUser, startHyperdx, teamContent, type Hyperdx } from '../..';

/** A request to ClickHouse, as it passed. */
interface Seen {
  url: URL;
  type: string;
  authorization: string;
  body: string;
}

/** One team and what is its own. */
interface Owner {
  team: ObjectId;
  source: string;
  connection: string;
  table: string;
  accessKey: string;
}

let clickhouse: ClickHouseServer;
let mongo: Mongo;
let client: MongoClient;
let db: Db;
let recorder: Server;
let hyperdx: Hyperdx;
const seen: Seen[] = [];
const owners: Owner[] = [];

/** Hands requests on to ClickHouse and keeps what they said. */
async function startRecorder(): Promise<void> {
  recorder = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      const { 'content-type': type = '', authorization = '' } = request.headers;
      const url = new URL(request.url ?? '/', clickhouse.url);
      seen.push({ url, type, authorization, body: body.toString() });
      void fetch(url, {
        method: 'POST',
        headers: { authorization, 'content-type': type },
        body,
      }).then(async (answer) =>
        response.writeHead(answer.status).end(Buffer.from(await answer.arrayBuffer())),
      );
    });
  });
  await new Promise<void>((resolve) => recorder.listen(0, '127.0.0.1', resolve));
}

async function makeOwner(name: string, rows: number): Promise<Owner> {
  const [team, source, connection] = [new ObjectId(), new ObjectId(), new ObjectId()];
  const table = `otel_logs_${team.toHexString()}`;
  const admin = createClient(clickhouse.client());
  await admin.command({
    query: `CREATE TABLE ${table} (Timestamp DateTime64(9), ServiceName String, Body String) ENGINE = MergeTree ORDER BY Timestamp`,
  });
  await admin.command({
    query: `INSERT INTO ${table} SELECT now64(9), 'service-${name}', 'secret of ${name}' FROM numbers(${rows})`,
  });
  await admin.close();
  const { port } = recorder.address() as AddressInfo;
  await db.collection('teams').insertOne({ _id: team, name });
  await db.collection('connections').insertOne({
    _id: connection,
    team,
    name: 'ClickHouse',
    host: `http://127.0.0.1:${port}`,
    username: clickhouse.user,
    password: clickhouse.password,
  });
  await db.collection('sources').insertOne({
    _id: source,
    team,
    kind: 'log',
    name: 'Logs',
    connection,
    from: { databaseName: clickhouse.database, tableName: table },
    timestampValueExpression: 'Timestamp',
  });
  const user = await insertUser(db, team, {
    email: `${name}@example.com`,
    password: 'Aa1!aaaaaaaa',
  });
  const owner = { source: source.toHexString(), connection: connection.toHexString() };
  await insertContent(
    db,
    teamContent(team, {
      ...owner,
      where: `Body != ''`,
      sql: `SELECT Body, count() AS n FROM ${table} WHERE $__timeFilter(Timestamp) GROUP BY Body`,
    }),
  );
  return { team, ...owner, table, accessKey: user.accessKey };
}

beforeAll(async () => {
  [clickhouse, mongo] = await Promise.all([startClickHouse({ password: 'pw' }), openMongo()]);
  client = await new MongoClient(mongo.uri).connect();
  db = client.db();
  await startRecorder();
  owners.push(await makeOwner('a', 3), await makeOwner('b', 5));
  hyperdx = await startHyperdx({ mongoUri: mongo.uri, sessionSecret: 'a secret of both' });
}, 180_000);

afterAll(async () => {
  await hyperdx.stop();
  recorder.close();
  recorder.closeAllConnections();
  await client.close();
  await Promise.all([clickhouse.stop(), mongo.stop()]);
}, 60_000);

beforeEach(() => {
  seen.length = 0;
});

const post = (owner: Owner, path: string, body: unknown): Promise<Response> =>
  fetch(`${hyperdx.url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${owner.accessKey}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

const series = (sourceId: string, more: object = {}): object => ({
  startTime: Date.now() - 3_600_000,
  endTime: Date.now() + 3_600_000,
  series: [{ sourceId, ...more }],
});

async function callTool(owner: Owner, name: string, input: object): Promise<string> {
  const message = {
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/call',
    params: { name, arguments: input },
  };
  const response = await post(owner, '/mcp', message);
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  return response.text();
}

describe('charts', () => {
  it('ask for a source’s table by parameters, as the connection’s user, with HyperDX’s settings', async () => {
    const [a] = owners as [Owner];
    const response = await post(a, '/api/v2/charts/series', series(a.source));
    expect(await response.json()).toMatchObject({
      data: [[{ __hdx_value: '3', g: 'service-a' }]],
    });
    const [settings, query] = seen;
    expect(settings?.body).toContain('FROM system.settings');
    expect([...(settings?.url.searchParams.keys() ?? [])]).not.toContain('date_time_output_format');
    expect(query?.body).toMatch(
      /FROM \{HYPERDX_PARAM_\d+:Identifier\}\.\{HYPERDX_PARAM_\d+:Identifier\}/,
    );
    expect(query?.body).toMatch(/FORMAT JSON$/);
    expect(query?.authorization).toBe(`Basic ${Buffer.from('default:pw').toString('base64')}`);
    const parameters = Object.fromEntries(query?.url.searchParams ?? []);
    expect(Object.values(parameters)).toContain(a.table);
    expect(parameters).toMatchObject({
      query_id: expect.any(String) as string,
      allow_experimental_analyzer: '1',
      date_time_output_format: 'iso',
      wait_end_of_query: '0',
      cancel_http_readonly_queries_on_client_close: '1',
      output_format_json_quote_64bit_integers: '1',
      max_execution_time: '60',
      use_skip_indexes_for_top_k: '1',
    });
  });

  it('send parameters above 4,096 bytes as multipart, with the settings still in the URL', async () => {
    const [a] = owners as [Owner];
    const services = ['service-a', ...Array.from({ length: 500 }, (_, at) => `ö service ${at}`)];
    const response = await post(a, '/api/v2/charts/series', series(a.source, { services }));
    expect(await response.json()).toMatchObject({ data: [[{ __hdx_value: '3' }]] });
    const query = seen.at(-1);
    expect(query?.type).toMatch(/^multipart\/form-data; boundary=/);
    expect(query?.body).toContain('name="query"');
    expect(query?.body).toContain('ö service 499');
    expect(query?.url.searchParams.get('date_time_output_format')).toBe('iso');
    expect([...(query?.url.searchParams.keys() ?? [])].join()).not.toContain('param_');
  });

  it('know no source of another team', async () => {
    const [a, b] = owners as [Owner, Owner];
    expect((await post(a, '/api/v2/charts/series', series(b.source))).status).toBe(404);
    expect(seen).toEqual([]);
  });

  it('take their time limit from the first team, whoever asks', async () => {
    const [a, b] = owners as [Owner, Owner];
    await db.collection('teams').updateOne({ _id: a.team }, { $set: { queryTimeout: 7 } });
    await post(b, '/api/v2/charts/series', series(b.source));
    expect(seen.at(-1)?.url.searchParams.get('max_execution_time')).toBe('7');
  });
});

describe('alerts', () => {
  it('are checked for all teams, each by its own documents', async () => {
    const checks = await hyperdx.checkAlerts();
    const [a, b] = owners as [Owner, Owner];
    const of = (team: ObjectId) => checks.filter((check) => check.team === team.toHexString());
    expect(of(a.team).map(({ rows }) => rows)).toMatchObject([
      [{ __hdx_value: '3' }],
      [{ Body: 'secret of a', n: '3' }],
    ]);
    expect(of(b.team).map(({ rows }) => rows)).toMatchObject([
      [{ __hdx_value: '5' }],
      [{ Body: 'secret of b', n: '5' }],
    ]);
  });

  it('send readonly=2 with raw SQL, and say what went wrong', async () => {
    await hyperdx.checkAlerts();
    const raw = seen.filter(({ body }) => body.includes('startDateMilliseconds'));
    expect(raw.map(({ url }) => url.searchParams.get('readonly'))).toEqual(['2', '2']);
    const [a] = owners as [Owner];
    await db
      .collection('dashboards')
      .updateOne({ team: a.team }, { $set: { 'tiles.0.config.sqlTemplate': 'SELECT nothing' } });
    const errors = (await hyperdx.checkAlerts()).flatMap(({ error }) => error ?? []);
    expect(errors).toEqual([expect.stringContaining('nothing')]);
  });
});

describe('MCP', () => {
  it('runs SQL on the connection that is named, where it is the team’s', async () => {
    const [a, b] = owners as [Owner, Owner];
    const sql = `SELECT Body FROM ${a.table} LIMIT 1`;
    const own = await callTool(a, 'clickstack_sql', { connectionId: a.connection, sql });
    expect(own).toMatch(/^event: message\ndata: /);
    expect(own).toContain('secret of a');
    expect(seen.at(-1)?.url.searchParams.get('readonly')).toBe('2');
    const foreign = await callTool(a, 'clickstack_sql', { connectionId: b.connection, sql });
    expect(foreign).toContain('Connection not found');
  });

  it('answers a batch, and writes sources as they are given', async () => {
    const [a] = owners as [Owner];
    const call = (id: number, name: string, input: object): object => ({
      jsonrpc: '2.0',
      id,
      method: 'tools/call',
      params: { name, arguments: input },
    });
    const response = await post(a, '/mcp', [
      call(1, 'clickstack_save_source', {
        kind: 'log',
        name: 'Made by MCP',
        connection: a.connection,
        from: { databaseName: 'default', tableName: 'as_it_is' },
      }),
      { jsonrpc: '2.0', method: 'notifications/initialized' },
      call(2, 'no_such_tool', {}),
    ]);
    const text = await response.text();
    expect(text.match(/^data: /gm)).toHaveLength(2);
    expect(text).toContain('Method not found');
    expect(await db.collection('sources').findOne({ name: 'Made by MCP' })).toMatchObject({
      team: a.team,
      from: { tableName: 'as_it_is' },
    });
  });
});

it('answers what Prometheus asks in Prometheus’ form, ClickHouse’s refusal too', async () => {
  const login = await fetch(`${hyperdx.url}/login/password`, {
    method: 'POST',
    body: new URLSearchParams({ email: 'a@example.com', password: 'Aa1!aaaaaaaa' }),
    redirect: 'manual',
  });
  const cookie = login.headers.get('set-cookie')?.split(';')[0] ?? '';
  const [a] = owners as [Owner];
  const path = `/v1/prometheus/query_range?connectionId=${a.connection}&query=up&start=1&end=2&step=1&table=${a.table}`;
  const response = await fetch(`${hyperdx.url}${path}`, { headers: { cookie } });
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ status: 'error', errorType: 'bad_data' });
  expect(seen.at(-1)?.body).toContain('prometheusQueryRange(');
});
