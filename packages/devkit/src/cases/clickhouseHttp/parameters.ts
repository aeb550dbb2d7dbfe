import assert from 'node:assert/strict';
import { databaseCase, rejectsWith, type ClickHouseCase } from './support';

export const parameterCases: readonly ClickHouseCase[] = [
  databaseCase('parameters keep every character', async ({ client }) => {
    const text = 'it\'s "quoted" `back` \\ \t\n ; -- {x:String} é 漢 🙂 \\N';
    const result = await client.query({
      query: 'SELECT {t:String} AS t, length({t:String}) AS l, {e:String} AS e',
      query_params: { t: text, e: '' },
      format: 'JSONEachRow',
    });
    assert.deepEqual(await result.json(), [{ t: text, l: Buffer.byteLength(text), e: '' }]);
  }),
  databaseCase('parameters of many types', async ({ client }) => {
    const result = await client.query({
      query: `SELECT {u:UInt64} AS u, {i:Int32} AS i, {f:Float64} AS f, {b:Bool} AS b, {n:Nullable(String)} AS n,
        {a:Array(String)} AS a, {m:Map(String, UInt8)} AS m, {d:Date} AS d, {t:DateTime64(9, 'UTC')} AS t`,
      query_params: {
        u: '18446744073709551615',
        i: -5,
        f: 1.5,
        b: true,
        n: null,
        a: ["it's", 'b,c', 'd]'],
        m: { k: 1, "l'": 2 },
        d: '2026-02-03',
        t: '2026-02-03 04:05:06.123456789',
      },
      format: 'JSONEachRow',
      clickhouse_settings: { output_format_json_quote_64bit_integers: 1 },
    });
    assert.deepEqual(await result.json(), [
      {
        u: '18446744073709551615',
        i: -5,
        f: 1.5,
        b: true,
        n: null,
        a: ["it's", 'b,c', 'd]'],
        m: { k: 1, "l'": 2 },
        d: '2026-02-03',
        t: '2026-02-03 04:05:06.123456789',
      },
    ]);
  }),
  databaseCase('names are parameters of type Identifier', async ({ client, database }) => {
    await client.command({
      query: 'CREATE TABLE {t:Identifier} (`a b` UInt8) ENGINE = MergeTree ORDER BY tuple()',
      query_params: { t: 'strange `name`' },
    });
    await client.command({
      query: 'INSERT INTO {t:Identifier} VALUES (3)',
      query_params: { t: 'strange `name`' },
    });
    const result = await client.query({
      query: 'SELECT {c:Identifier} AS c FROM {d:Identifier}.{t:Identifier}',
      query_params: { c: 'a b', d: database, t: 'strange `name`' },
      format: 'JSONEachRow',
    });
    assert.deepEqual(await result.json(), [{ c: 3 }]);
  }),
  databaseCase('a parameter that was not given is refused: 456', async ({ client }) => {
    await rejectsWith(456, 'UNKNOWN_QUERY_PARAMETER', () =>
      client.query({ query: 'SELECT {missing:String}', format: 'JSON' }),
    );
  }),
  databaseCase('concurrent parameters do not mix', async ({ client }) => {
    const answers = await Promise.all(
      Array.from({ length: 24 }, async (_, n) => {
        const result = await client.query({
          query: 'SELECT {x:UInt32} AS x, {s:String} AS s',
          query_params: { x: n, s: `value ${n}` },
          format: 'JSONEachRow',
        });
        return result.json();
      }),
    );
    answers.forEach((rows, n) => assert.deepEqual(rows, [{ x: n, s: `value ${n}` }]));
  }),
  databaseCase('query and parameters may come as multipart/form-data', async ({ request }) => {
    const form = new FormData();
    form.set('query', 'SELECT {a:String} AS a, {b:UInt8} AS b FORMAT JSONEachRow');
    form.set('param_a', 'x'.repeat(10_000));
    form.set('param_b', '7');
    const answer = await request({ parameters: { max_threads: '1' }, body: form });
    assert.equal(answer.status, 200, answer.text);
    assert.deepEqual(JSON.parse(answer.text), { a: 'x'.repeat(10_000), b: 7 });
  }),
];
