import assert from 'node:assert/strict';
import { gunzipSync, gzipSync } from 'node:zlib';
import { request as httpRequest } from 'node:http';
import { clientOf, databaseCase, rowsOf, type ClickHouseCase } from './support';

/** The same, for headers and bytes that fetch would decode or not let through. */
function plainRequest(
  url: string,
  headers: Record<string, string>,
  body: string,
): Promise<{ headers: NodeJS.Dict<string | string[]>; body: Buffer }> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { method: 'POST', headers, timeout: 30_000 }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () => resolve({ headers: answer.headers, body: Buffer.concat(chunks) }));
      answer.on('error', reject);
    });
    request.on('error', reject);
    request.end(body);
  });
}

export const protocolCases: readonly ClickHouseCase[] = [
  databaseCase('GET / and GET /ping answer Ok. without credentials', async ({ server }) => {
    for (const path of ['/', '/ping']) {
      const answer = await fetch(new URL(path, server.url), { signal: AbortSignal.timeout(5_000) });
      assert.deepEqual([answer.status, await answer.text()], [200, 'Ok.\n']);
    }
  }),
  databaseCase('the client pings, by path and by query', async ({ client }) => {
    assert.deepEqual(await client.ping(), { success: true });
    assert.deepEqual(await client.ping({ select: true }), { success: true });
  }),
  databaseCase('a user nobody knows is refused with 516 and 403', async ({ request }) => {
    const answer = await request({
      headers: { 'X-ClickHouse-User': 'nobody', 'X-ClickHouse-Key': 'x' },
      body: 'SELECT 1',
    });
    assert.equal(answer.status, 403);
    assert.equal(answer.headers.get('x-clickhouse-exception-code'), '516');
    assert.match(answer.text, /^Code: 516\. DB::Exception: nobody: Authentication failed/);
  }),
  databaseCase('basic authentication and URL parameters work too', async ({ server }) => {
    const { user, password, url } = server;
    const basic = Buffer.from(`${user}:${password}`).toString('base64');
    const byHeader = await fetch(url, {
      method: 'POST',
      headers: { Authorization: `Basic ${basic}` },
      body: 'SELECT 1',
      signal: AbortSignal.timeout(5_000),
    });
    assert.equal(await byHeader.text(), '1\n');
    const parameters = new URLSearchParams({ user, password, query: 'SELECT 2' });
    const byUrl = await fetch(`${url}/?${parameters.toString()}`, {
      signal: AbortSignal.timeout(5_000),
    });
    assert.equal(await byUrl.text(), '2\n');
  }),
  databaseCase('answers carry the headers that clients read', async ({ request }) => {
    const answer = await request({
      parameters: { query_id: 'a-query-of-mine' },
      body: 'SELECT number FROM numbers(5) FORMAT JSONEachRow',
    });
    assert.equal(answer.headers.get('x-clickhouse-query-id'), 'a-query-of-mine');
    assert.equal(answer.headers.get('x-clickhouse-format'), 'JSONEachRow');
    assert.ok(answer.headers.get('x-clickhouse-timezone'));
    assert.ok(answer.headers.get('x-clickhouse-server-display-name'));
    assert.match(answer.headers.get('content-type') ?? '', /json/);
    const summary: unknown = JSON.parse(answer.headers.get('x-clickhouse-summary') ?? '{}');
    assert.ok(typeof summary === 'object' && summary !== null && 'read_rows' in summary);
    assert.equal(summary.read_rows, '5');
  }),
  databaseCase('the query may be split between URL and body', async ({ request }) => {
    const answer = await request({ parameters: { query: 'SELECT' }, body: '41 + 1' });
    assert.equal(answer.text, '42\n');
  }),
  databaseCase('default_format is for statements that name none', async ({ request }) => {
    const parameters = { default_format: 'JSONCompactEachRow' };
    const without = await request({ parameters, body: "SELECT 1, 'a'" });
    assert.equal(without.text, '[1, "a"]\n');
    const withFormat = await request({ parameters, body: 'SELECT 1 FORMAT CSV' });
    assert.equal(withFormat.text, '1\n');
  }),
  databaseCase('a GET changes nothing: 164', async ({ request, client }) => {
    await client.command({ query: 'CREATE TABLE t (a UInt8) ENGINE = MergeTree ORDER BY a' });
    for (const query of ['INSERT INTO t VALUES (1)', 'DROP TABLE t', 'CREATE TABLE u AS t']) {
      const answer = await request({ method: 'GET', parameters: { query } });
      assert.equal(answer.headers.get('x-clickhouse-exception-code'), '164', query);
    }
    assert.deepEqual(await rowsOf(client, 'SELECT count() AS n FROM t'), [{ n: 0 }]);
    const read = await request({ method: 'GET', parameters: { query: 'SELECT count() FROM t' } });
    assert.equal(read.text, '0\n');
  }),
  databaseCase(
    'request bodies may be compressed with gzip',
    async ({ request, server, database }) => {
      const answer = await request({
        headers: { 'Content-Encoding': 'gzip' },
        body: gzipSync('SELECT 7 * 6'),
      });
      assert.equal(answer.text, '42\n');
      const client = clientOf(server, { database, compression: { request: true, response: true } });
      try {
        await client.command({ query: 'CREATE TABLE z (a UInt32) ENGINE = MergeTree ORDER BY a' });
        const values = Array.from({ length: 5_000 }, (_, a) => ({ a }));
        await client.insert({ table: 'z', values, format: 'JSONEachRow' });
        const rows = await rowsOf(client, 'SELECT count() AS n, sum(a) AS s FROM z');
        assert.deepEqual(rows, [{ n: 5_000, s: 12_497_500 }]);
      } finally {
        await client.close();
      }
    },
  ),
  databaseCase('answers are compressed when both header and setting ask', async ({ server }) => {
    const headers = {
      'X-ClickHouse-User': server.user,
      'X-ClickHouse-Key': server.password,
      'Accept-Encoding': 'gzip',
    };
    const query = 'SELECT number FROM numbers(50000)';
    const packed = await plainRequest(`${server.url}/?enable_http_compression=1`, headers, query);
    assert.equal(packed.headers['content-encoding'], 'gzip');
    const plain = await plainRequest(`${server.url}/?enable_http_compression=0`, headers, query);
    assert.equal(plain.headers['content-encoding'], undefined);
    assert.ok(packed.body.length < plain.body.length);
    assert.ok(gunzipSync(packed.body).equals(plain.body));
  }),
  databaseCase('eight requests at a time get their own answers', async ({ client }) => {
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, n) =>
        rowsOf(client, `SELECT ${n} AS n, getSetting('max_block_size') AS size, sleep(0.1) AS z`, {
          max_block_size: String(1_000 + n),
        }),
      ),
    );
    answers.forEach((rows, n) => assert.deepEqual(rows, [{ n, size: 1_000 + n, z: 0 }]));
  }),
  databaseCase('neither settings nor USE outlive their request', async ({ request }) => {
    const setting = { body: "SELECT getSetting('max_block_size')" };
    const before = await request(setting);
    await request({ parameters: { max_block_size: '77' }, body: 'SELECT 1' });
    await request({ body: 'SET max_block_size = 78' });
    await request({ body: 'USE system' });
    assert.equal((await request(setting)).text, before.text);
    const database = await request({
      parameters: { database: 'default' },
      body: 'SELECT currentDatabase()',
    });
    assert.equal(database.text, 'default\n');
  }),
  databaseCase('a reader that leaves does not disturb the next one', async ({ client }) => {
    const gone = new AbortController();
    const result = await client.query({
      query: 'SELECT number, toString(number) AS s FROM numbers(50000000)',
      format: 'JSONEachRow',
      abort_signal: gone.signal,
    });
    const stream = result.stream();
    stream.on('error', () => undefined);
    await new Promise((resolve) => stream.once('data', resolve));
    gone.abort();
    stream.destroy();
    const slow = new AbortController();
    const waiting = client.query({
      query: 'SELECT sleep(3)',
      format: 'JSONEachRow',
      abort_signal: slow.signal,
    });
    slow.abort();
    await assert.rejects(waiting, /abort/i);
    assert.deepEqual(await rowsOf(client, 'SELECT 1 AS one'), [{ one: 1 }]);
  }),
];
