import { a, database } from '../tenants';
import type { Shape } from './shape';
import { logs, traces, at } from './shape';

export const metadata: readonly Shape[] = [
  { name: 'settings', sql: 'SELECT name, value FROM system.settings FORMAT JSON' },
  {
    name: 'one setting',
    sql: 'SELECT name, value FROM system.settings WHERE name = {n:String} FORMAT JSON',
    values: { n: 'enable_full_text_index' },
    rows: /enable_full_text_index/,
  },
  { name: 'version', sql: 'SELECT version() FORMAT JSON' },
  {
    name: 'an engine',
    sql: `SELECT count() > 0 FROM system.table_engines WHERE name = 'SharedMergeTree' FORMAT JSON`,
  },
  {
    name: 'rows of all sources',
    sql: `SELECT sum(total_rows) AS n FROM system.tables WHERE (table = '${logs}' AND database = '${database}') OR (table = '${traces}' AND database = '${database}') FORMAT JSON`,
    rows: /1309/,
  },
  ...[
    logs,
    traces,
    `hyperdx_sessions_${a}`,
    `otel_metrics_gauge_${a}`,
    `otel_logs_kv_rollup_15m_${a}`,
  ].map((table): Shape => ({
    name: `DESCRIBE ${table}`,
    sql: 'DESCRIBE {db:Identifier}.{table:Identifier} FORMAT JSON',
    values: { db: database, table },
    rows: /ServiceName|Key/,
  })),
  ...['tables', 'columns', 'parts', 'settings', 'data_skipping_indices'].map((table): Shape => ({
    name: `DESCRIBE system.${table}`,
    sql: 'DESCRIBE {db:Identifier}.{table:Identifier} FORMAT JSON',
    values: { db: 'system', table },
    rows: /name/,
  })),
  {
    name: 'metadata of a table',
    sql: 'SELECT * FROM system.tables WHERE database = {db:String} AND name = {table:String} LIMIT 1 FORMAT JSON',
    values: at,
    rows: /create_table_query/,
  },
  {
    name: 'metadata of a system table',
    sql: 'SELECT * FROM system.tables WHERE database = {db:String} AND name = {table:String} LIMIT 1 FORMAT JSON',
    values: { db: 'system', table: 'tables' },
    rows: /SystemTables/,
  },
  {
    name: 'tables of a database',
    sql: 'SELECT * FROM system.tables WHERE database = {db:String} FORMAT JSON',
    values: { db: database },
    rows: /otel_traces/,
  },
  {
    name: 'views into a table',
    sql: `SELECT database, name, create_table_query FROM system.tables WHERE engine = 'MaterializedView' AND create_table_query LIKE {like:String} FORMAT JSON`,
    values: { like: `%TO ${database}.otel_logs_kv_rollup_15m_${a}%` },
    rows: /rollup_15m_mv/,
  },
  {
    name: 'tables by name',
    sql: `SELECT database, name FROM system.tables WHERE database != 'system' AND name IN ('${logs}', '${traces}') FORMAT JSON`,
    rows: /otel_logs/,
  },
  {
    name: 'columns',
    sql: 'SELECT name, type FROM system.columns WHERE database = {db:String} AND table = {table:String} FORMAT JSON',
    values: at,
    rows: /Body/,
  },
  {
    name: 'skip indexes',
    sql: 'SELECT name, type, type_full, expr, granularity FROM system.data_skipping_indices WHERE database = {db:String} AND table = {table:String} FORMAT JSON',
    values: at,
    rows: /idx_lower_body/,
  },
  { name: 'SHOW DATABASES', sql: 'SHOW DATABASES FORMAT JSON', rows: /otel/ },
  {
    name: 'SHOW TABLES',
    sql: 'SHOW TABLES FROM {db:Identifier} FORMAT JSON',
    values: { db: database },
    rows: /otel_logs/,
  },
  {
    name: 'parts',
    sql: 'SELECT partition, name, rows, bytes_on_disk FROM system.parts WHERE active AND database = {db:String} FORMAT JSON',
    values: { db: database },
    rows: /20980506/,
  },
  { name: 'connection test', sql: 'SELECT 1 FORMAT JSON' },
];
