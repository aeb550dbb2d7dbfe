import type { Control, Probe } from '../probe';
import { a, b, database, freshVictim } from '../tenants';
import { cluster } from '../usersFile';

const logsA = `${database}.otel_logs_${a}`;
const logsB = `${database}.otel_logs_${b}`;
const victim = `${database}.victim_${b}`;
const mine = `${database}.mine_${a}`;

const change = (mechanism: string, sql: string, control: Partial<Control> = {}): Probe => ({
  mechanism,
  sql,
  expect: 'denied',
  control: { shows: 'success', ...control },
});
const onVictim = (mechanism: string, sql: string, after: readonly string[] = []): Probe =>
  change(mechanism, sql, { before: [...freshVictim, ...after] });
const make = (mechanism: string, sql: string): Probe =>
  change(mechanism, sql, { before: [`DROP TABLE IF EXISTS ${mine} SYNC`] });

const inserts: readonly Probe[] = [
  onVictim('INSERT', `INSERT INTO ${victim} VALUES (5, 'x')`),
  onVictim('INSERT SELECT', `INSERT INTO ${victim} SELECT 5, 'x'`),
  onVictim(
    'INSERT into FUNCTION remote',
    `INSERT INTO FUNCTION remote('127.0.0.1', ${database}, victim_${b}) VALUES (6, 'x')`,
  ),
  onVictim(
    'INSERT asynchronously',
    `INSERT INTO ${victim} SETTINGS async_insert = 1 VALUES (5, 'x')`,
  ),
  change('INSERT from B', `INSERT INTO ${logsA} (Body) SELECT Body FROM ${logsB} LIMIT 1`),
  change(
    'INSERT from a scalar subquery',
    `INSERT INTO ${logsA} (Body) SELECT (SELECT any(Body) FROM ${logsB})`,
  ),
  change(
    'INSERT of values that are subqueries',
    `INSERT INTO ${logsA} (Body) VALUES ((SELECT any(Body) FROM ${logsB}))`,
  ),
  change(
    'INSERT from a dictionary',
    `INSERT INTO ${logsA} (Body) SELECT dictGet('${database}.dictionary_${b}', 's', toUInt64(1))`,
  ),
  change(
    'INSERT into FUNCTION file',
    `INSERT INTO FUNCTION file('/dev/null', 'TSV', 'x String') SELECT 'x'`,
    {
      parameters: { engine_file_truncate_on_insert: '1' },
    },
  ),
  change('INSERT into FUNCTION null', `INSERT INTO FUNCTION null('x String') VALUES ('x')`),
  change(
    'INSERT into the rollup',
    `INSERT INTO ${database}.otel_logs_kv_rollup_15m_${a} (Key) VALUES ('x')`,
  ),
  { ...change('INSERT as a reader', `INSERT INTO ${logsA} (Body) VALUES ('x')`), as: 'reader' },
  {
    ...change('SELECT of own rows as a writer', `SELECT Body FROM ${logsA} LIMIT 1`),
    as: 'writer',
  },
  {
    ...change(
      'INSERT SELECT of own rows as a writer',
      `INSERT INTO ${logsA} (Body) SELECT Body FROM ${logsA} LIMIT 1`,
    ),
    as: 'writer',
  },
  {
    mechanism: 'system.tables as a writer: rollups and views',
    sql: `SELECT name FROM system.tables WHERE name LIKE '%rollup%'`,
    expect: 'nothing',
    as: 'writer',
    control: { shows: 'canary' },
  },
];

