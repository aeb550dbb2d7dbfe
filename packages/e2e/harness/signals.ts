/**
 * The kinds of telemetry that a tenant has a table for: its base name, the OTLP route it travels by
 * (OTLP specification, "OTLP/HTTP Request"), and the column that holds a record's own attributes.
 */
export const signals = {
  logs: { table: 'otel_logs', route: '/v1/logs', attributes: 'LogAttributes' },
  sessions: { table: 'hyperdx_sessions', route: '/v1/logs', attributes: 'LogAttributes' },
  traces: { table: 'otel_traces', route: '/v1/traces', attributes: 'SpanAttributes' },
  gauge: { table: 'otel_metrics_gauge', route: '/v1/metrics', attributes: 'Attributes' },
  sum: { table: 'otel_metrics_sum', route: '/v1/metrics', attributes: 'Attributes' },
  histogram: { table: 'otel_metrics_histogram', route: '/v1/metrics', attributes: 'Attributes' },
  exponentialHistogram: {
    table: 'otel_metrics_exponential_histogram',
    route: '/v1/metrics',
    attributes: 'Attributes',
  },
  summary: { table: 'otel_metrics_summary', route: '/v1/metrics', attributes: 'Attributes' },
} as const satisfies Record<string, { table: string; route: string; attributes: string }>;

export type Signal = keyof typeof signals;

export const signalNames = Object.keys(signals) as Signal[];

/** Attributes that every record carries: its own id, and whose key it was sent under. */
export const ID_ATTRIBUTE = 'record.id';
export const OWNER_ATTRIBUTE = 'record.owner';
