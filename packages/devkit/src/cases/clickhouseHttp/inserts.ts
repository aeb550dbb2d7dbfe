import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { databaseCase, rejectsWith, rowsOf, type ClickHouseCase } from './support';

const ddl =
  'CREATE TABLE t (id UInt32, name String, tags Array(String)) ENGINE = MergeTree ORDER BY id';
const all = 'SELECT id, name, tags FROM t ORDER BY id';
const expected = [
  { id: 1, name: 'one', tags: ['a', 'b'] },
  { id: 2, name: "it's; two", tags: [] },
];

/** The same two rows, in each format as a body behind `INSERT INTO t FORMAT f`. */
const bodies: Record<string, string> = {
  JSONEachRow: `{"id":1,"name":"one","tags":["a","b"]}\n{"id":2,"name":"it's; two"}\n`,
  JSONCompactEachRow: `[1,"one",["a","b"]]\n[2,"it's; two",[]]\n`,
  CSV: `1,"one","['a','b']"\n2,"it's; two",[]\n`,
  CSVWithNames: `name,id,tags\none,1,"['a','b']"\nit's; two,2,[]\n`,
  TabSeparated: `1\tone\t['a','b']\n2\tit's; two\t[]\n`,
  Values: `(1, 'one', ['a','b']), (2, 'it\\'s; two', [])`,
};

