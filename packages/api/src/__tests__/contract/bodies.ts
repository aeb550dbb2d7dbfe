import type { Side } from './world';

type Json = Record<string, unknown>;

const common = ({ connection, engines }: Side, tableName: string): Json => ({
  name: 'Made',
  connection,
  from: { databaseName: engines.clickhouse.database, tableName },
  timestampValueExpression: 'Timestamp',
});

export const logBody = (side: Side, more: Json = {}): Json => ({
  ...common(side, 'otel_logs'),
  kind: 'log',
  defaultTableSelectExpression: 'Timestamp,Body',
  ...more,
});

const trace = (side: Side): Json => ({
  ...common(side, 'otel_traces'),
  kind: 'trace',
  defaultTableSelectExpression: 'SpanName',
  durationExpression: 'Duration',
  traceIdExpression: 'TraceId',
  spanIdExpression: 'SpanId',
  parentSpanIdExpression: 'ParentSpanId',
  spanNameExpression: 'SpanName',
  spanKindExpression: 'SpanKind',
});

const metricTables = {
  gauge: 'otel_metrics_gauge',
  histogram: 'otel_metrics_histogram',
  sum: 'otel_metrics_sum',
  summary: 'otel_metrics_summary',
  'exponential histogram': 'otel_metrics_exponential_histogram',
};

/** A source of each of HyperDX's kinds with no more than it needs. */
export const sourceBodies: Record<string, (side: Side) => Json> = {
  log: logBody,
  trace,
  session: (side) => ({
    ...common(side, 'hyperdx_sessions'),
    kind: 'session',
    traceSourceId: side.sources.trace,
  }),
  metric: (side) => ({
    ...common(side, ''),
    kind: 'metric',
    metricTables,
    seriesTable: 'otel_metrics_series',
    resourceAttributesExpression: 'ResourceAttributes',
  }),
  promql: (side) => ({ ...common(side, 'otel_metrics_gauge'), kind: 'promql' }),
};

/** Every place in which a source can carry a table's name, each with one. */
export const allTables = (side: Side, suffix = ''): Json => ({
  ...logBody(side),
  from: { databaseName: side.engines.clickhouse.database, tableName: `otel_logs${suffix}` },
  metadataMaterializedViews: {
    keyRollupTable: `otel_logs_key_rollup_15m${suffix}`,
    kvRollupTable: `otel_logs_kv_rollup_15m${suffix}`,
    granularity: '15 minute',
  },
  materializedViews: [
    {
      databaseName: side.engines.clickhouse.database,
      tableName: `otel_logs_mv${suffix}`,
      dimensionColumns: 'ServiceName',
      minGranularity: '5 minute',
      timestampColumn: 'Timestamp',
      aggregatedColumns: [{ aggFn: 'count', mvColumn: 'count' }],
    },
  ],
});

/** A connection to a server of a tenant's own: here, the engine's. */
export const connectionBody = ({ engines }: Side, more: Json = {}): Json => ({
  name: 'Own',
  host: engines.clickhouse.url,
  username: 'somebody',
  password: 'a password of their own',
  ...more,
});
