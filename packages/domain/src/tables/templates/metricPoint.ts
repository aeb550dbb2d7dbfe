import { mapBloomIndexes } from '../indexes';
import type { BaseName } from '../names';
import type { Column, TableTemplate } from '../template';
import { column, commonSettings, lowCardinality, map, mapArray, string } from '../template';

/** What every metric kind carries. */
const pointColumns: readonly Column[] = [
  map('ResourceAttributes'),
  string('ResourceSchemaUrl'),
  string('ScopeName'),
  string('ScopeVersion'),
  map('ScopeAttributes'),
  column('ScopeDroppedAttrCount', 'UInt32'),
  string('ScopeSchemaUrl'),
  lowCardinality('ServiceName'),
  lowCardinality('MetricName'),
  string('MetricDescription'),
  string('MetricUnit'),
  map('Attributes'),
  column('StartTimeUnix', 'DateTime', 'Delta(4), ZSTD(1)'),
  column('TimeUnix', 'DateTime', 'Delta(4), ZSTD(1)'),
  column('Flags', 'UInt32'),
];

const exemplarColumns: readonly Column[] = [
  mapArray('Exemplars.FilteredAttributes'),
  column('Exemplars.TimeUnix', 'Array(DateTime)'),
  column('Exemplars.Value', 'Array(Float64)'),
  column('Exemplars.SpanId', 'Array(String)'),
  column('Exemplars.TraceId', 'Array(String)'),
];

/** One metric kind: the common columns, what is its own, and exemplars where the kind has them. */
export function metricTable(
  base: BaseName,
  values: readonly Column[],
  { exemplars }: { exemplars: boolean },
): TableTemplate {
  return {
    kind: 'table',
    base,
    signal: 'metrics',
    engine: { name: 'MergeTree' },
    columns: [...pointColumns, ...values, ...(exemplars ? exemplarColumns : [])],
    indexes: [
      ...mapBloomIndexes('idx_res_attr', 'ResourceAttributes'),
      ...mapBloomIndexes('idx_scope_attr', 'ScopeAttributes'),
      ...mapBloomIndexes('idx_attr', 'Attributes'),
      { name: 'idx_time_unix', expression: 'TimeUnix', type: 'minmax', granularity: 1 },
    ],
    timeColumn: 'TimeUnix',
    // A hash, since a map of many keys as the fourth part of the key makes the primary index large.
    orderBy: [
      'ServiceName',
      'MetricName',
      'toStartOfHour(TimeUnix)',
      'cityHash64(Attributes)',
      'TimeUnix',
    ],
    settings: commonSettings,
  };
}
