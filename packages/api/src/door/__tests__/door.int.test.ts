import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { gunzipSync } from 'node:zlib';

import { ClickHouseLogLevel, createClient } from '@clickhouse/client';
import type { ClickHouseClient } from '@clickhouse/client';
import { waitFor } from '@hyperdx-tenancy/devkit/process';

import { createContext } from '../../controllers/context';
import type { Context } from '../../controllers/context';
import { useServer } from '../../fixtures';
import Tenant from '../../models/tenant';
import { createLogger } from '../../utils/logger';
import { makeAsker, openDoor, stranger } from './openDoor';
import type { Asker, OpenDoor } from './openDoor';

const { server, engines } = useServer();
let context: Context;
let door: OpenDoor;
let a: Asker;
let b: Asker;

beforeAll(async () => {
  context = createContext(server.config, createLogger(process.env['TEST_LOG_LEVEL'] ?? 'silent'));
  door = await openDoor({ context });
  a = await makeAsker(server, context, 'A');
  b = await makeAsker(server, context, 'B');
  for (const { id } of [a, b]) {
    await engines.admin.command({
      query: `INSERT INTO otel_logs_${id} (Timestamp, Body) SELECT now(), 'row of ${id}' FROM numbers(10)`,
    });
  }
  door.as = a;
}, 120_000);

afterAll(async () => {
  await door.close();
  await context.targets.close();
}, 60_000);

const logs = ({ id }: Asker): string => `default.otel_logs_${id}`;

/** HyperDX's settings, as its UI sends them with nearly every query. */
const SENT =
  'allow_experimental_analyzer=1&date_time_output_format=iso&wait_end_of_query=0&cancel_http_readonly_queries_on_client_close=1&output_format_json_quote_64bit_integers=1&max_execution_time=60';