const alters: readonly Probe[] = [
  onVictim('ALTER ADD COLUMN', `ALTER TABLE ${victim} ADD COLUMN z String`),
  onVictim('ALTER DROP COLUMN', `ALTER TABLE ${victim} DROP COLUMN s`),
  onVictim('ALTER MODIFY COLUMN', `ALTER TABLE ${victim} MODIFY COLUMN s LowCardinality(String)`),
  onVictim('ALTER RENAME COLUMN', `ALTER TABLE ${victim} RENAME COLUMN s TO t`),
  onVictim('ALTER COMMENT COLUMN', `ALTER TABLE ${victim} COMMENT COLUMN s 'x'`),
  onVictim('ALTER CLEAR COLUMN', `ALTER TABLE ${victim} CLEAR COLUMN s IN PARTITION 1`),
  onVictim('ALTER UPDATE', `ALTER TABLE ${victim} UPDATE s = 'z' WHERE 1`),
  onVictim('ALTER DELETE', `ALTER TABLE ${victim} DELETE WHERE 0`),
  onVictim('DELETE', `DELETE FROM ${victim} WHERE 0`),
  onVictim('UPDATE', `UPDATE ${victim} SET s = 'q' WHERE 0`),
  onVictim('ALTER MODIFY COMMENT', `ALTER TABLE ${victim} MODIFY COMMENT 'x'`),
  onVictim(
    'ALTER MODIFY SETTING',
    `ALTER TABLE ${victim} MODIFY SETTING merge_with_ttl_timeout = 1`,
  ),
  onVictim(
    'ALTER MODIFY ORDER BY',
    `ALTER TABLE ${victim} ADD COLUMN z String, MODIFY ORDER BY (id, z)`,
  ),
  onVictim('ALTER FREEZE', `ALTER TABLE ${victim} FREEZE`),
  onVictim('ALTER ADD INDEX', `ALTER TABLE ${victim} ADD INDEX i s TYPE minmax`),
  onVictim('ALTER ADD PROJECTION', `ALTER TABLE ${victim} ADD PROJECTION p (SELECT s ORDER BY s)`),
  onVictim('ALTER ADD CONSTRAINT', `ALTER TABLE ${victim} ADD CONSTRAINT c CHECK s != 'x'`),
  onVictim('ALTER DETACH PARTITION', `ALTER TABLE ${victim} DETACH PARTITION 1`),
  onVictim('ALTER DROP PARTITION', `ALTER TABLE ${victim} DROP PARTITION 1`),
  onVictim('ALTER ATTACH PARTITION', `ALTER TABLE ${victim} ATTACH PARTITION 1`),
  change(
    'ALTER ATTACH PARTITION FROM',
    `ALTER TABLE ${database}.otel_traces_${a} ATTACH PARTITION '2097-11-13' FROM ${database}.otel_traces_${b}`,
  ),
  change(
    'ALTER REPLACE PARTITION FROM',
    `ALTER TABLE ${database}.otel_traces_${a} REPLACE PARTITION '2097-11-13' FROM ${database}.otel_traces_${b}`,
  ),
  change(
    'ALTER MOVE PARTITION TO TABLE',
    `ALTER TABLE ${database}.otel_traces_${a} MOVE PARTITION '2098-05-06' TO TABLE ${database}.otel_traces_${b}`,
  ),
  change(
    'ALTER MODIFY TTL of an own table',
    `ALTER TABLE ${database}.hyperdx_sessions_${a} MODIFY TTL toDateTime(Timestamp) + INTERVAL 99 YEAR`,
  ),
  change(
    'ALTER MODIFY QUERY',
    `ALTER TABLE ${database}.otel_traces_kv_rollup_15m_mv_${a} MODIFY QUERY SELECT toDateTime(Timestamp) AS Timestamp, 'x' AS ColumnIdentifier, 'x' AS Key, '' AS Value, toUInt64(1) AS count FROM ${database}.otel_traces_${a}`,
  ),
  onVictim('OPTIMIZE', `OPTIMIZE TABLE ${victim} FINAL`),
  onVictim('CHECK TABLE', `CHECK TABLE ${victim}`),
  onVictim('TRUNCATE', `TRUNCATE TABLE ${victim}`),
  onVictim('RENAME', `RENAME TABLE ${victim} TO ${database}.renamed_${a}`),
  onVictim('EXCHANGE', `EXCHANGE TABLES ${victim} AND ${database}.hyperdx_sessions_${a}`),
  onVictim('DROP', `DROP TABLE ${victim}`),
  onVictim('UNDROP', `UNDROP TABLE ${victim}`, [`DROP TABLE ${victim}`]),
  onVictim('DETACH', `DETACH TABLE ${victim}`),
  change('ATTACH', `ATTACH TABLE ${victim}`),
  change('DROP of an own table', `DROP TABLE ${database}.otel_metrics_summary_${a}`),
  change('DROP VIEW', `DROP VIEW ${database}.view_${b}`),
  change('DROP DATABASE', 'DROP DATABASE other'),
];

