import type { TenantId } from '../ids';
import { getTenantTableName } from '../ids';

/**
 * The five metric kinds by the names that the collector's `metrics_tables` gives them, and HyperDX's table
 * of each (the exporter's own default for the fourth is another: `otel_metrics_exp_histogram`).
 */
export const metricTables = {
  gauge: 'otel_metrics_gauge',
  sum: 'otel_metrics_sum',
  histogram: 'otel_metrics_histogram',
  exponential_histogram: 'otel_metrics_exponential_histogram',
  summary: 'otel_metrics_summary',
} as const;

/** Every object of a tenant by base name, in the order of creation: base tables, rollups, views. */
export const baseNames = [
  'otel_logs',
  'otel_traces',
  'hyperdx_sessions',
  'otel_metrics_gauge',
  'otel_metrics_sum',
  'otel_metrics_histogram',
  'otel_metrics_exponential_histogram',
  'otel_metrics_summary',
  'otel_logs_kv_rollup_15m',
  'otel_traces_kv_rollup_15m',
  'otel_logs_kv_rollup_15m_mv',
  'otel_traces_kv_rollup_15m_mv',
] as const;

export type BaseName = (typeof baseNames)[number];

/** The names of all of a tenant's tables and views, by base name. */
export function tableNames(tenantId: TenantId): Record<BaseName, string> {
  const names: Partial<Record<BaseName, string>> = {};
  for (const base of baseNames) names[base] = getTenantTableName(base, tenantId);
  return names as Record<BaseName, string>;
}
