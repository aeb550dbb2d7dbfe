import assert from 'node:assert/strict';
import { databaseCase, type ClickHouseCase } from './support';

const sample = "SELECT number AS n, concat('v', toString(number)) AS s FROM numbers(2)";

const meta = [
  { name: 'n', type: 'UInt64' },
  { name: 's', type: 'String' },
];

/** What `sample` looks like in the text formats. */
const texts: Record<string, string> = {
  TabSeparated: '0\tv0\n1\tv1\n',
  TabSeparatedWithNamesAndTypes: 'n\ts\nUInt64\tString\n0\tv0\n1\tv1\n',
  CSV: '0,"v0"\n1,"v1"\n',
  CSVWithNames: '"n","s"\n0,"v0"\n1,"v1"\n',
  JSONCompactEachRow: '[0, "v0"]\n[1, "v1"]\n',
  Values: "(0,'v0'),(1,'v1')",
};

export const answerCases: readonly ClickHouseCase[] = [
  databaseCase('JSON and JSONCompact carry names, types and rows', async ({ client }) => {
    const json = await (await client.query({ query: sample, format: 'JSON' })).json();
    assert.deepEqual(json.meta, meta);
    assert.equal(json.rows, 2);
    assert.deepEqual(json.data, [
      { n: 0, s: 'v0' },
      { n: 1, s: 'v1' },
    ]);
    const compact = await (await client.query({ query: sample, format: 'JSONCompact' })).json();
    assert.deepEqual(compact.data, [
      [0, 'v0'],
      [1, 'v1'],
    ]);
  }),
  databaseCase('text formats have their exact bytes', async ({ request }) => {
    for (const [format, expected] of Object.entries(texts)) {
      const answer = await request({ body: `${sample} FORMAT ${format}` });
      assert.equal(answer.text, expected, format);
    }
  }),
  databaseCase(
    'a format with a head has one, for no rows and for many blocks',
    async ({ request }) => {
      const none = await request({ body: 'SELECT 1 AS a WHERE 0 FORMAT CSVWithNames' });
      assert.equal(none.text, '"a"\n');
      const many = await request({
        parameters: { max_block_size: '100' },
        body: 'SELECT number AS a FROM numbers(1000) FORMAT JSONCompactEachRowWithNamesAndTypes',
      });
      const lines = many.text.trim().split('\n');
      assert.equal(lines.length, 1_002);
      assert.deepEqual(lines.slice(0, 3), ['["a"]', '["UInt64"]', '[0]']);
    },
  ),
  databaseCase('64-bit numbers are quoted when the setting says so', async ({ request }) => {
    const body = 'SELECT toUInt64(18446744073709551615) AS n FORMAT JSONEachRow';
    const quote = 'output_format_json_quote_64bit_integers';
    const quoted = await request({ parameters: { [quote]: '1' }, body });
    assert.equal(quoted.text, '{"n":"18446744073709551615"}\n');
    const plain = await request({ parameters: { [quote]: '0' }, body });
    assert.equal(plain.text, '{"n":18446744073709551615}\n');
  }),
  databaseCase('binary formats arrive byte for byte', async ({ request }) => {
    const row = await request({ body: "SELECT toUInt16(513), 'ab' FORMAT RowBinary" });
    assert.deepEqual([...row.body], [1, 2, 2, 0x61, 0x62]);
    const parquet = await request({ body: `${sample} FORMAT Parquet` });
    assert.equal(parquet.body.toString('latin1', 0, 4), 'PAR1');
    assert.equal(parquet.body.subarray(-4).toString('latin1'), 'PAR1');
  }),
  databaseCase('what HyperDX sends with its queries is accepted', async ({ request }) => {
    const answer = await request({
      parameters: {
        allow_experimental_analyzer: '1',
        date_time_output_format: 'iso',
        wait_end_of_query: '0',
        cancel_http_readonly_queries_on_client_close: '1',
        output_format_json_quote_64bit_integers: '1',
        enable_full_text_index: '1',
        max_execution_time: '60',
      },
      body: "SELECT toDateTime64('2026-01-02 03:04:05.678', 3, 'UTC') AS t FORMAT JSON",
    });
    assert.equal(answer.status, 200, answer.text);
    assert.match(answer.text, /"t": "2026-01-02T03:04:05\.678Z"/);
  }),
  databaseCase('200,000 rows are streamed', async ({ client }) => {
    const result = await client.query({
      query: "SELECT number AS n, repeat('x', 50) AS s FROM numbers(200000)",
      format: 'JSONEachRow',
    });
    let count = 0;
    let sum = 0;
    for await (const rows of result.stream<{ n: number; s: string }>()) {
      for (const row of rows) {
        count += 1;
        sum += row.json().n;
      }
    }
    assert.deepEqual([count, sum], [200_000, 19_999_900_000]);
  }),
  databaseCase('wait_end_of_query gives the same answer', async ({ request }) => {
    const body = 'SELECT number FROM numbers(100000)';
    const waited = await request({ parameters: { wait_end_of_query: '1' }, body });
    const streamed = await request({ body });
    assert.equal(waited.text, streamed.text);
    assert.ok(waited.headers.get('x-clickhouse-summary'));
  }),
];
