import { column } from '../template';
import { metricTable } from './metricPoint';

export const otelMetricsSummary = metricTable(
  'otel_metrics_summary',
  [
    column('Count', 'UInt64'),
    column('Sum', 'Float64'),
    column('ValueAtQuantiles.Quantile', 'Array(Float64)'),
    column('ValueAtQuantiles.Value', 'Array(Float64)'),
  ],
  // OpenTelemetry gives summaries none.
  { exemplars: false },
);
