import type { ViewTemplate } from '../template';
import { kvRollup } from './kvRollup';

export const otelTracesKvRollup = kvRollup('otel_traces_kv_rollup_15m', 'traces');

export const otelTracesKvRollupView: ViewTemplate = {
  kind: 'view',
  base: 'otel_traces_kv_rollup_15m_mv',
  signal: 'traces',
  from: 'otel_traces',
  to: 'otel_traces_kv_rollup_15m',
  timeColumn: 'Timestamp',
  keys: ['ServiceName', 'SpanName', 'SpanKind', 'StatusCode', 'ScopeName', 'ScopeVersion'],
};
