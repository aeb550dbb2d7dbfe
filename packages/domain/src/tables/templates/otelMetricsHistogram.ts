import { column } from '../template';
import { metricTable } from './metricPoint';

export const otelMetricsHistogram = metricTable(
  'otel_metrics_histogram',
  [
    column('Count', 'UInt64'),
    column('Sum', 'Float64'),
    column('BucketCounts', 'Array(UInt64)'),
    column('ExplicitBounds', 'Array(Float64)'),
    column('Min', 'Float64'),
    column('Max', 'Float64'),
    column('AggregationTemporality', 'Int32'),
  ],
  { exemplars: true },
);
