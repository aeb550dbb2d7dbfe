import assert from 'node:assert/strict';
import { databaseCase, rowsOf, type ClickHouseCase } from './support';

/** A column of each kind that the exporter's tables and its metadata queries have. */
const columns: Record<string, string> = {
  u: 'UInt64',
  i: 'Int32',
  f: 'Float64',
  b: 'Bool',
  s: 'String',
  x: 'FixedString(4)',
  d: 'Date',
  t: 'DateTime',
  t9: 'DateTime64(9)',
  id: 'UUID',
  e: "Enum8('one' = 1, 'two,)' = 2)",
  dec: 'Decimal(18, 4)',
  ip4: 'IPv4',
  ip6: 'IPv6',
  n: 'Nullable(UInt16)',
  lc: 'LowCardinality(String)',
  m: 'Map(LowCardinality(String), String)',
  am: 'Array(Map(LowCardinality(String), String))',
  tup: 'Tuple(a UInt8, `b c` String)',
  aa: 'Array(Array(Float64))',
};

const rows = `SELECT number AS u, -1 AS i, 0.5 AS f, number % 2 AS b, toString(number) AS s, 'abcd' AS x,
  toDate('2026-01-02') AS d, toDateTime('2026-01-02 03:04:05') AS t, toDateTime64('2026-01-02 03:04:05.123456789', 9) AS t9,
  toUUID('61f0c404-5cb3-11e7-907b-a6006ad3dba0') AS id, 'two,)' AS e, 1.25 AS dec, '10.0.0.1' AS ip4, '::1' AS ip6,
  if(number % 3 = 0, NULL, number % 100) AS n, toString(number % 7) AS lc, map('k', toString(number)) AS m,
  [map('a', 'b')] AS am, (1, 'x') AS tup, [[1.5], [], [toFloat64(number)]] AS aa FROM numbers(1000)`;

/** Field 1 = 0, field 2 = -1, end of fields. */
const blockInfo = '010002ffffffff00';

export const nativeCases: readonly ClickHouseCase[] = [
  databaseCase('what is read as Native can be inserted as Native', async ({ client, request }) => {
    const list = Object.entries(columns).map(([name, type]) => `${name} ${type}`);
    for (const table of ['source', 'copy']) {
      await client.command({
        query: `CREATE TABLE ${table} (${list.join(', ')}) ENGINE = MergeTree ORDER BY u`,
      });
    }
    await client.command({ query: `INSERT INTO source ${rows}` });
    const native = await request({ body: 'SELECT * FROM source ORDER BY u FORMAT Native' });
    assert.equal(native.status, 200);
    const names = Object.keys(columns).join(', ');
    const insert = await request({
      parameters: { query: `INSERT INTO copy (${names}) FORMAT Native` },
      body: native.body,
    });
    assert.equal(insert.status, 200, insert.text);
    const hash = 'SELECT count() AS n, groupBitXor(cityHash64(toString(tuple(*)))) AS h FROM';
    const [source] = await rowsOf(client, `${hash} source`);
    const [copy] = await rowsOf(client, `${hash} copy`);
    assert.equal(source?.['n'], 1_000);
    assert.deepEqual(copy, source);
  }),
  databaseCase('Native for a client without a protocol version is bare', async ({ request }) => {
    const answer = await request({ body: 'SELECT toUInt8(7) AS a FORMAT Native' });
    assert.equal(answer.body.toString('hex'), '010101610555496e743807');
  }),
  databaseCase(
    'Native for a protocol version has block info and serialization marks',
    async ({ request }) => {
      const parameters = { client_protocol_version: '54460', default_format: 'Native' };
      const one = await request({ parameters, body: 'SELECT toUInt8(7) AS a' });
      assert.equal(one.body.toString('hex'), `${blockInfo}010101610555496e74380007`);
      const older = await request({
        parameters: { ...parameters, client_protocol_version: '54453' },
        body: 'SELECT toUInt8(7) AS a',
      });
      assert.equal(older.body.toString('hex'), `${blockInfo}010101610555496e743807`);
    },
  ),
  databaseCase(
    'DESC TABLE and a hello, as the Go client asks for them',
    async ({ client, request }) => {
      await client.command({
        query:
          'CREATE TABLE t (m Map(LowCardinality(String), String)) ENGINE = MergeTree ORDER BY tuple()',
      });
      const parameters = { client_protocol_version: '54460', default_format: 'Native' };
      const queries = [
        'SELECT displayName(), version(), revision(), timezone()',
        'DESC TABLE t',
        'SELECT m, toLowCardinality(1::String) FROM t',
      ];
      for (const body of queries) {
        const answer = await request({ parameters, body });
        assert.equal(answer.status, 200, answer.text);
        assert.equal(answer.headers.get('x-clickhouse-format') ?? 'Native', 'Native');
        if (answer.body.length > 0) assert.equal(answer.body.toString('hex', 0, 8), blockInfo);
      }
    },
  ),
];
