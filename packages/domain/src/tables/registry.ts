import type { BaseName } from './names';
import type { TableTemplate, Template, ViewTemplate } from './template';
import { hyperdxSessions } from './templates/hyperdxSessions';
import { otelLogs } from './templates/otelLogs';
import { otelLogsKvRollup, otelLogsKvRollupView } from './templates/otelLogsKvRollup';
import { otelMetricsExponentialHistogram } from './templates/otelMetricsExponentialHistogram';
import { otelMetricsGauge } from './templates/otelMetricsGauge';
import { otelMetricsHistogram } from './templates/otelMetricsHistogram';
import { otelMetricsSum } from './templates/otelMetricsSum';
import { otelMetricsSummary } from './templates/otelMetricsSummary';
import { otelTraces } from './templates/otelTraces';
import { otelTracesKvRollup, otelTracesKvRollupView } from './templates/otelTracesKvRollup';
import type { ClickHouseVersion } from './version';
import { existsIn } from './version';

/** The version of all templates together; every table's COMMENT says which one made it. Any change of DDL raises it. */
export const schemaVersion = 1;

/** Every template in the order of creation: a view names tables that must exist. */
export const templates: readonly Template[] = [
  otelLogs,
  otelTraces,
  hyperdxSessions,
  otelMetricsGauge,
  otelMetricsSum,
  otelMetricsHistogram,
  otelMetricsExponentialHistogram,
  otelMetricsSummary,
  otelLogsKvRollup,
  otelTracesKvRollup,
  otelLogsKvRollupView,
  otelTracesKvRollupView,
];

/** Templates that belong together, and their version. */
export interface TemplateSet {
  schemaVersion: number;
  templates: readonly Template[];
}

export const currentTemplates: TemplateSet = { schemaVersion, templates };

export const tableTemplates: readonly TableTemplate[] = templates.filter(
  (template): template is TableTemplate => template.kind === 'table',
);

export const viewTemplates: readonly ViewTemplate[] = templates.filter(
  (template): template is ViewTemplate => template.kind === 'view',
);

/** What the collector's exporter writes to; the rollups are filled by views. */
export const exporterTemplates: readonly TableTemplate[] = tableTemplates.filter(
  (template) => !viewTemplates.some((view) => view.to === template.base),
);

/** What a site may add to: not the rollups, where a number of its own would be added up in merges. */
export const siteBases: readonly BaseName[] = exporterTemplates.map(({ base }) => base);

/** Column name -> type, both as `DESCRIBE TABLE` prints them, in its order; of a site's too where they are merged in. */
export function expectedColumns(
  template: TableTemplate,
  version: ClickHouseVersion,
): ReadonlyMap<string, string> {
  const columns = template.columns.filter((column) => existsIn(column, version));
  return new Map(columns.map(({ name, type }) => [name, type]));
}

/** The columns that the exporter names in its INSERT: all of a template of ours that ClickHouse does not compute itself. */
export function insertedColumns(template: TableTemplate): string[] {
  return template.columns.filter(({ computed }) => !computed).map(({ name }) => name);
}
