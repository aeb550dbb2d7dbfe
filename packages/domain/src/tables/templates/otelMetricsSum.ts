import { column } from '../template';
import { metricTable } from './metricPoint';

export const otelMetricsSum = metricTable(
  'otel_metrics_sum',
  [
    column('Value', 'Float64'),
    column('AggregationTemporality', 'Int32'),
    column('IsMonotonic', 'Bool'),
  ],
  { exemplars: true },
);
