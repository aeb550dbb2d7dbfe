import type { Probe } from '../probe';
import { a, b, database } from '../tenants';
import { cluster } from '../usersFile';

const logsA = `${database}.otel_logs_${a}`;
const logsB = `${database}.otel_logs_${b}`;

/** A SELECT that shows B's rows to who may read them. */
const read = (mechanism: string, sql: string): Probe => ({
  mechanism,
  sql,
  expect: 'denied',
  control: { shows: 'canary' },
});
/** The same, answered to a tenant, without what is B's. */
const filtered = (mechanism: string, sql: string): Probe => ({
  ...read(mechanism, sql),
  expect: 'nothing',
});
/** One that names B's table and whose plain success would be too much. */
const use = (mechanism: string, sql: string): Probe => ({
  ...read(mechanism, sql),
  control: { shows: 'success' },
});

/** Reading B's rows in a SELECT, wherever a table may stand in one. */
const places: readonly Probe[] = [
  read('select', `SELECT Body FROM ${logsB} LIMIT 1`),
  read('select: FROM first', `FROM ${logsB} SELECT Body LIMIT 1`),
  read('select: count without a column', `SELECT count() FROM ${logsB}`),
  read('select: aggregate', `SELECT max(Body) FROM ${logsB}`),
  read('select: columns by pattern', `SELECT COLUMNS('canary') FROM ${logsB} LIMIT 1`),
  read('select: virtual columns', `SELECT _part, _partition_id FROM ${logsB} LIMIT 1`),
  read('select: block number', `SELECT _part, _block_number FROM ${logsB} LIMIT 1`),
  use('select: _table', `SELECT _table, _database FROM ${logsB} LIMIT 1`),
  use('select: type of a column', `SELECT toTypeName(Body) FROM ${logsB} LIMIT 1`),
  use('select: subcolumn', `SELECT LogAttributes.keys FROM ${logsB} LIMIT 1`),
  use('select: PREWHERE', `SELECT 1 FROM ${logsB} PREWHERE Body != '' LIMIT 1`),
  use('select: WITH TOTALS', `SELECT count() FROM ${logsB} GROUP BY Body WITH TOTALS`),
  read('select: window function', `SELECT any(Body) OVER () FROM ${logsB} LIMIT 1`),
  read('select: LIMIT BY', `SELECT Body FROM ${logsB} LIMIT 1 BY Body`),
  read(
    'select: FINAL',
    `SELECT Value FROM ${database}.otel_logs_kv_rollup_15m_${b} FINAL WHERE Key = 'ServiceName' LIMIT 1`,
  ),
  read(
    'rollup',
    `SELECT Value FROM ${database}.otel_logs_kv_rollup_15m_${b} WHERE Key = 'ServiceName' LIMIT 1`,
  ),
  read(
    'materialized view',
    `SELECT Value FROM ${database}.otel_logs_kv_rollup_15m_mv_${b} WHERE Key = 'ServiceName' LIMIT 1`,
  ),
  read('view', `SELECT s FROM ${database}.view_${b} LIMIT 1`),
  read('table of a dictionary', `SELECT * FROM ${database}.dictionary_${b}`),
  read('table of the engine Join', `SELECT * FROM ${database}.join_${b}`),
  read('scalar subquery', `SELECT (SELECT any(Body) FROM ${logsB})`),
  read(
    'scalar subquery in arrayJoin',
    `SELECT arrayJoin((SELECT groupUniqArray(Body) FROM ${logsB}))`,
  ),
  read('scalar subquery in WITH', `WITH (SELECT any(Body) FROM ${logsB}) AS x SELECT x`),
  read(
    'scalar subquery as a parameter of a function',
    `SELECT replaceOne('x', 'x', (SELECT any(Body) FROM ${logsB}))`,
  ),
  read(
    'scalar subquery in HAVING',
    `SELECT (SELECT any(Body) FROM ${logsB}) AS x FROM ${logsA} GROUP BY x HAVING x != ''`,
  ),
  use('scalar subquery in LIMIT', `SELECT 1 LIMIT (SELECT toUInt64(count() > 0) FROM ${logsB})`),
  use(
    'scalar subquery in ORDER BY',
    `SELECT 1 FROM ${logsA} ORDER BY (SELECT any(Body) FROM ${logsB}) LIMIT 1`,
  ),
  use('EXISTS', `SELECT EXISTS(SELECT 1 FROM ${logsB})`),
  use('IN subquery', `SELECT count() FROM ${logsA} WHERE Body IN (SELECT Body FROM ${logsB})`),
  use('IN table', `SELECT count() FROM ${logsA} WHERE (1, Body) IN ${database}.victim_${b}`),
  use('GLOBAL IN', `SELECT count() FROM ${logsA} WHERE Body GLOBAL IN (SELECT Body FROM ${logsB})`),
  use('comparison with ANY', `SELECT 'x' = ANY(SELECT Body FROM ${logsB})`),
  read('subquery in FROM', `SELECT Body FROM (SELECT Body FROM ${logsB} LIMIT 1)`),
  read('common table expression', `WITH x AS (SELECT Body FROM ${logsB}) SELECT * FROM x LIMIT 1`),
  read(
    'recursive common table expression',
    `WITH RECURSIVE x AS (SELECT Body FROM ${logsB} UNION ALL SELECT Body FROM x WHERE 0) SELECT * FROM x LIMIT 1`,
  ),
  read(
    'UNION ALL',
    `SELECT Body FROM ${logsA} WHERE 0 UNION ALL SELECT Body FROM ${logsB} LIMIT 1`,
  ),
  read('EXCEPT', `(SELECT Body FROM ${logsB} LIMIT 1) EXCEPT SELECT Body FROM ${logsA}`),
  read('INTERSECT', `(SELECT Body FROM ${logsB} LIMIT 1) INTERSECT SELECT Body FROM ${logsB}`),
  read(
    'join',
    `SELECT y.Body FROM ${logsA} AS x RIGHT JOIN ${logsB} AS y ON x.TraceId = y.TraceId LIMIT 1`,
  ),
  read('join: cross', `SELECT y.Body FROM (SELECT 1) AS x CROSS JOIN ${logsB} AS y LIMIT 1`),
  read(
    'join: as of',
    `SELECT y.Body FROM (SELECT '${a}' AS s, toDateTime64('2099-01-01', 9) AS t) AS x ASOF LEFT JOIN (SELECT '${a}' AS s, Timestamp, Body FROM ${logsB}) AS y ON x.s = y.s AND x.t >= y.Timestamp`,
  ),
  read(
    'join: table engine Join',
    `SELECT s FROM (SELECT toUInt64(1) AS id) AS x ANY LEFT JOIN ${database}.join_${b} USING id`,
  ),
  read('ARRAY JOIN', `SELECT k FROM ${logsB} ARRAY JOIN mapKeys(LogAttributes) AS k LIMIT 1`),
  use('QUALIFY', `SELECT 1 FROM ${logsB} QUALIFY row_number() OVER () = 1`),
  use(
    'lambda over a subquery',
    `SELECT arrayMap(x -> x, (SELECT groupArray(TraceFlags) FROM ${logsB}))`,
  ),
];

