import { column } from '../template';
import { metricTable } from './metricPoint';

export const otelMetricsGauge = metricTable('otel_metrics_gauge', [column('Value', 'Float64')], {
  exemplars: true,
});
