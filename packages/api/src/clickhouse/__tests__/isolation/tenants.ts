import { parseTenantId } from '@hyperdx-tenancy/domain/ids';
import type { TenantId } from '@hyperdx-tenancy/domain/ids';
import { viewsDefiner } from '@hyperdx-tenancy/domain/access';
import { defaultRetention, renderTenantTables } from '@hyperdx-tenancy/domain/tables';

export const database = 'otel';

/** The tenant whose reader and writer are tried. */
export const a = parseTenantId('65f0c0ffee0000000000aaaa');
/** The tenant of whom nothing may come back. */
export const b = parseTenantId('65f0c0ffee0000000000bbbb');
/** A tenant that never was: what is told of its tables must not differ from what is told of B's. */
export const nobody = parseTenantId('65f0c0ffee0000000000cccc');

/** Rows of A's logs, and of B's: numbers that nothing else has. */
export const rowsOfA = 1_009;
export const rowsOfB = 7_919;

/**
 * What gives B away. No probe spells any of them but `id`, which everybody may guess; `id` counts where the probe has
 * not put it there itself.
 */
export const canaries = {
  body: 'canary-body-of-b',
  service: 'canary-service-of-b',
  attribute: 'canary.attribute.of.b',
  column: 'canary_column_of_b',
  columnComment: 'canary-column-comment-of-b',
  tableComment: 'canary-table-comment-of-b',
  table: 'canary_table_of_b',
  codeInView: 'canary-view-of-b',
  /** B's partition and so the names of its parts. */
  day: '20971113',
  id: b,
} as const;

const counts = [String(rowsOfB), String(rowsOfA + rowsOfB)];

const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

/** Every canary in `text`, but for those that `asked` spells itself. */
export function canariesIn(text: string, asked = ''): string[] {
  const words = Object.values(canaries).filter((canary) => text.includes(canary));
  // A number by itself: not a piece of an identifier, a hash or a fraction.
  const plain = text.replace(UUID, '');
  const numbers = counts.filter((count) => new RegExp(`(?<![\\w.])${count}(?![\\w.])`).test(plain));
  return [...words, ...numbers].filter((canary) => !asked.includes(canary));
}

const tablesOf = (tenantId: TenantId): string[] =>
  renderTenantTables({
    tenantId,
    database,
    clickhouseVersion: { major: 26, minor: 7 },
    engine: 'MergeTree',
    partitioning: 'day',
    retention: defaultRetention,
    definer: viewsDefiner,
  }).map(({ sql }) => sql);

const logs = (tenantId: TenantId) => `${database}.otel_logs_${tenantId}`;
const traces = (tenantId: TenantId) => `${database}.otel_traces_${tenantId}`;

/** The table of B that probes try to change; made anew before each control, which does change it. */
export const freshVictim: readonly string[] = [
  `DROP TABLE IF EXISTS ${database}.victim_${b} SYNC`,
  `CREATE TABLE ${database}.victim_${b} (id UInt64, s String) ENGINE = MergeTree ORDER BY id PARTITION BY id
     SETTINGS enable_block_number_column = 1, enable_block_offset_column = 1 COMMENT '${canaries.tableComment}'`,
  `INSERT INTO ${database}.victim_${b} VALUES (1, '${canaries.body}')`,
];

