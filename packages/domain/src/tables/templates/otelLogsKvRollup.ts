import type { ViewTemplate } from '../template';
import { kvRollup } from './kvRollup';
import { promotedColumnNames } from './otelLogs';

export const otelLogsKvRollup = kvRollup('otel_logs_kv_rollup_15m', 'logs');

export const otelLogsKvRollupView: ViewTemplate = {
  kind: 'view',
  base: 'otel_logs_kv_rollup_15m_mv',
  signal: 'logs',
  from: 'otel_logs',
  to: 'otel_logs_kv_rollup_15m',
  timeColumn: 'Timestamp',
  keys: [
    'SeverityText',
    'ServiceName',
    'ScopeName',
    'ScopeVersion',
    'ResourceSchemaUrl',
    'ScopeSchemaUrl',
    ...promotedColumnNames,
  ],
};