describe('a program at the door', () => {
  let client: ClickHouseClient;

  beforeAll(() => {
    client = createClient({
      url: door.url,
      username: a.username,
      password: a.password,
      database: 'default',
      compression: { response: true },
      log: { level: ClickHouseLogLevel.OFF },
    });
  });

  afterAll(() => client.close());

  it('is served as by ClickHouse itself', async () => {
    expect(await client.ping()).toEqual({ success: true });
    expect(await client.ping({ select: true })).toEqual({ success: true });
    const rows = await client.query({
      query: 'SELECT Body, {word:String} AS word FROM {table:Identifier} LIMIT {n:UInt8}',
      query_params: { table: `otel_logs_${a.id}`, word: "ü\t\n\\'", n: 1 },
      format: 'JSONEachRow',
      query_id: 'mine',
    });
    expect(rows.query_id).toBe('mine');
    expect(await rows.json()).toEqual([{ Body: `row of ${a.id}`, word: "ü\t\n\\'" }]);
  });

  it('gets ClickHouse’s errors with their code', async () => {
    const column = client.query({ query: `SELECT Bodi FROM ${logs(a)}` });
    await expect(column).rejects.toMatchObject({ code: '47', type: 'UNKNOWN_IDENTIFIER' });
    const syntax = client.query({ query: 'SELECT 1 +' });
    await expect(syntax).rejects.toMatchObject({
      code: '62',
      type: 'SYNTAX_ERROR',
      message: expect.stringContaining('failed at position 11 (end of query)') as string,
    });
  });

  it('gets refusals in ClickHouse’s form, and writes nothing', async () => {
    const refused = expect.objectContaining({ code: '497', type: 'ACCESS_DENIED' }) as unknown;
    await expect(client.query({ query: `SELECT * FROM ${logs(b)}` })).rejects.toEqual(refused);
    await expect(client.command({ query: `TRUNCATE TABLE ${logs(a)}` })).rejects.toEqual(refused);
    const insert = client.insert({
      table: logs(a),
      values: [{ Body: 'x' }],
      format: 'JSONEachRow',
    });
    await expect(insert).rejects.toEqual(refused);
    const { text } = await door.ask(a, `SELECT count() FROM ${logs(a)}`);
    expect(text).toBe('10\n');
  });

  it('may write its login in each of ClickHouse’s ways', async () => {
    const { username, password } = a;
    const url = (login: string): string => `${door.url}/?query=SELECT+1&${login}`;
    const basic = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
    for (const answer of [
      await fetch(url(`user=${username}&password=${password}`)),
      await fetch(url(''), { headers: { authorization: basic } }),
      await fetch(url(''), { headers: door.headers(a) }),
    ]) {
      expect([answer.status, await answer.text()]).toEqual([200, '1\n']);
    }
  });

  it('is told by what ClickHouse says where its login is not good', async () => {
    const none = await fetch(`${door.url}/?query=SELECT+1`);
    expect([none.status, none.headers.get('www-authenticate')]).toEqual([
      401,
      'Basic realm="ClickHouse server HTTP API"',
    ]);
    expect(await none.text()).toContain('Code: 194.');
    const { user, password } = engines.clickhouse;
    for (const login of [
      { ...a, password: b.password },
      { ...a, password: '' },
      stranger('0'.repeat(24)),
      { username: user, password },
      { username: '', password: '' },
    ]) {
      const { status, text } = await door.ask(login, 'SELECT 1');
      expect([status, text]).toEqual([
        403,
        expect.stringMatching(/^Code: 516\. .*\(AUTHENTICATION_FAILED\)\n$/),
      ]);
    }
  });

  it('finds no other paths than those for queries and health', async () => {
    for (const path of ['/ping', '/replicas_status', '/']) {
      const answer = await fetch(door.url + path);
      expect([answer.status, await answer.text()]).toEqual([200, 'Ok.\n']);
    }
    for (const path of ['/play', '/dashboard', '/metrics', '//', '/ping/x']) {
      const answer = await fetch(door.url + path, { headers: door.headers(a) });
      expect([path, answer.status]).toEqual([path, 404]);
    }
    expect(
      (await fetch(door.url, { method: 'PUT', body: 'SELECT 1', headers: door.headers(a) })).status,
    ).toBe(404);
  });
});

describe('HyperDX’s UI', () => {
  const ask = (sql: string, query = SENT, init: RequestInit = {}): Promise<Response> =>
    fetch(`${door.proxyUrl}/?${query}`, { method: 'POST', body: sql, ...init });

  it('is served by who is signed in, whatever a request says', async () => {
    const sql =
      'SELECT Body FROM {HYPERDX_PARAM_1:Identifier}.{HYPERDX_PARAM_2:Identifier} LIMIT 1 FORMAT JSON';
    const values = `param_HYPERDX_PARAM_1=default&param_HYPERDX_PARAM_2=otel_logs_${a.id}`;
    const headers = { ...door.headers(b), authorization: 'Basic eDp5' };
    const answer = await ask(sql, `${SENT}&query_id=q1&${values}`, { headers });
    expect([answer.status, answer.headers.get('x-clickhouse-query-id')]).toEqual([200, 'q1']);
    expect(await answer.json()).toMatchObject({ data: [{ Body: `row of ${a.id}` }] });
  });

  it('gets values byte for byte, however many there are', async () => {
    const value = `ü\\n\\t${'long '.repeat(40_000)}'"\u{1f600}`;
    const form = new FormData();
    form.set('query', 'SELECT {v:String} AS v, {n:Int8} AS n FORMAT JSONEachRow');
    form.set('param_v', value);
    const answer = await ask('', `${SENT}&param_n=7`, { body: form });
    expect([answer.status, await answer.json()]).toEqual([
      200,
      { v: value.replace('\\n', '\n').replace('\\t', '\t'), n: 7 },
    ]);
  });

  it('gets refusals as JSON', async () => {
    const answer = await ask(`SELECT * FROM ${logs(b)}`);
    expect(answer.status).toBe(403);
    expect(await answer.json()).toEqual({
      message: expect.any(String) as string,
      code: 'query_refused',
    });
    const identity = await ask('SELECT 1', `user=${b.username}&password=${b.password}`);
    expect([identity.status, await identity.json()]).toEqual([
      400,
      { message: expect.stringContaining('user') as string, code: 'invalid_request' },
    ]);
  });

  it('gets ClickHouse’s errors as they are', async () => {
    const answer = await ask(`SELECT Bodi FROM ${logs(a)}`);
    expect([answer.status, answer.headers.get('x-clickhouse-exception-code')]).toEqual([404, '47']);
    expect(await answer.text()).toMatch(/^Code: 47\. DB::Exception: .*Bodi/);
  });

  it('is not let in for a team of another tenant', async () => {
    door.as = { ...a, teamId: b.teamId };
    expect((await ask('SELECT 1')).status).toBe(403);
    door.as = a;
  });
});