/** What there is beside the tables that both tenants have: rows in them, and objects of B's alone. */
export const planted: readonly string[] = [
  'CREATE DATABASE other',
  `ALTER TABLE ${logs(b)} ADD COLUMN ${canaries.column} String DEFAULT '${canaries.body}' COMMENT '${canaries.columnComment}'`,
  `INSERT INTO ${logs(a)} (Timestamp, TraceId, SpanId, SeverityText, SeverityNumber, ServiceName, Body, ResourceAttributes, LogAttributes)
   SELECT toDateTime64('2098-05-06 07:00:00', 9) + number, lower(hex(MD5(toString(number % 50)))), substring(lower(hex(MD5(toString(number)))), 1, 16),
     if(number % 7 = 0, 'error', 'info'), if(number % 7 = 0, 17, 9), if(number % 3 = 0, 'api', 'web'), concat('own body Number ', toString(number)),
     map('k8s.pod.name', 'pod-1', 'service.name', 'api'), map('user', toString(number % 5), 'path', '/own') FROM numbers(${rowsOfA})`,
  `INSERT INTO ${logs(b)} (Timestamp, TraceId, ServiceName, Body, ResourceAttributes, LogAttributes, ${canaries.column})
   SELECT toDateTime64('2097-11-13 07:00:00', 9) + number, '${canaries.body}', '${canaries.service}', '${canaries.body}',
     map('k8s.pod.name', '${canaries.service}'), map('${canaries.attribute}', '${canaries.body}'), '${canaries.body}' FROM numbers(${rowsOfB})`,
  `INSERT INTO ${traces(a)} (Timestamp, TraceId, SpanId, ParentSpanId, SpanName, SpanKind, ServiceName, ResourceAttributes, SpanAttributes, Duration, StatusCode)
   SELECT toDateTime64('2098-05-06 07:00:00', 9) + number, lower(hex(MD5(toString(number % 50)))), substring(lower(hex(MD5(toString(number)))), 1, 16),
     if(number % 2 = 0, '', substring(lower(hex(MD5(toString(number - 1)))), 1, 16)), 'GET /own', if(number % 2 = 0, 'Server', 'Client'), 'api',
     map('rum.sessionId', 'session-1'), map('http.status_code', '200', 'db.statement', 'SELECT 1'), number * 1000000, if(number % 7 = 0, 'Error', 'Ok') FROM numbers(300)`,
  `INSERT INTO ${traces(b)} (Timestamp, TraceId, SpanName, ServiceName) SELECT toDateTime64('2097-11-13 07:00:00', 9), '${canaries.body}', '${canaries.body}', '${canaries.service}'`,
  `INSERT INTO ${database}.otel_metrics_gauge_${a} (ServiceName, MetricName, Attributes, TimeUnix, Value)
   SELECT 'api', 'cpu', map('host', toString(number % 3)), toDateTime('2098-05-06 07:00:00') + number, number FROM numbers(100)`,
  `INSERT INTO ${database}.otel_metrics_sum_${a} (ServiceName, MetricName, Attributes, StartTimeUnix, TimeUnix, Value, AggregationTemporality, IsMonotonic)
   SELECT 'api', 'requests', map('host', toString(number % 3)), toDateTime('2098-05-06 07:00:00'), toDateTime('2098-05-06 07:00:00') + number, number, 2, true FROM numbers(100)`,
  `INSERT INTO ${database}.otel_metrics_histogram_${a} (ServiceName, MetricName, Attributes, StartTimeUnix, TimeUnix, Count, Sum, BucketCounts, ExplicitBounds, AggregationTemporality)
   SELECT 'api', 'latency', map('host', '1'), toDateTime('2098-05-06 07:00:00'), toDateTime('2098-05-06 07:00:00') + number, number, number, [number, number], [10], 2 FROM numbers(100)`,
  `INSERT INTO ${database}.hyperdx_sessions_${a} (Timestamp, ServiceName, Body, LogAttributes, ResourceAttributes)
   SELECT toDateTime64('2098-05-06 07:00:00', 9) + number, 'browser', '{"type":3}', map('type', 'init', 'component', 'visibility'), map('rum.sessionId', 'session-1') FROM numbers(10)`,
  // Objects of B beyond the templates, as a site adds them: a plain table, a view, a dictionary, a Join, a Set.
  `CREATE TABLE ${database}.${canaries.table}_${b} (id UInt64, ${canaries.column} String) ENGINE = MergeTree ORDER BY id PARTITION BY id COMMENT '${canaries.tableComment}'`,
  `INSERT INTO ${database}.${canaries.table}_${b} VALUES (1, '${canaries.body}')`,
  `CREATE TABLE ${database}.source_${b} (id UInt64, s String) ENGINE = MergeTree ORDER BY id`,
  `INSERT INTO ${database}.source_${b} VALUES (1, '${canaries.body}')`,
  `CREATE TABLE ${database}.rich_${b} (id UInt64, s String, INDEX ${canaries.column} s TYPE minmax, CONSTRAINT c CHECK s != '${canaries.codeInView}',
     PROJECTION p (SELECT s, '${canaries.codeInView}' ORDER BY s)) ENGINE = MergeTree ORDER BY id PARTITION BY id % 2`,
  `INSERT INTO ${database}.rich_${b} VALUES (1, '${canaries.body}'), (2, '${canaries.body}')`,
  `ALTER TABLE ${database}.rich_${b} DETACH PARTITION 0`,
  `ALTER TABLE ${database}.rich_${b} UPDATE s = '${canaries.body}' WHERE s = 'none' SETTINGS mutations_sync = 2`,
  `CREATE TABLE ${database}.dropped_${b} (id UInt64) ENGINE = MergeTree ORDER BY id`,
  `INSERT INTO ${database}.dropped_${b} VALUES (1)`,
  ...freshVictim,
  `CREATE VIEW ${database}.view_${b} AS SELECT '${canaries.codeInView}' AS s, Body FROM ${logs(b)}`,
  `CREATE DICTIONARY ${database}.dictionary_${b} (id UInt64, s String) PRIMARY KEY id SOURCE(CLICKHOUSE(DB '${database}' TABLE 'source_${b}')) LAYOUT(FLAT()) LIFETIME(0)`,
  `CREATE TABLE ${database}.join_${b} (id UInt64, s String) ENGINE = Join(ANY, LEFT, id)`,
  `INSERT INTO ${database}.join_${b} VALUES (1, '${canaries.body}')`,
  `CREATE TABLE ${database}.set_${b} (id UInt64) ENGINE = Set`,
  `INSERT INTO ${database}.set_${b} VALUES (1)`,
  `CREATE MATERIALIZED VIEW ${database}.refreshed_${b} REFRESH EVERY 1 YEAR (s String) ENGINE = Memory EMPTY AS SELECT '${canaries.codeInView}' AS s`,
  `DROP TABLE ${database}.dropped_${b}`,
  `CREATE FUNCTION function_of_b AS x -> concat(x, '${canaries.codeInView}')`,
];

/** The statements of an operator: both tenants' tables, and in each rows of its own. */
export const setUp: readonly string[] = [
  `CREATE DATABASE ${database}`,
  ...tablesOf(a),
  ...tablesOf(b),
  ...planted,
];
