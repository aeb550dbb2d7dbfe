import { randomBytes } from 'node:crypto';

import type { ClickHouseClient } from '@clickhouse/client';
import type { ClickHouseServer } from '@hyperdx-tenancy/devkit/clickhouse';
import { getTenantTableName, parseTenantId } from '@hyperdx-tenancy/domain/ids';
import type { TenantId } from '@hyperdx-tenancy/domain/ids';
import { defaultRetention, planDrop, renderTenantTables } from '@hyperdx-tenancy/domain/tables';
import type { Partitioning } from '@hyperdx-tenancy/domain/tables';

/** A tenant that has logs only: `otel_logs`, its rollup and the rollup's view, as the product makes them. */
const BASES = ['otel_logs', 'otel_logs_kv_rollup_15m', 'otel_logs_kv_rollup_15m_mv'] as const;
export const OBJECTS_PER_TENANT = BASES.length;

/** The tables in which an insert makes a part: all but the view. */
export const TABLES_PER_TENANT = 2;

/** What an insert brings. */
export interface Rows {
  rows: number;
  /** Days that the rows are spread over, the last one being `age` days ago. */
  days?: number;
  age?: number;
}

/** Tenants with logs only, made and used by statements alone: neither the API nor MongoDB has a part in it. */
export class LogTenants {
  readonly ids: TenantId[] = [];

  constructor(
    private readonly server: ClickHouseServer,
    private readonly client: ClickHouseClient,
    private readonly partitioning: Partitioning,
    private readonly signal: AbortSignal,
  ) {}

  /** Makes one tenant: three statements, one after another. */
  async add(): Promise<TenantId> {
    const tenantId = parseTenantId(randomBytes(12).toString('hex'));
    const [major = NaN, minor = NaN] = this.server.version.split('.').map(Number);
    const objects = new Set(BASES.map((base) => getTenantTableName(base, tenantId)));
    const statements = renderTenantTables({
      tenantId,
      database: this.server.database,
      clickhouseVersion: { major, minor },
      engine: 'MergeTree',
      partitioning: this.partitioning,
      retention: defaultRetention,
    });
    for (const { object, sql } of statements) if (objects.has(object)) await this.run(sql);
    this.ids.push(tenantId);
    return tenantId;
  }

  /** Inserts log records: each partition that they fall into gets a part, and so does the rollup. */
  async insert(id: TenantId, { rows, days = 1, age = 0 }: Rows): Promise<void> {
    await this.run(
      `INSERT INTO ${this.table(id)} (Timestamp, ServiceName, SeverityText, Body, LogAttributes)
       SELECT now64(9) - toIntervalDay({age:UInt16} + number % {days:UInt16}) - toIntervalMillisecond(number),
         concat('service-', toString(number % 20)), if(number % 50 = 0, 'error', 'info'),
         concat('request ', toString(number), ' served'), map('http.status', toString(200 + number % 5))
       FROM numbers({rows:UInt32})`,
      { rows, days, age },
    );
  }

  /** What HyperDX's search page asks first: how many records of each severity, over time. */
  async query(id: TenantId, days = 1): Promise<void> {
    await this.read(
      `SELECT toStartOfInterval(Timestamp, INTERVAL 30 MINUTE) AS t, SeverityText, count() AS n
       FROM ${this.table(id)} WHERE Timestamp >= now() - toIntervalDay({days:UInt16})
       GROUP BY t, SeverityText ORDER BY t`,
      { days },
    );
  }

  /** Merges each partition of a tenant's tables into one part. */
  async merge(id: TenantId): Promise<void> {
    for (const base of BASES.slice(0, TABLES_PER_TENANT)) {
      await this.run(
        `OPTIMIZE TABLE ${getTenantTableName(base, id)} FINAL SETTINGS optimize_skip_merged_partitions = 1`,
      );
    }
  }

  /** Has a tenant's tables remove what merges replaced within a second, once the engine has started again, in place of 30 to 300. */
  async cleanQuickly(id: TenantId): Promise<void> {
    for (const base of BASES.slice(0, TABLES_PER_TENANT)) {
      await this.run(
        `ALTER TABLE ${getTenantTableName(base, id)} MODIFY SETTING cleanup_delay_period = 1, max_cleanup_delay_period = 1, cleanup_delay_period_random_add = 0`,
      );
    }
  }

  /** Drops one tenant, as the product does: `SYNC`, the view first. */
  async drop(id: TenantId): Promise<void> {
    const objects = new Set(BASES.map((base) => getTenantTableName(base, id)));
    for (const { object, sql } of planDrop({ tenantId: id, database: this.server.database })) {
      if (objects.has(object)) await this.run(sql);
    }
  }

  /** Rows of an answer. */
  async read<Row>(query: string, parameters: Record<string, unknown> = {}): Promise<Row[]> {
    const answer = await this.client.query({
      query,
      query_params: parameters,
      format: 'JSONEachRow',
      abort_signal: this.signal,
    });
    return answer.json<Row>();
  }

  table(id: TenantId): string {
    return getTenantTableName('otel_logs', id);
  }

  private async run(query: string, parameters: Record<string, unknown> = {}): Promise<void> {
    this.signal.throwIfAborted();
    await this.client.command({ query, query_params: parameters, abort_signal: this.signal });
  }
}
