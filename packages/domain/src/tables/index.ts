// The tables of a tenant: names, templates, their SQL, and plans.
export { baseNames, metricTables, tableNames } from './names';
export type { BaseName } from './names';
export {
  currentTemplates,
  expectedColumns,
  exporterTemplates,
  insertedColumns,
  schemaVersion,
  siteBases,
  tableTemplates,
  templates,
  viewTemplates,
} from './registry';
export type { TemplateSet } from './registry';
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
export {
  renderColumn,
  renderCreateTable,
  renderElements,
  renderIndex,
  renderTenantTables,
} from './render';
export type { Statement } from './render';
export { quoteIdentifier, quoteLiteral, quoteQualified } from './quote';
export { isAtLeast, oldestVersion, textIndexVersion } from './version';
export type { ClickHouseVersion } from './version';

// What a site adds
export { mergeSite, withSite } from './mergeSite';
export { siteHash, siteMark } from './siteHash';
export { siteTableOf, toColumn, toSkipIndex } from './siteTable';
export type { SiteColumn, SiteIndex, SiteTable, SiteTemplates } from './siteTable';

// What exists, and what is to do
export { formatTableComment, parseTableComment } from './comment';
export type { TableComment } from './comment';
export { planDrop, planTables } from './plan';
export type { ObservedObject, TableStep } from './plan';
export { planRetention } from './planRetention';
export { planSite } from './planSite';
export type { ObservedTable, SiteItem, SitePlan } from './planSite';
