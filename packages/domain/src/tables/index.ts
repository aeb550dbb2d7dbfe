// The tables of a tenant: names, templates, their SQL, and plans.
export { baseNames, metricTables, tableNames } from './names';
export type { BaseName } from './names';
export {
  expectedColumns,
  exporterTemplates,
  insertedColumns,
  schemaVersion,
  tableTemplates,
  templates,
  viewTemplates,
} from './registry';
export type {
  Column,
  Setting,
  Signal,
  SkipIndex,
  TableTemplate,
  Template,
  ViewTemplate,
} from './template';

// Rendering
export { defaultRetention, maxRetentionHours } from './context';
export type { Engine, Partitioning, Retention, TablesAt, TablesContext } from './context';
export { renderCreateTable, renderTenantTables } from './render';
export type { Statement } from './render';
export { quoteIdentifier, quoteLiteral, quoteQualified } from './quote';
export { isAtLeast, oldestVersion, textIndexVersion } from './version';
export type { ClickHouseVersion } from './version';

// What exists, and what is to do
export { formatTableComment, parseTableComment } from './comment';
export type { TableComment } from './comment';
export { planDrop, planTables } from './plan';
export type { ObservedObject, TableStep } from './plan';
