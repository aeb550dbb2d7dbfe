import assert from 'node:assert/strict';
import { clientOf, databaseCase, rejectsWith, rowsOf, type ClickHouseCase } from './support';

/** Statement, exception, and the HTTP status that goes with it. */
const failures: readonly (readonly [string, number, string, number])[] = [
  ['SELEC 1', 62, 'SYNTAX_ERROR', 400],
  ['', 62, 'SYNTAX_ERROR', 400],
  ['SELECT 1 FROM', 62, 'SYNTAX_ERROR', 400],
  ['SELECT nope', 47, 'UNKNOWN_IDENTIFIER', 404],
  ['SELECT nope()', 46, 'UNKNOWN_FUNCTION', 404],
  ['SELECT * FROM nope', 60, 'UNKNOWN_TABLE', 404],
  ['SELECT * FROM nope.nope', 81, 'UNKNOWN_DATABASE', 404],
  ['SELECT 1 SETTINGS nope = 1', 115, 'UNKNOWN_SETTING', 404],
  ['SELECT 1 FORMAT Nope', 73, 'UNKNOWN_FORMAT', 404],
  ["SELECT toUInt8('x')", 6, 'CANNOT_PARSE_TEXT', 400],
  ['SELECT throwIf(1)', 395, 'FUNCTION_THROW_IF_VALUE_IS_NON_ZERO', 500],
  ['DROP TABLE nope', 60, 'UNKNOWN_TABLE', 404],
];