const functions: readonly Probe[] = [
  read('dictGet', `SELECT dictGet('${database}.dictionary_${b}', 's', toUInt64(1))`),
  read(
    'dictGetOrDefault',
    `SELECT dictGetOrDefault('${database}.dictionary_${b}', 's', toUInt64(1), '')`,
  ),
  read('dictGetOrNull', `SELECT dictGetOrNull('${database}.dictionary_${b}', 's', toUInt64(1))`),
  use('dictHas', `SELECT dictHas('${database}.dictionary_${b}', toUInt64(1))`),
  use('dictGetKeys', `SELECT dictGetKeys('${database}.dictionary_${b}', 's', 'x')`),
  read('joinGet', `SELECT joinGet('${database}.join_${b}', 's', toUInt64(1))`),
  read('joinGetOrNull', `SELECT joinGetOrNull('${database}.join_${b}', 's', toUInt64(1))`),
  use('hasColumnInTable', `SELECT hasColumnInTable('${database}', 'otel_logs_${b}', 'x')`),
  {
    mechanism: 'introspection functions',
    sql: `SELECT demangle('x')`,
    expect: 'denied',
    control: { shows: 'success', parameters: { allow_introspection_functions: '1' } },
  },
];

const tableFunctions: readonly Probe[] = [
  filtered(
    'merge',
    `SELECT Body FROM merge('${database}', '^otel_logs_[0-9a-f]+$') WHERE Body NOT LIKE 'own%' LIMIT 1`,
  ),
  filtered('merge: count', `SELECT count() FROM merge('${database}', '^otel_logs_[0-9a-f]+$')`),
  filtered(
    'merge: _table',
    `SELECT DISTINCT _table FROM merge('${database}', '^otel_logs_[0-9a-f]+$')`,
  ),
  filtered(
    'merge: any database',
    `SELECT DISTINCT _table FROM merge(REGEXP('.*'), '^otel_logs_[0-9a-f]+$')`,
  ),
  filtered('merge: columns', `DESCRIBE merge('${database}', 'canary_tab')`),
  read('remote', `SELECT Body FROM remote('127.0.0.1', ${database}, otel_logs_${b}) LIMIT 1`),
  read(
    'remoteSecure',
    `SELECT Body FROM remoteSecure('127.0.0.1', ${database}, otel_logs_${b}) LIMIT 1`,
  ),
  read(
    'remote: view',
    `SELECT Body FROM remote('127.0.0.1', view(SELECT Body FROM ${logsB})) LIMIT 1`,
  ),
  read('cluster', `SELECT Body FROM cluster('${cluster}', ${database}, otel_logs_${b}) LIMIT 1`),
  read(
    'clusterAllReplicas',
    `SELECT Body FROM clusterAllReplicas('${cluster}', ${database}, otel_logs_${b}) LIMIT 1`,
  ),
  read('cluster: system tables', `SELECT name FROM cluster('${cluster}', system.tables)`),
  read('loop', `SELECT Body FROM loop(${logsB}) LIMIT 1`),
  read('view()', `SELECT * FROM view(SELECT Body FROM ${logsB}) LIMIT 1`),
  filtered(
    'viewIfPermitted',
    `SELECT * FROM viewIfPermitted(SELECT Body FROM ${logsB} ELSE null('Body String')) LIMIT 1`,
  ),
  read('dictionary()', `SELECT * FROM dictionary('${database}.dictionary_${b}')`),
  read('mergeTreeIndex', `SELECT * FROM mergeTreeIndex(${database}, otel_logs_${b}) LIMIT 1`),
  read(
    'mergeTreeTextIndex',
    `SELECT * FROM mergeTreeTextIndex(${database}, otel_logs_${b}, idx_lower_body) LIMIT 3`,
  ),
  read(
    'mergeTreeAnalyzeIndexes',
    `SELECT * FROM mergeTreeAnalyzeIndexes(${database}, otel_logs_${b})`,
  ),
  read('mergeTreeProjection', `SELECT * FROM mergeTreeProjection(${database}, rich_${b}, p)`),
  {
    ...read('table named by a path', 'SELECT * FROM default.`/etc/passwd` LIMIT 1'),
    control: { shows: 'success' },
  },
  {
    ...read('file', `SELECT * FROM file('/etc/passwd', 'LineAsString') LIMIT 1`),
    control: { shows: 'success' },
  },
  {
    ...read('file: columns', `DESCRIBE file('/etc/passwd', 'LineAsString')`),
    control: { shows: 'success' },
  },
];