describe('answers', () => {
  /** Counts bytes of an answer, without keeping any. */
  async function length(sql: string): Promise<number> {
    const req = request(door.url, { method: 'POST', headers: door.headers(a) });
    req.end(sql);
    const [res] = (await once(req, 'response')) as [IncomingMessage];
    let bytes = 0;
    res.on('data', (chunk: Buffer) => (bytes += chunk.length));
    await once(res, 'end');
    return bytes;
  }

  it('of 200 MB pass without being kept', async () => {
    const rows = (count: number): string =>
      `SELECT repeat('x', 1000) FROM numbers(${count}) FORMAT RawBLOB`;
    await length(rows(1_000));
    const before = process.memoryUsage();
    let most = 0;
    const look = setInterval(() => {
      const { arrayBuffers, heapUsed } = process.memoryUsage();
      most = Math.max(most, arrayBuffers + heapUsed);
    }, 20);
    expect(await length(rows(200_000))).toBe(200_000_000);
    clearInterval(look);
    expect(most - before.arrayBuffers - before.heapUsed).toBeLessThan(100 * 1_048_576);
  }, 60_000);

  it('are packed for who asks for it', async () => {
    const req = request(`${door.url}/?enable_http_compression=1`, {
      method: 'POST',
      headers: { ...door.headers(a), 'accept-encoding': 'gzip' },
    });
    req.end(`SELECT Body FROM ${logs(a)}`);
    const [res] = (await once(req, 'response')) as [IncomingMessage];
    const chunks: Buffer[] = [];
    for await (const chunk of res as AsyncIterable<Buffer>) chunks.push(chunk);
    expect(res.headers['content-encoding']).toBe('gzip');
    expect(gunzipSync(Buffer.concat(chunks)).toString()).toBe(`row of ${a.id}\n`.repeat(10));
  });

  it('that nobody waits for are not computed', async () => {
    const running = async (): Promise<number> => {
      const rows = await engines.admin.query({
        query: `SELECT count() AS n FROM system.processes WHERE query LIKE '%nobody waits%' AND query NOT LIKE '%processes%'`,
        format: 'JSONEachRow',
      });
      return Number((await rows.json<{ n: string }>())[0]!.n);
    };
    const left = new AbortController();
    const sql = `SELECT sum(cityHash64(number)), 'nobody waits' FROM numbers(19000000000)`;
    const asked = door.ask(a, sql, '', { signal: left.signal }).catch(() => 'left');
    await waitFor(async () => (await running()) === 1, {
      what: 'the query',
      timeoutMs: 10_000,
    });
    left.abort();
    expect(await asked).toBe('left');
    await waitFor(async () => (await running()) === 0, {
      what: 'the end of the query',
      timeoutMs: 20_000,
    });
  }, 60_000);
});

