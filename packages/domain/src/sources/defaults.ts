import type { TenantId } from '../ids';
import { tableNames } from '../tables';
import type { LogSource, MetricSource, SessionSource, TraceSource } from './kinds';

/** The ids of the four sources, 24 hexadecimal digits each: given, because each source names the others. */
export interface DefaultSourceIds {
  log: string;
  trace: string;
  metric: string;
  session: string;
}

export interface DefaultSourcesInput {
  tenantId: TenantId;
  teamId: string;
  connectionId: string;
  database: string;
  ids: DefaultSourceIds;
}

/** A default source: its document, without timestamps. */
export type DefaultSource = { _id: string } & (
  LogSource | TraceSource | MetricSource | SessionSource
);

/**
 * The four sources of a HyperDX 2.36 install (Logs, Traces, Metrics, Sessions) over a tenant's tables. They
 * name the key-value rollups only: the key-only rollups of older installs are not created.
 */
export function defaultSources(input: DefaultSourcesInput): DefaultSource[] {
  const { tenantId, teamId, connectionId, database, ids } = input;
  const names = tableNames(tenantId);
  const owner = { team: teamId, connection: connectionId };
  const from = (tableName: string) => ({ databaseName: database, tableName });
  const rollup = (kvRollupTable: string) => ({ kvRollupTable, granularity: '15 minute' });

  const logs: DefaultSource = {
    _id: ids.log,
    kind: 'log',
    name: 'Logs',
    ...owner,
    from: from(names.otel_logs),
    timestampValueExpression: 'Timestamp',
    displayedTimestampValueExpression: 'Timestamp',
    defaultTableSelectExpression: 'Timestamp,ServiceName,SeverityText,Body',
    serviceNameExpression: 'ServiceName',
    severityTextExpression: 'SeverityText',
    bodyExpression: 'Body',
    implicitColumnExpression: 'Body',
    eventAttributesExpression: 'LogAttributes',
    resourceAttributesExpression: 'ResourceAttributes',
    traceIdExpression: 'TraceId',
    spanIdExpression: 'SpanId',
    metadataMaterializedViews: rollup(names.otel_logs_kv_rollup_15m),
    traceSourceId: ids.trace,
    sessionSourceId: ids.session,
    metricSourceId: ids.metric,
  };
  const traces: DefaultSource = {
    _id: ids.trace,
    kind: 'trace',
    name: 'Traces',
    ...owner,
    from: from(names.otel_traces),
    timestampValueExpression: 'Timestamp',
    displayedTimestampValueExpression: 'Timestamp',
    defaultTableSelectExpression: 'Timestamp,ServiceName,StatusCode,round(Duration/1e6),SpanName',
    serviceNameExpression: 'ServiceName',
    implicitColumnExpression: 'SpanName',
    durationExpression: 'Duration',
    durationPrecision: 9,
    traceIdExpression: 'TraceId',
    spanIdExpression: 'SpanId',
    parentSpanIdExpression: 'ParentSpanId',
    spanNameExpression: 'SpanName',
    spanKindExpression: 'SpanKind',
    statusCodeExpression: 'StatusCode',
    statusMessageExpression: 'StatusMessage',
    eventAttributesExpression: 'SpanAttributes',
    resourceAttributesExpression: 'ResourceAttributes',
    spanEventsValueExpression: 'Events',
    metadataMaterializedViews: rollup(names.otel_traces_kv_rollup_15m),
    logSourceId: ids.log,
    sessionSourceId: ids.session,
    metricSourceId: ids.metric,
  };
  const metrics: DefaultSource = {
    _id: ids.metric,
    kind: 'metric',
    name: 'Metrics',
    ...owner,
    from: from(''),
    timestampValueExpression: 'TimeUnix',
    resourceAttributesExpression: 'ResourceAttributes',
    metricTables: {
      gauge: names.otel_metrics_gauge,
      sum: names.otel_metrics_sum,
      histogram: names.otel_metrics_histogram,
      summary: names.otel_metrics_summary,
      'exponential histogram': names.otel_metrics_exponential_histogram,
    },
    logSourceId: ids.log,
    traceSourceId: ids.trace,
    sessionSourceId: ids.session,
  };
  const sessions: DefaultSource = {
    _id: ids.session,
    kind: 'session',
    name: 'Sessions',
    ...owner,
    from: from(names.hyperdx_sessions),
    timestampValueExpression: 'TimestampTime',
    displayedTimestampValueExpression: 'Timestamp',
    serviceNameExpression: 'ServiceName',
    bodyExpression: 'Body',
    implicitColumnExpression: 'Body',
    eventAttributesExpression: 'LogAttributes',
    resourceAttributesExpression: 'ResourceAttributes',
    traceIdExpression: 'TraceId',
    spanIdExpression: 'SpanId',
    logSourceId: ids.log,
    traceSourceId: ids.trace,
    metricSourceId: ids.metric,
  };
  return [logs, traces, metrics, sessions];
}