export const errorCases: readonly ClickHouseCase[] = [
  databaseCase('exceptions have their code, name and status', async ({ request }) => {
    for (const [body, code, type, status] of failures) {
      const answer = await request({ body });
      assert.equal(answer.status, status, `${body}: ${answer.text}`);
      assert.equal(answer.headers.get('x-clickhouse-exception-code'), String(code), body);
      assert.ok(answer.text.startsWith(`Code: ${code}. DB::Exception: `), answer.text);
      assert.doesNotMatch(answer.text, /OUTFILE|formatQuery/, body);
      assert.match(answer.text, new RegExp(`\\(${type}\\) \\(version \\d+\\.\\d+`));
    }
  }),
  databaseCase('the client sees typed errors', async ({ client }) => {
    await rejectsWith(60, 'UNKNOWN_TABLE', () => rowsOf(client, 'SELECT * FROM nope'));
    await rejectsWith(60, 'UNKNOWN_TABLE', () =>
      client.insert({ table: 'nope', values: [{ a: 1 }], format: 'JSONEachRow' }),
    );
    await rejectsWith(57, 'TABLE_ALREADY_EXISTS', async () => {
      for (let time = 0; time < 2; time++) {
        await client.command({ query: 'CREATE TABLE t (a UInt8) ENGINE = Memory' });
      }
    });
  }),
  databaseCase('an unknown database or setting in the URL is refused', async ({ request }) => {
    const database = await request({ parameters: { database: 'nope' }, body: 'SELECT 1' });
    assert.equal(database.headers.get('x-clickhouse-exception-code'), '81');
    assert.equal(database.status, 404);
    const setting = await request({ parameters: { nope: '1' }, body: 'SELECT 1' });
    assert.equal(setting.headers.get('x-clickhouse-exception-code'), '115');
  }),
  databaseCase('readonly from the URL holds', async ({ request, client }) => {
    await client.command({ query: 'CREATE TABLE t (a UInt8) ENGINE = MergeTree ORDER BY a' });
    for (const readonly of ['1', '2']) {
      const parameters = { readonly, max_threads: '1' };
      const read = await request({ parameters, body: 'SELECT count() FROM t' });
      assert.equal(read.text, '0\n');
      const write = await request({ parameters, body: 'INSERT INTO t VALUES (1)' });
      assert.equal(write.headers.get('x-clickhouse-exception-code'), '164', write.text);
      const ddl = await request({ parameters, body: 'DROP TABLE t' });
      assert.equal(ddl.headers.get('x-clickhouse-exception-code'), '164', ddl.text);
    }
    const setting = await request({
      parameters: { readonly: '1' },
      body: 'SELECT 1 SETTINGS max_block_size = 7',
    });
    assert.equal(setting.headers.get('x-clickhouse-exception-code'), '164', setting.text);
  }),
  databaseCase(
    'two statements in one text are refused, and neither runs',
    async ({ request, client }) => {
      await client.command({ query: 'CREATE TABLE t (a UInt8) ENGINE = MergeTree ORDER BY a' });
      const texts = [
        'SELECT 1; SELECT 2',
        'SELECT 1; DROP TABLE t',
        'SELECT 1 /* ; */ ; -- x\n DROP TABLE t',
        'INSERT INTO t SELECT 1; INSERT INTO t SELECT 2',
        'INSERT INTO t VALUES (1); INSERT INTO t VALUES (2)',
        'TRUNCATE TABLE t; DROP TABLE t',
      ];
      for (const body of texts) {
        const answer = await request({ body });
        assert.notEqual(answer.status, 200, body);
      }
      assert.deepEqual(await rowsOf(client, 'SELECT count() AS n FROM t'), [{ n: 0 }]);
    },
  ),
  databaseCase('semicolons and comments that separate nothing are fine', async ({ request }) => {
    const fine: Record<string, string> = {
      'SELECT 1;': '1\n',
      'SELECT 2 ; -- the end; really': '2\n',
      "SELECT ';'": ';\n',
      '/* a; b */ SELECT 3 -- c': '3\n',
      "SELECT 4 AS `;` -- it's": '4\n',
      'SELECT 5 # trailing; remark': '5\n',
      "SELECT 'it''s; \\';'": "it\\'s; \\';\n",
    };
    for (const [body, expected] of Object.entries(fine)) {
      const answer = await request({ body });
      assert.equal(answer.text, expected, body);
    }
  }),
  databaseCase(
    'files of the server are out of reach of INTO OUTFILE and INFILE',
    async ({ request, client }) => {
      await client.command({ query: 'CREATE TABLE t (a String) ENGINE = MergeTree ORDER BY a' });
      const texts = [
        "SELECT 1 INTO OUTFILE '/tmp/devkit-case-outfile'",
        "SHOW TABLES INTO OUTFILE '/tmp/devkit-case-outfile' FORMAT CSV",
        "INSERT INTO t FROM INFILE '/etc/hostname' FORMAT LineAsString",
      ];
      for (const body of texts) {
        const answer = await request({ body });
        assert.notEqual(answer.status, 200, body);
      }
      assert.deepEqual(await rowsOf(client, 'SELECT count() AS n FROM t'), [{ n: 0 }]);
    },
  ),
  databaseCase('a time limit ends a query: 159', async ({ client }) => {
    await rejectsWith(159, 'TIMEOUT_EXCEEDED', () =>
      rowsOf(client, 'SELECT count() FROM numbers(1000000000000)', { max_execution_time: 1 }),
    );
  }),
  databaseCase(
    'a failure after the first rows does not look like an end',
    async ({ server, request }) => {
      const query = 'SELECT number, throwIf(number = 3000000) AS t FROM numbers(10000000)';
      for (const response of [false, true]) {
        const reader = clientOf(server, { compression: { response } });
        await assert.rejects(async () => {
          const result = await reader.query({
            query,
            format: 'JSONEachRow',
            clickhouse_settings: { max_block_size: '10000', max_threads: 1 },
          });
          for await (const rows of result.stream()) assert.ok(rows.length > 0);
        });
        await reader.close();
      }
      const waited = await request({ parameters: { wait_end_of_query: '1' }, body: query });
      assert.equal(waited.status, 500);
      assert.equal(waited.headers.get('x-clickhouse-exception-code'), '395');
    },
  ),
];