describe('limits', () => {
  it('of queries at once are the tenant’s own, at both entrances', async () => {
    const small = await makeAsker(server, context, 'Small', {
      reader: { maxConcurrentQueries: 1 },
    });
    const left = new AbortController();
    const sql = 'SELECT sum(cityHash64(number)) FROM numbers(19000000000)';
    const long = door.ask(small, sql, '', { signal: left.signal }).catch(() => 'left');
    await waitFor(async () => (await door.ask(small, 'SELECT 1')).status === 429 || undefined, {
      what: 'a query too many',
      timeoutMs: 10_000,
    });
    const { text, headers } = await door.ask(small, 'SELECT 1');
    expect(text).toMatch(/^Code: 202\. .*\(TOO_MANY_SIMULTANEOUS_QUERIES\)/);
    expect(headers.get('retry-after')).toBe('1');
    door.as = small;
    const inUi = await fetch(door.proxyUrl, { method: 'POST', body: 'SELECT 1' });
    expect([inUi.status, await inUi.json()]).toEqual([
      429,
      { code: 'too_many_queries', message: expect.any(String) as string },
    ]);
    door.as = a;
    expect((await door.ask(a, 'SELECT 1')).status).toBe(200);
    left.abort();
    expect(await long).toBe('left');
  }, 60_000);

  it('of queries a minute are those of its quota', async () => {
    const quota = { reader: [{ seconds: 60, queries: 3 }] };
    const few = await makeAsker(server, context, 'Few', { quota });
    const statuses: number[] = [];
    for (let query = 0; query < 4; query += 1) {
      statuses.push((await door.ask(few, 'SELECT 1')).status);
    }
    expect(statuses).toEqual([200, 200, 200, 429]);
  });

  it('of what a query uses are its settings', async () => {
    const narrow = await makeAsker(server, context, 'Narrow', { reader: { maxResultRows: 5 } });
    const sql = 'SELECT number FROM numbers(6)';
    expect((await door.ask(narrow, sql)).text).toContain('Code: 396.');
    expect((await door.ask(narrow, sql, 'max_result_rows=6')).status).toBe(403);
    expect((await door.ask(narrow, `${sql} SETTINGS max_result_rows = 0`)).status).toBe(403);
    expect((await door.ask(a, sql)).status).toBe(200);
  });
});

it('a tenant that is suspended is sent away at both entrances, once every process knows', async () => {
  await Tenant.updateOne({ _id: b.id }, { status: 'suspended' });
  await waitFor(async () => (await door.ask(b, 'SELECT 1')).status === 403 || undefined, {
    what: 'the tenant to be sent away',
    timeoutMs: 5_000,
  });
  expect((await door.ask(b, 'SELECT 1')).text).toContain('suspended');
  // Only who has the password learns of it.
  expect((await door.ask(stranger(b.teamId), 'SELECT 1')).text).not.toContain('suspended');
  door.as = b;
  const inUi = await fetch(door.proxyUrl, { method: 'POST', body: 'SELECT 1' });
  expect([inUi.status, ((await inUi.json()) as { code: string }).code]).toEqual([403, 'forbidden']);
  door.as = a;
  await Tenant.updateOne({ _id: b.id }, { status: 'active' });
});

it('says what becomes of queries, and of statements', async () => {
  const text = await context.metrics.render();
  for (const line of [
    /door_requests_total\{entrance="door",result="ok"\} [1-9]/,
    /door_requests_total\{entrance="ui",result="refused"\} [1-9]/,
    /door_requests_total\{entrance="door",result="unauthorized"\} [1-9]/,
    /door_requests_total\{entrance="door",result="limited"\} [1-9]/,
    /door_request_duration_seconds_count\{entrance="ui"\} [1-9]/,
    /guard_verdicts_total\{verdict="allowed",parsed="before"\} [1-9]/,
    /guard_verdicts_total\{verdict="refused",parsed="now"\} [1-9]/,
  ]) {
    expect(text).toMatch(line);
  }
});
