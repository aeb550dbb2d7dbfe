import { idIndex, itemsColumn, mapTextIndexes, wordIndex } from '../indexes';
import type { TableTemplate } from '../template';
import {
  column,
  commonSettings,
  lowCardinality,
  map,
  mapArray,
  mapValue,
  materialized,
  string,
} from '../template';

const sessionId = materialized(
  '__hdx_materialized_rum.sessionId',
  'String',
  mapValue('ResourceAttributes', 'rum.sessionId'),
);

export const otelTraces: TableTemplate = {
  kind: 'table',
  base: 'otel_traces',
  signal: 'traces',
  engine: { name: 'MergeTree' },
  columns: [
    column('Timestamp', 'DateTime64(9)', 'Delta(8), ZSTD(1)'),
    string('TraceId'),
    string('SpanId'),
    string('ParentSpanId'),
    string('TraceState'),
    lowCardinality('SpanName'),
    lowCardinality('SpanKind'),
    lowCardinality('ServiceName'),
    map('ResourceAttributes'),
    string('ScopeName'),
    string('ScopeVersion'),
    map('SpanAttributes'),
    // Nanoseconds.
    column('Duration', 'UInt64'),
    lowCardinality('StatusCode'),
    string('StatusMessage'),
    column('Events.Timestamp', 'Array(DateTime64(9))'),
    column('Events.Name', 'Array(LowCardinality(String))'),
    mapArray('Events.Attributes'),
    column('Links.TraceId', 'Array(String)'),
    column('Links.SpanId', 'Array(String)'),
    column('Links.TraceState', 'Array(String)'),
    mapArray('Links.Attributes'),
    sessionId,
    // How many spans a stored one stands for; HyperDX multiplies counts by it.
    materialized(
      'SampleRate',
      'UInt64',
      `greatest(toUInt64OrZero(${mapValue('SpanAttributes', 'SampleRate')}), 1)`,
      'T64, ZSTD(1)',
    ),
    itemsColumn('ResourceAttributes'),
    itemsColumn('SpanAttributes'),
  ],
  indexes: [
    idIndex('idx_trace_id', 'TraceId'),
    idIndex('idx_rum_session_id', sessionId.name),
    ...mapTextIndexes('idx_res_attr', 'ResourceAttributes'),
    ...mapTextIndexes('idx_span_attr', 'SpanAttributes'),
    { name: 'idx_duration', expression: 'Duration', type: 'minmax', granularity: 1 },
    wordIndex('idx_lower_span_name', 'SpanName'),
  ],
  timeColumn: 'Timestamp',
  orderBy: ['ServiceName', 'SpanName', 'toDateTime(Timestamp)'],
  settings: commonSettings,
};
