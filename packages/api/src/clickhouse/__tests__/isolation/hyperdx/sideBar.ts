import { a } from '../tenants';
import type { Shape } from './shape';
import { at, FROM, during, onLogs } from './shape';

export const sideBar: readonly Shape[] = [
  ...(['idx_res_attr_key', 'idx_log_attr_items', 'idx_lower_body'] as const).map(
    (index): Shape => ({
      name: `mergeTreeTextIndex of ${index}`,
      sql: `SELECT token, sum(cardinality) AS n FROM mergeTreeTextIndex({db:String}, {table:String}, {index:String})
        WHERE part_name IN (SELECT name FROM system.parts WHERE database = {db:String} AND table = {table:String} AND active)
        GROUP BY token ORDER BY n DESC LIMIT 20 FORMAT JSON`,
      values: { ...at, index },
      rows: /"n"/,
    }),
  ),
  {
    name: 'values from the rollup',
    sql: `SELECT ColumnIdentifier, Key, groupUniqArray(20)(Value) AS values ${FROM} WHERE Timestamp >= fromUnixTimestamp64Milli({from:Int64}) AND ColumnIdentifier = 'NativeColumn' GROUP BY ColumnIdentifier, Key FORMAT JSON`,
    values: { ...onLogs, table: `otel_logs_kv_rollup_15m_${a}` },
    rows: /ServiceName/,
  },
  {
    name: 'counts from the rollup',
    sql: `SELECT Value, sum(count) AS n ${FROM} WHERE Key = {key:String} GROUP BY Value ORDER BY n DESC LIMIT 10 FORMAT JSON`,
    values: { ...at, table: `otel_traces_kv_rollup_15m_${a}`, key: 'SpanName' },
    rows: /GET/,
  },
  {
    name: 'keys of the rollup',
    sql: `SELECT DISTINCT Key ${FROM} LIMIT 100 FORMAT JSON`,
    values: { ...at, table: `otel_logs_kv_rollup_15m_${a}` },
    rows: /ServiceName/,
  },
  {
    name: 'sampled keys',
    sql: `WITH sampledKeys AS (SELECT getSubcolumn(LogAttributes, 'keys') AS keysArr ${FROM} LIMIT {n:Int32}) SELECT DISTINCT arrayJoin(keysArr) AS k FROM sampledKeys LIMIT {n:Int32} FORMAT JSON`,
    values: { ...at, n: '1000' },
    settings: { max_rows_to_read: '3000000', read_overflow_mode: 'break' },
    rows: /user/,
  },
  {
    name: 'map keys',
    sql: `SELECT groupUniqArrayArray(20)(mapKeys(ResourceAttributes)) AS keys ${FROM} FORMAT JSON`,
    values: at,
    settings: { max_rows_to_read: '3000000', read_overflow_mode: 'break' },
    rows: /k8s/,
  },
  {
    name: 'all values, without a limit of rows',
    sql: `SELECT groupUniqArray(10000)(ServiceName) AS p0, groupUniqArray(10000)(SeverityText) AS p1 ${FROM} WHERE ${during} FORMAT JSON`,
    values: onLogs,
    settings: { max_rows_to_read: '0' },
    rows: /api/,
  },
  {
    name: 'values of a sample',
    sql: `WITH tableStats AS (SELECT count() AS total, greatest(CAST(total / {n:UInt32} AS UInt32), 1) AS f ${FROM} WHERE ${during}) SELECT groupUniqArray(20)(ServiceName) AS p0 FROM (SELECT ServiceName ${FROM} WHERE ${during} AND cityHash64(Timestamp, rand()) % (SELECT f FROM tableStats) = 0) FORMAT JSON`,
    values: { ...onLogs, n: '100' },
    settings: { max_execution_time: '15', timeout_overflow_mode: 'break' },
    rows: /api/,
  },
];
