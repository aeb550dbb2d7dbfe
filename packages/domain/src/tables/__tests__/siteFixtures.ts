import { parseTenantId } from '../../ids';
import type { TablesContext } from '../context';
import { defaultRetention } from '../context';
import { tableTemplates } from '../registry';
import type { SiteTable, SiteTemplates } from '../siteTable';
import { siteTableOf } from '../siteTable';
import type { TableTemplate } from '../template';

export const tenantId = parseTenantId('0123456789abcdef01234567');
export const single: TablesContext = {
  tenantId,
  database: 'default',
  clickhouseVersion: { major: 26, minor: 7 },
  engine: 'MergeTree',
  partitioning: 'day',
  retention: { ...defaultRetention },
};

export const otelLogs: TableTemplate = tableTemplates.find(({ base }) => base === 'otel_logs')!;

/** A file's content, read as the loader does. */
export function logsTable(content: Partial<SiteTable> = {}): SiteTable {
  return siteTableOf(otelLogs).parse(content);
}

export const site: SiteTemplates = {
  otel_logs: logsTable({
    columns: [
      {
        name: 'host_name',
        type: 'LowCardinality(String)',
        codec: 'ZSTD(1)',
        materialized: "ResourceAttributes['host.name']",
        comment: "the site's own",
      },
      { name: 'cost', type: 'Decimal(10, 2)' },
      { name: 'tier', type: 'String', default: "'none'" },
      { name: 'shout', type: 'String', alias: 'upper(Body)' },
    ],
    indexes: [
      { name: 'host', expression: 'host_name', type: 'bloom_filter(0.01)', granularity: 1 },
      { name: 'pair', expression: 'host_name, tier', type: 'set(100)' },
    ],
  }),
};
