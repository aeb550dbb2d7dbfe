import type { BaseName } from '../names';
import type { Signal, TableTemplate } from '../template';
import { commonSettings, plain } from '../template';

/** The shape of both rollups: how often each value of a column occurred in each 15 minutes. */
export function kvRollup(base: BaseName, signal: Signal): TableTemplate {
  return {
    kind: 'table',
    base,
    signal,
    // Merges add up the counts of equal keys; readers sum() what is not merged yet.
    engine: { name: 'SummingMergeTree', args: ['count'] },
    columns: [
      plain('Timestamp', 'DateTime'),
      plain('ColumnIdentifier', 'LowCardinality(String)'),
      plain('Key', 'LowCardinality(String)'),
      plain('Value', 'String'),
      plain('count', 'UInt64'),
    ],
    indexes: [
      { name: 'idx_timestamp', expression: 'Timestamp', type: 'minmax', granularity: 1 },
      { name: 'idx_count', expression: 'count', type: 'minmax', granularity: 1 },
    ],
    timeColumn: 'Timestamp',
    orderBy: ['ColumnIdentifier', 'Key', 'Timestamp', 'Value'],
    settings: commonSettings,
  };
}
