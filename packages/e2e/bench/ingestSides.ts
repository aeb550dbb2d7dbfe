import { randomBytes, randomUUID } from 'node:crypto';

import type { ClickHouseClient } from '@clickhouse/client';
import { bootstrapConfig, startCollector } from '@hyperdx-tenancy/devkit/collector';
import { parseTenantId } from '@hyperdx-tenancy/domain/ids';
import type { TenantId } from '@hyperdx-tenancy/domain/ids';
import { defaultRetention, renderTenantTables, tableNames } from '@hyperdx-tenancy/domain/tables';

import { startManagedCollector } from '../harness/stack';
import type { Backend } from '../harness/stack';
import { onlyChild } from './processes';

/** Whose records a side takes, and under which key. */
export interface Tenant {
  id: TenantId;
  key: string;
}

/** A collector and the tenants that it serves. */
export interface Side {
  name: 'single' | 'shared';
  tenants: readonly Tenant[];
  /** Its OTLP/HTTP address. */
  endpoint: string;
  /** Process id of the collector itself, its supervisor left out. */
  pid: number;
  stop(): Promise<void>;
}

/** The product: a collector under its supervisor, with the config that the API makes for the tenants of a shared group. */
export async function startShared(
  { api }: Backend,
  tenantCount: number,
  signal: AbortSignal,
): Promise<Side> {
  const tenants: Tenant[] = [];
  for (let made = 0; made < tenantCount; made += 1) {
    const tenant = await api.createTenant(`bench ${randomUUID()}`, undefined, signal);
    const key = tenant.teams[0]?.apiKey;
    if (key === undefined) throw new Error('a new tenant has no key');
    tenants.push({ id: parseTenantId(tenant.id), key });
  }
  const collector = await startManagedCollector(api.opampUrl, api.collectorToken);
  try {
    await collector.knows(
      tenants.map(({ key }) => key),
      undefined,
      signal,
    );
    const supervisor = collector.supervisor.pid;
    if (supervisor === undefined) throw new Error('the supervisor does not run');
    return {
      name: 'shared',
      tenants,
      endpoint: collector.endpoint,
      // A new config is read by the running process: this one stays.
      pid: await onlyChild(supervisor),
      stop: () => collector.stop(),
    };
  } catch (error) {
    await collector.stop();
    throw error;
  }
}

/**
 * The config of HyperDX 2.36 for one team whose key is enforced, as far as its own collector needs it here: pipelines without
 * `processors`, for which its image's bootstrap has memory_limiter, transform and batch; exporters with the queue that the exporter
 * has by itself.
 */
export function stockConfig(
  target: { endpoint: string; user: string; password: string; database?: string },
  tenant: Tenant,
): object {
  const tables = tableNames(tenant.id);
  const exporter = (logs: string): object => ({
    endpoint: target.endpoint,
    username: target.user,
    password: target.password,
    database: target.database ?? 'default',
    logs_table_name: logs,
    create_schema: false,
    timeout: '5s',
    retry_on_failure: {
      enabled: true,
      initial_interval: '5s',
      max_interval: '30s',
      max_elapsed_time: '300s',
    },
  });
  const guarded = { include_metadata: true, auth: { authenticator: 'bearertokenauth/hyperdx' } };
  return {
    receivers: { 'otlp/hyperdx': { protocols: { grpc: guarded, http: guarded } } },
    connectors: {
      'routing/logs': {
        default_pipelines: ['logs/out-default'],
        error_mode: 'ignore',
        // As the shared config says it, so that this condition decides nothing.
        table: [
          {
            context: 'log',
            condition: 'attributes["rr-web.event"] != nil',
            pipelines: ['logs/out-rrweb'],
          },
        ],
      },
    },
    exporters: {
      clickhouse: exporter(tables.otel_logs),
      'clickhouse/rrweb': exporter(tables.hyperdx_sessions),
    },
    extensions: { 'bearertokenauth/hyperdx': { scheme: '', tokens: [tenant.key] } },
    service: {
      extensions: ['health_check', 'bearertokenauth/hyperdx'],
      pipelines: {
        traces: { receivers: ['otlp/hyperdx'], exporters: ['clickhouse'] },
        metrics: { receivers: ['otlp/hyperdx'], exporters: ['clickhouse'] },
        'logs/in': { receivers: ['otlp/hyperdx'], exporters: ['routing/logs'] },
        'logs/out-default': { receivers: ['routing/logs'], exporters: ['clickhouse'] },
        'logs/out-rrweb': { receivers: ['routing/logs'], exporters: ['clickhouse/rrweb'] },
      },
    },
  };
}

/** What there is without the product: a collector with a fixed config and one exporter, into tables of the same form. */
export async function startSingle(
  { clickhouse }: Backend,
  client: ClickHouseClient,
  signal: AbortSignal,
): Promise<Side> {
  const tenant: Tenant = {
    id: parseTenantId(randomBytes(12).toString('hex')),
    key: randomUUID(),
  };
  const [major = NaN, minor = NaN] = clickhouse.version.split('.').map(Number);
  for (const { sql } of renderTenantTables({
    tenantId: tenant.id,
    database: clickhouse.database,
    clickhouseVersion: { major, minor },
    engine: 'MergeTree',
    partitioning: 'day',
    retention: defaultRetention,
  })) {
    await client.command({ query: sql, abort_signal: signal });
  }
  const { user, password } = clickhouse;
  const config = stockConfig(
    // The embedded engine speaks ClickHouse's HTTP interface only, without its compression; so on the other side.
    { endpoint: `${clickhouse.url}?compress=none`, user, password },
    tenant,
  );
  const collector = await startCollector({ config: [bootstrapConfig, JSON.stringify(config)] });
  const { pid } = collector;
  if (pid === undefined) {
    await collector.stop();
    throw new Error('the collector has ended');
  }
  return {
    name: 'single',
    tenants: [tenant],
    endpoint: `http://127.0.0.1:${collector.httpPort}`,
    pid,
    stop: () => collector.stop(),
  };
}
