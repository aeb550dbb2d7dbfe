import { column } from '../template';
import { metricTable } from './metricPoint';

export const otelMetricsExponentialHistogram = metricTable(
  'otel_metrics_exponential_histogram',
  [
    column('Count', 'UInt64'),
    column('Sum', 'Float64'),
    column('Scale', 'Int32'),
    column('ZeroCount', 'UInt64'),
    column('PositiveOffset', 'Int32'),
    column('PositiveBucketCounts', 'Array(UInt64)'),
    column('NegativeOffset', 'Int32'),
    column('NegativeBucketCounts', 'Array(UInt64)'),
    column('Min', 'Float64'),
    column('Max', 'Float64'),
    column('AggregationTemporality', 'Int32'),
  ],
  { exemplars: true },
);