/** SQL to a listener of ours, by way of each table function that makes connections. */
export const outward = (port: number, url: string): readonly Probe[] => {
  const at = `127.0.0.1:${port}`;
  const connects = (mechanism: string, sql: string, parameters = {}): Probe => ({
    mechanism,
    sql,
    expect: 'denied',
    control: { shows: 'connection', parameters },
  });
  const query = (sql: string) => `${url}/?query=${encodeURIComponent(sql)}`;
  const rows = query(`SELECT Body FROM ${logsB} LIMIT 1`);
  return [
    read('url: the server itself', `SELECT * FROM url('${rows}', 'TSV', 'x String')`),
    read(
      'url: columns',
      `DESCRIBE url('${query(`SELECT * FROM ${logsB} LIMIT 1`)}&default_format=TSVWithNames', 'TSVWithNames')`,
    ),
    connects('url: another server', `SELECT * FROM url('http://${at}/', 'TSV', 'x String')`, {
      http_max_tries: '1',
    }),
    connects('mysql', `SELECT * FROM mysql('${at}', 'd', 't', 'u', 'p')`),
    connects('postgresql', `SELECT * FROM postgresql('${at}', 'd', 't', 'u', 'p')`),
    connects('redis', `SELECT * FROM redis('${at}', 'k', 'k String, v String')`),
    connects('remote: another server', `SELECT * FROM remote('${at}', d, t)`),
    connects('s3', `SELECT * FROM s3('http://${at}/bucket/x', 'k', 's', 'TSV', 'x String')`, {
      s3_retry_attempts: '0',
    }),
  ];
};

const hints: readonly Probe[] = [
  filtered('hint of an error: a table', `SELECT * FROM ${database}.canary_table_of_c_${b}`),
];

export const reads: readonly Probe[] = [...places, ...functions, ...tableFunctions, ...hints];
