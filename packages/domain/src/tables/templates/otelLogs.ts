import { idTextIndexes, itemsColumn, mapTextIndexes, wordTextIndexes } from '../indexes';
import type { TableTemplate } from '../template';
import { commonSettings, mapValue, materialized, string } from '../template';
import { blockColumnsVersion } from '../version';
import { logRecordColumns } from './logRecord';

/** Resource attributes that HyperDX 2.36 keeps as columns of their own, for its Kubernetes pages and filters. */
const promotedAttributes = [
  'k8s.cluster.name',
  'k8s.container.name',
  'k8s.deployment.name',
  'k8s.namespace.name',
  'k8s.node.name',
  'k8s.pod.name',
  'k8s.pod.uid',
  'deployment.environment.name',
] as const;

const promotedColumns = promotedAttributes.map((attribute) =>
  materialized(
    `__hdx_materialized_${attribute}`,
    'LowCardinality(String)',
    mapValue('ResourceAttributes', attribute),
  ),
);

/** The names of the promoted columns: the rollup counts their values. */
export const promotedColumnNames: readonly string[] = promotedColumns.map(({ name }) => name);

export const otelLogs: TableTemplate = {
  kind: 'table',
  base: 'otel_logs',
  signal: 'logs',
  engine: { name: 'MergeTree' },
  columns: [
    ...logRecordColumns,
    string('EventName'),
    ...promotedColumns,
    itemsColumn('ResourceAttributes'),
    itemsColumn('ScopeAttributes'),
    itemsColumn('LogAttributes'),
  ],
  indexes: [
    ...idTextIndexes('idx_trace_id', 'TraceId'),
    ...mapTextIndexes('idx_res_attr', 'ResourceAttributes'),
    ...mapTextIndexes('idx_scope_attr', 'ScopeAttributes'),
    ...mapTextIndexes('idx_log_attr', 'LogAttributes'),
    ...wordTextIndexes('idx_lower_body', 'Body'),
  ],
  timeColumn: 'Timestamp',
  orderBy: ['toStartOfFiveMinutes(Timestamp)', 'ServiceName', 'Timestamp'],
  settings: [
    ...commonSettings,
    { name: 'enable_block_number_column', value: 1, since: blockColumnsVersion },
    { name: 'enable_block_offset_column', value: 1, since: blockColumnsVersion },
  ],
};
