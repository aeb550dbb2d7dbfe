import { idIndex, mapBloomIndexes, wordIndex } from '../indexes';
import type { TableTemplate } from '../template';
import { commonSettings } from '../template';
import { logRecordColumns } from './logRecord';

/** Browser session replay: log records with an `rr-web.event` attribute, written by the exporter `clickhouse/rrweb`. */
export const hyperdxSessions: TableTemplate = {
  kind: 'table',
  base: 'hyperdx_sessions',
  signal: 'sessions',
  engine: { name: 'MergeTree' },
  columns: [
    ...logRecordColumns,
    {
      name: 'TimestampTime',
      type: 'DateTime',
      computed: { kind: 'DEFAULT', expression: 'toDateTime(Timestamp)' },
    },
  ],
  indexes: [
    idIndex('idx_trace_id', 'TraceId'),
    ...mapBloomIndexes('idx_res_attr', 'ResourceAttributes'),
    ...mapBloomIndexes('idx_scope_attr', 'ScopeAttributes'),
    ...mapBloomIndexes('idx_log_attr', 'LogAttributes'),
    wordIndex('idx_lower_body', 'Body'),
  ],
  timeColumn: 'TimestampTime',
  primaryKey: ['ServiceName', 'TimestampTime'],
  orderBy: ['ServiceName', 'TimestampTime', 'Timestamp'],
  settings: commonSettings,
};