export const insertCases: readonly ClickHouseCase[] = [
  databaseCase(
    'text formats, with the statement in the body and in the URL',
    async ({ client, request }) => {
      await client.command({ query: ddl });
      for (const [format, body] of Object.entries(bodies)) {
        const statement = `INSERT INTO t FORMAT ${format}`;
        const whole = await request({ body: `${statement}\n${body}` });
        assert.equal(whole.status, 200, `${format}: ${whole.text}`);
        assert.deepEqual(await rowsOf(client, all), expected, format);
        await client.command({ query: 'TRUNCATE TABLE t' });
        const split = await request({ parameters: { query: statement }, body });
        assert.equal(split.status, 200, `${format}: ${split.text}`);
        assert.deepEqual(await rowsOf(client, all), expected, format);
        await client.command({ query: 'TRUNCATE TABLE t' });
      }
    },
  ),
  databaseCase('VALUES, expressions in them, and INSERT ... SELECT', async ({ client }) => {
    await client.command({ query: ddl });
    await client.command({
      query: "INSERT INTO t (id, name, tags) VALUES (1, concat('o', 'ne'), ['a', 'b'])",
    });
    await client.command({
      query: "INSERT INTO t (id, name) SELECT 2, 'it\\'s; two' -- VALUES\n",
    });
    assert.deepEqual(await rowsOf(client, all), expected);
  }),
  databaseCase(
    'a column list, EXCEPT, and settings at each of their places',
    async ({ client, request }) => {
      await client.command({ query: ddl });
      const statements = [
        'INSERT INTO t (id) FORMAT JSONEachRow {"id":1}',
        'INSERT INTO t (* EXCEPT(tags, name)) FORMAT JSONEachRow {"id":2}',
        'INSERT INTO t (id) SETTINGS input_format_skip_unknown_fields = 1 FORMAT JSONEachRow {"id":3,"x":1}',
        'INSERT INTO t (id) FORMAT JSONEachRow SETTINGS input_format_skip_unknown_fields = 1 {"id":4,"x":1}',
        'INSERT INTO TABLE t (id) SETTINGS async_insert = 1, wait_for_async_insert = 1 VALUES (5)',
        '/* first */ insert into t(id) -- second\n values\n(6)',
      ];
      for (const body of statements) {
        const answer = await request({ body });
        assert.equal(answer.status, 200, `${body}: ${answer.text}`);
      }
      const ids = await rowsOf<{ id: number }>(client, 'SELECT id FROM t ORDER BY id');
      assert.deepEqual(
        ids,
        [1, 2, 3, 4, 5, 6].map((id) => ({ id })),
      );
    },
  ),
  databaseCase('tables may be called like keywords', async ({ client, request }) => {
    for (const name of ['format', 'values', 'settings']) {
      await client.command({
        query: `CREATE TABLE \`${name}\` (a UInt8) ENGINE = MergeTree ORDER BY a`,
      });
      const answer = await request({ body: `INSERT INTO \`${name}\` (a) VALUES (1)` });
      assert.equal(answer.status, 200, answer.text);
      assert.deepEqual(await rowsOf(client, `SELECT a FROM \`${name}\``), [{ a: 1 }]);
    }
  }),
  databaseCase(
    'the client inserts, and reads what was written in the summary',
    async ({ client }) => {
      await client.command({ query: ddl });
      const result = await client.insert({ table: 't', values: expected, format: 'JSONEachRow' });
      assert.equal(result.summary?.written_rows, '2');
      const values = [[3, 'three', ['c']]];
      await client.insert({
        table: 't',
        values,
        columns: ['id', 'name', 'tags'],
        format: 'JSONCompactEachRow',
      });
      assert.deepEqual(await rowsOf(client, all), [
        ...expected,
        { id: 3, name: 'three', tags: ['c'] },
      ]);
    },
  ),
  databaseCase('asynchronous inserts, waited for, are there afterwards', async ({ client }) => {
    await client.command({ query: ddl });
    await client.insert({
      table: 't',
      values: expected,
      format: 'JSONEachRow',
      clickhouse_settings: { async_insert: 1, wait_for_async_insert: 1 },
    });
    assert.deepEqual(await rowsOf(client, all), expected);
  }),
  databaseCase('a stream of 200,000 rows', async ({ client }) => {
    await client.command({ query: ddl });
    function* rows(): Generator {
      for (let id = 0; id < 200_000; id++) yield { id, name: `name ${id}`, tags: ['x'] };
    }
    await client.insert({ table: 't', values: Readable.from(rows()), format: 'JSONEachRow' });
    const [count] = await rowsOf(
      client,
      'SELECT count() AS n, sum(id) AS s, uniqExact(name) AS u FROM t',
    );
    assert.deepEqual(count, { n: 200_000, s: 19_999_900_000, u: 200_000 });
  }),
  databaseCase('RowBinary', async ({ client, request }) => {
    await client.command({
      query: 'CREATE TABLE b (a UInt16, s String) ENGINE = MergeTree ORDER BY a',
    });
    const answer = await request({
      parameters: { query: 'INSERT INTO b FORMAT RowBinary' },
      // A value with a line end and a semicolon, and an empty one.
      body: Buffer.from([1, 2, 3, 0x0a, 0x3b, 0x61, 2, 0, 0]),
    });
    assert.equal(answer.status, 200, answer.text);
    assert.deepEqual(await rowsOf(client, 'SELECT * FROM b ORDER BY a'), [
      { a: 2, s: '' },
      { a: 513, s: '\n;a' },
    ]);
  }),
  databaseCase('no rows are no error', async ({ client, request }) => {
    await client.command({ query: ddl });
    const answer = await request({ body: 'INSERT INTO t FORMAT JSONEachRow\n' });
    assert.equal(answer.status, 200, answer.text);
    assert.deepEqual(await rowsOf(client, all), []);
  }),
  databaseCase(
    'rows that cannot be read are refused, and none is kept',
    async ({ client, request }) => {
      await client.command({ query: ddl });
      const answer = await request({
        body: 'INSERT INTO t FORMAT JSONEachRow\n{"id":1}\n{"id":"x"}\n',
      });
      assert.equal(answer.status, 400, answer.text);
      assert.match(answer.text, /^Code: \d+\. DB::Exception: /);
      await rejectsWith(117, 'INCORRECT_DATA', () =>
        client.insert({
          table: 't',
          values: [{ id: 1, unknown: 2 }],
          format: 'JSONEachRow',
          clickhouse_settings: { input_format_skip_unknown_fields: 0 },
        }),
      );
      assert.deepEqual(await rowsOf(client, all), []);
    },
  ),
];
