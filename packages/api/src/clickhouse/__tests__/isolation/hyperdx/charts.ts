import { a, database } from '../tenants';
import type { Shape } from './shape';
import { logs, at, FROM, during, span, onLogs, onTraces, minutely } from './shape';

export const charts: readonly Shape[] = [
  {
    name: 'histogram of a search',
    sql: `SELECT count(), SeverityText AS g, ${minutely} ${FROM} WHERE ${during} GROUP BY g, \`__hdx_time_bucket\` ORDER BY \`__hdx_time_bucket\` FORMAT JSON`,
    values: onLogs,
    rows: /error/,
  },
  {
    name: 'number',
    sql: `SELECT count() AS n ${FROM} WHERE ${during} FORMAT JSON`,
    values: onLogs,
    rows: /"?1009/,
  },
  {
    name: 'quantiles',
    sql: `SELECT quantile(0.95)(Duration / 1e6) AS p95, avgIf(Duration, StatusCode = 'Error') AS e, ${minutely} ${FROM} WHERE ${during} GROUP BY \`__hdx_time_bucket\` ORDER BY \`__hdx_time_bucket\` LIMIT 1000 FORMAT JSON`,
    values: onTraces,
    rows: /p95/,
  },
  {
    name: 'top of a group',
    sql: `WITH top AS (SELECT ServiceName AS s, count() AS n ${FROM} WHERE ${during} GROUP BY s ORDER BY n DESC LIMIT 10) SELECT s, n FROM top FORMAT JSON`,
    values: onLogs,
    rows: /web/,
  },
  {
    name: 'services',
    sql: `SELECT ServiceName, countIf(StatusCode = 'Error') / count() AS errors, quantile(0.5)(Duration) AS p50 ${FROM} WHERE ${during} AND SpanKind IN ('Server', 'SPAN_KIND_SERVER') GROUP BY ServiceName FORMAT JSON`,
    values: onTraces,
    rows: /api/,
  },
  {
    name: 'service map',
    sql: `WITH server AS (SELECT TraceId, SpanId, ParentSpanId, ServiceName ${FROM} WHERE ${during} AND SpanKind = 'Server'), client AS (SELECT TraceId, SpanId, ServiceName ${FROM} WHERE ${during} AND SpanKind = 'Client') SELECT client.ServiceName AS c, server.ServiceName AS s, count() AS n FROM client LEFT JOIN server ON client.TraceId = server.TraceId GROUP BY c, s FORMAT JSON`,
    values: onTraces,
    settings: { join_algorithm: 'auto' },
    rows: /"n"/,
  },
  {
    name: 'a trace',
    sql: `SELECT Timestamp, SpanId, ParentSpanId, SpanName, Duration / 1e6 AS ms, StatusCode ${FROM} WHERE TraceId = {id:String} AND ${during} ORDER BY Timestamp LIMIT 50000 FORMAT JSON`,
    values: { ...onTraces, id: 'cfcd208495d565ef66e7dff9f98764da' },
    rows: /GET/,
  },
  {
    name: 'spans of a sample',
    sql: `SELECT *, Duration AS d ${FROM} WHERE ${during} AND TraceId IN (SELECT TraceId ${FROM} WHERE ${during} AND StatusCode = 'Error' ORDER BY rand() LIMIT 100) LIMIT 1000 FORMAT JSON`,
    values: onTraces,
    rows: /GET/,
  },
  {
    name: 'event deltas',
    sql: `WITH PartIds AS (SELECT tuple(_part, _part_offset) ${FROM} WHERE ${during} ORDER BY rand() LIMIT 100) SELECT * ${FROM} WHERE ${during} AND indexHint((_part, _part_offset) IN PartIds) LIMIT 100 FORMAT JSON`,
    values: onTraces,
    rows: /GET/,
  },
  {
    name: 'sessions',
    sql: `WITH sessions AS (SELECT ResourceAttributes['rum.sessionId'] AS id, min(Timestamp) AS t, count() AS n ${FROM} WHERE ${during} GROUP BY id HAVING n > 0) SELECT * FROM sessions WHERE id IN (SELECT ResourceAttributes['rum.sessionId'] FROM {db:Identifier}.{replay:Identifier}) ORDER BY t DESC LIMIT 500 FORMAT JSON`,
    values: { ...onTraces, replay: `hyperdx_sessions_${a}` },
    rows: /session-1/,
  },
  {
    name: 'events of a session',
    sql: `SELECT Body AS b, LogAttributes['type'] AS type ${FROM} WHERE ResourceAttributes['rum.sessionId'] = {id:String} ORDER BY Timestamp LIMIT 500 FORMAT JSONEachRow`,
    values: { ...at, table: `hyperdx_sessions_${a}`, id: 'session-1' },
    rows: /init/,
  },
  {
    name: 'gauge',
    sql: `WITH Source AS (SELECT *, cityHash64(mapConcat(ScopeAttributes, ResourceAttributes, Attributes)) AS h ${FROM} WHERE MetricName = 'cpu'), Bucketed AS (SELECT toStartOfInterval(toDateTime(TimeUnix), INTERVAL 1 minute) AS t, h, last_value(Value) AS v FROM Source GROUP BY h, t) SELECT avg(v) AS a, t AS \`__hdx_time_bucket\` FROM Bucketed GROUP BY t ORDER BY t FORMAT JSON`,
    values: { ...at, table: `otel_metrics_gauge_${a}` },
    rows: /"a"/,
  },
  {
    name: 'sum',
    sql: `WITH Source AS (SELECT *, cityHash64(Attributes) AS h, if(AggregationTemporality = 1, sum(Value) OVER (PARTITION BY h ORDER BY h, TimeUnix ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW), deltaSum(Value) OVER (PARTITION BY h ORDER BY h, TimeUnix ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)) AS r ${FROM} WHERE MetricName = 'requests') SELECT max(r) AS v, toStartOfInterval(toDateTime(TimeUnix), INTERVAL 5 minute) AS t FROM Source GROUP BY t ORDER BY t FORMAT JSON`,
    values: { ...at, table: `otel_metrics_sum_${a}` },
    rows: /"v"/,
  },
  {
    name: 'histogram',
    sql: `WITH source AS (SELECT ExplicitBounds, sumForEach(BucketCounts) AS counts, toStartOfInterval(toDateTime(TimeUnix), INTERVAL 2 minute) AS t ${FROM} WHERE MetricName = 'latency' GROUP BY ExplicitBounds, t) SELECT arrayCumSum(counts) AS c, t FROM source ORDER BY t FORMAT JSON`,
    values: { ...at, table: `otel_metrics_histogram_${a}` },
    rows: /"c"/,
  },
  {
    name: 'names of metrics',
    sql: `SELECT groupUniqArray(100)(MetricName) AS names ${FROM} FORMAT JSON`,
    values: { ...at, table: `otel_metrics_gauge_${a}` },
    settings: { max_rows_to_read: '3000000', read_overflow_mode: 'break' },
    rows: /cpu/,
  },
  {
    name: 'estimate of a chart',
    sql: `EXPLAIN ESTIMATE SELECT count() ${FROM} WHERE ${during} AND ServiceName = 'api' FORMAT JSON`,
    values: onLogs,
  },
  {
    name: 'raw SQL with macros filled in',
    sql: `SELECT toStartOfInterval(Timestamp, INTERVAL 60 second) AS ts, ServiceName, count() AS n FROM ${database}.${logs} WHERE Timestamp >= fromUnixTimestamp64Milli({from:Int64}) GROUP BY ts, ServiceName ORDER BY ts ASC FORMAT JSON`,
    values: span,
    rows: /web/,
  },
  {
    name: 'raw SQL with settings of a source',
    sql: `SELECT count() AS n FROM ${database}.${logs} SETTINGS max_execution_time = 30, use_skip_indexes_for_top_k = 0 FORMAT JSON`,
    rows: /"?1009/,
  },
  {
    name: 'raw SQL of sparse series',
    sql: `SELECT ${minutely}, count() AS n ${FROM} WHERE ${during} GROUP BY \`__hdx_time_bucket\` ORDER BY \`__hdx_time_bucket\` WITH FILL STEP toIntervalMinute(1) FORMAT JSON`,
    values: onLogs,
    rows: /"n"/,
  },
  {
    name: 'union of series',
    sql: `SELECT 'a' AS s, count() AS n ${FROM} WHERE SeverityText = 'error' UNION ALL SELECT 'b' AS s, count() AS n ${FROM} WHERE SeverityText = 'info' FORMAT JSON`,
    values: at,
    rows: /"n"/,
  },
];