const creates: readonly Probe[] = [
  make('CREATE TABLE AS', `CREATE TABLE ${mine} AS ${logsB}`),
  make('CREATE TABLE CLONE AS', `CREATE TABLE ${mine} CLONE AS ${logsB}`),
  make('CREATE TABLE AS SELECT', `CREATE TABLE ${mine} ENGINE = Memory AS SELECT * FROM ${logsB}`),
  make(
    'CREATE TABLE of the engine Merge',
    `CREATE TABLE ${mine} (Body String) ENGINE = Merge('${database}', '^otel_logs_')`,
  ),
  make(
    'CREATE TABLE of the engine Buffer',
    `CREATE TABLE ${mine} (id UInt64) ENGINE = Buffer('${database}', 'source_${b}', 1, 1, 1, 1, 1, 1, 1)`,
  ),
  make(
    'CREATE TABLE of the engine Distributed',
    `CREATE TABLE ${mine} (Body String) ENGINE = Distributed('${cluster}', '${database}', 'otel_logs_${b}')`,
  ),
  make(
    'CREATE TABLE of the engine URL',
    `CREATE TABLE ${mine} (x String) ENGINE = URL('http://127.0.0.1:1/', 'TSV')`,
  ),
  make('CREATE TABLE of the engine File', `CREATE TABLE ${mine} (x String) ENGINE = File('TSV')`),
  make(
    'CREATE TABLE as a table function',
    `CREATE TABLE ${mine} AS merge('${database}', '^otel_logs_')`,
  ),
  make('CREATE VIEW', `CREATE VIEW ${mine} AS SELECT Body FROM ${logsB}`),
  make(
    'CREATE VIEW with the definer',
    `CREATE VIEW ${mine} DEFINER = hdx_views SQL SECURITY DEFINER AS SELECT Body FROM ${logsB}`,
  ),
  make(
    'CREATE VIEW without a definer',
    `CREATE VIEW ${mine} SQL SECURITY NONE AS SELECT Body FROM ${logsB}`,
  ),
  make(
    'CREATE MATERIALIZED VIEW',
    `CREATE MATERIALIZED VIEW ${mine} ENGINE = Memory AS SELECT Body FROM ${logsB}`,
  ),
  make(
    'CREATE MATERIALIZED VIEW into an own table',
    `CREATE MATERIALIZED VIEW ${mine} TO ${logsA} AS SELECT Body FROM ${logsB}`,
  ),
  change('CREATE TEMPORARY TABLE', 'CREATE TEMPORARY TABLE mine (x String)'),
  change(
    'CREATE DICTIONARY',
    `CREATE DICTIONARY ${database}.mine_dictionary (id UInt64, s String) PRIMARY KEY id SOURCE(CLICKHOUSE(DB '${database}' TABLE 'source_${b}')) LAYOUT(FLAT()) LIFETIME(0)`,
  ),
  change('CREATE DATABASE', 'CREATE DATABASE mine'),
  change('CREATE FUNCTION', 'CREATE FUNCTION mine AS x -> x'),
  change('DROP FUNCTION', 'DROP FUNCTION shared_function', {
    before: ['CREATE FUNCTION shared_function AS x -> x'],
  }),
  change('CREATE NAMED COLLECTION', `CREATE NAMED COLLECTION mine AS url = 'x'`),
  change(
    'ALTER of the security of a view',
    `ALTER TABLE ${database}.refreshed_${b} MODIFY SQL SECURITY NONE`,
  ),
];

const system: readonly Probe[] = [
  change('SYSTEM FLUSH LOGS', 'SYSTEM FLUSH LOGS'),
  change('SYSTEM STOP MERGES of a table', `SYSTEM STOP MERGES ${database}.source_${b}`),
  change('SYSTEM DROP QUERY CACHE', 'SYSTEM DROP QUERY CACHE'),
  change('SYSTEM DROP MARK CACHE', 'SYSTEM DROP MARK CACHE'),
  change('SYSTEM RELOAD DICTIONARY', `SYSTEM RELOAD DICTIONARY ${database}.dictionary_${b}`),
  change('SYSTEM RELOAD DICTIONARIES', 'SYSTEM RELOAD DICTIONARIES'),
  change('SYSTEM STOP VIEW', `SYSTEM STOP VIEW ${database}.refreshed_${b}`),
  change('SYSTEM SYNC FILE CACHE', 'SYSTEM SYNC FILE CACHE'),
  change('BACKUP', `BACKUP TABLE ${database}.source_${b} TO Null`),
  change('BACKUP of the database', `BACKUP DATABASE ${database} TO Null`),
];

export const changes: readonly Probe[] = [...inserts, ...alters, ...creates, ...system];
