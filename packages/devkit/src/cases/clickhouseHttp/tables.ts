import assert from 'node:assert/strict';
import { databaseCase, rowsOf, type ClickHouseCase } from './support';

export const tableCases: readonly ClickHouseCase[] = [
  databaseCase('DESCRIBE, SHOW, EXISTS and EXPLAIN', async ({ client, request, database }) => {
    await client.command({
      query: 'CREATE TABLE t (a UInt8, s LowCardinality(String)) ENGINE = MergeTree ORDER BY a',
    });
    const columns = await rowsOf<{ name: string; type: string }>(client, 'DESCRIBE TABLE t');
    assert.deepEqual(
      columns.map(({ name, type }) => [name, type]),
      [
        ['a', 'UInt8'],
        ['s', 'LowCardinality(String)'],
      ],
    );
    assert.deepEqual(await rowsOf(client, 'SHOW TABLES'), [{ name: 't' }]);
    assert.deepEqual(await rowsOf(client, 'EXISTS TABLE t'), [{ result: 1 }]);
    assert.deepEqual(await rowsOf(client, 'EXISTS TABLE u'), [{ result: 0 }]);
    const databases = await rowsOf<{ name: string }>(client, 'SHOW DATABASES');
    assert.ok(databases.some(({ name }) => name === database));
    const explained = await request({ body: 'EXPLAIN AST SELECT a FROM t' });
    assert.match(explained.text, /^SelectWithUnionQuery/);
    const created = await request({ body: 'SHOW CREATE TABLE t FORMAT TSVRaw' });
    assert.match(created.text, /ENGINE = MergeTree/);
  }),
  databaseCase('a materialized view fills its table', async ({ client }) => {
    const statements = [
      'CREATE TABLE base (t DateTime, k LowCardinality(String)) ENGINE = MergeTree ORDER BY t',
      'CREATE TABLE rollup (k LowCardinality(String), n UInt64) ENGINE = SummingMergeTree ORDER BY k',
      'CREATE MATERIALIZED VIEW mv TO rollup AS SELECT k, count() AS n FROM base GROUP BY k',
    ];
    for (const query of statements) await client.command({ query });
    const values = ['a', 'b', 'a'].map((k) => ({ t: 1_700_000_000, k }));
    for (let time = 0; time < 2; time++) {
      await client.insert({ table: 'base', values, format: 'JSONEachRow' });
    }
    const rows = await rowsOf(
      client,
      'SELECT k, sum(n) AS total FROM rollup GROUP BY k ORDER BY k',
    );
    assert.deepEqual(rows, [
      { k: 'a', total: 4 },
      { k: 'b', total: 2 },
    ]);
  }),
  databaseCase(
    'DateTime64(9), Map, LowCardinality and Nested keep their values',
    async ({ client }) => {
      await client.command({
        query: `CREATE TABLE t (Timestamp DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)), Severity LowCardinality(String),
        Attributes Map(LowCardinality(String), String), Events Nested (Name LowCardinality(String),
        Attributes Map(LowCardinality(String), String))) ENGINE = MergeTree PARTITION BY toDate(Timestamp) ORDER BY Timestamp`,
      });
      const row = {
        Timestamp: '2026-01-02 03:04:05.123456789',
        Severity: 'ERROR',
        Attributes: { 'service.name': "it's", empty: '' },
        'Events.Name': ['start', 'end'],
        'Events.Attributes': [{ k: 'v' }, {}],
      };
      await client.insert({ table: 't', values: [row], format: 'JSONEachRow' });
      assert.deepEqual(await rowsOf(client, 'SELECT * FROM t'), [row]);
      const found = await rowsOf(
        client,
        "SELECT Severity FROM t WHERE Attributes['service.name'] = 'it\\'s' AND has(Events.Name, 'end')",
      );
      assert.deepEqual(found, [{ Severity: 'ERROR' }]);
    },
  ),
  databaseCase('the default database is an ordinary one', async ({ client }) => {
    const [row] = await rowsOf(
      client,
      "SELECT engine FROM system.databases WHERE name = 'default'",
    );
    assert.deepEqual(row, { engine: 'Atomic' });
    const answer = await rowsOf(client, 'SELECT * FROM default.`/etc/hostname`').catch(
      (error: unknown) => error,
    );
    assert.ok(answer instanceof Error, 'a file of the host was read as a table');
  }),
  databaseCase('tables can be renamed, exchanged, altered and dropped', async ({ client }) => {
    for (const [name, value] of Object.entries({ a: 1, b: 2 })) {
      await client.command({
        query: `CREATE TABLE ${name} (v UInt8) ENGINE = MergeTree ORDER BY v`,
      });
      await client.command({ query: `INSERT INTO ${name} VALUES (${value})` });
    }
    await client.command({ query: 'EXCHANGE TABLES a AND b' });
    await client.command({ query: 'RENAME TABLE b TO c' });
    await client.command({ query: "ALTER TABLE c ADD COLUMN s String DEFAULT 'x'" });
    assert.deepEqual(await rowsOf(client, 'SELECT v, s FROM c'), [{ v: 1, s: 'x' }]);
    await client.command({ query: 'DROP TABLE a SYNC' });
    assert.deepEqual(await rowsOf(client, 'SHOW TABLES'), [{ name: 'c' }]);
  }),
  databaseCase(
    'a text of one megabyte is read, if max_query_size allows it',
    async ({ request }) => {
      const ids = Array.from({ length: 150_000 }, (_, n) => n + 1_000_000).join(',');
      const body = `SELECT count() FROM numbers(1000100) WHERE number IN (${ids})`;
      assert.ok(body.length > 1_000_000);
      const parameters = {
        max_query_size: '10000000',
        max_ast_elements: '1000000',
        max_expanded_ast_elements: '1000000',
      };
      const answer = await request({ parameters, body });
      assert.equal(answer.text, '100\n');
      const refused = await request({ body });
      assert.equal(refused.headers.get('x-clickhouse-exception-code'), '62');
    },
  ),
];
