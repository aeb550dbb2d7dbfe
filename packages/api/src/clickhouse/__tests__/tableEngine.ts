import type { ClickHouseClient } from '@clickhouse/client';
import { ClickHouseLogLevel, createClient } from '@clickhouse/client';
import type { ClickHouseServer } from '@hyperdx-tenancy/devkit/clickhouse';
import { startClickHouse } from '@hyperdx-tenancy/devkit/clickhouse';
import type { TenantId } from '@hyperdx-tenancy/domain/ids';
import { getTenantTableName } from '@hyperdx-tenancy/domain/ids';
import type { Statement, TablesContext } from '@hyperdx-tenancy/domain/tables';
import {
  defaultRetention,
  exporterTemplates,
  insertedColumns,
  planDrop,
  quoteIdentifier,
  renderTenantTables,
} from '@hyperdx-tenancy/domain/tables';

import { sampleRows } from './tableExpectations';

export const database = 'tenants';
export const textIndexes = { major: 26, minor: 2 };
export const bloomFilters = { major: 25, minor: 8 };

/** Rows of each table that {@link TableEngine.insertSamples} fills. */
export const sampleCounts = Object.fromEntries(
  Object.entries(sampleRows).map(([base, values]) => [base, values.length]),
);

/** A tenant's tables on one server, with text indexes, unless `change` says otherwise. */
export const context = (
  tenantId: TenantId,
  change: Partial<TablesContext> = {},
): TablesContext => ({
  tenantId,
  database,
  clickhouseVersion: textIndexes,
  engine: 'MergeTree',
  partitioning: 'day',
  retention: defaultRetention,
  ...change,
});

/** The real engine, and what the tests of tables do with it. */
export class TableEngine {
  private engine!: ClickHouseServer;
  client!: ClickHouseClient;

  async start(): Promise<void> {
    this.engine = await startClickHouse({ database });
    this.client = createClient({
      ...this.engine.client(),
      request_timeout: 30_000,
      // Refusals are what some tests ask for.
      log: { level: ClickHouseLogLevel.OFF },
    });
  }

  async stop(): Promise<void> {
    await this.client.close();
    await this.engine.stop();
  }

  async rows<T>(query: string): Promise<T[]> {
    return (await this.client.query({ query, format: 'JSONEachRow' })).json<T>();
  }

  async run(statements: readonly Pick<Statement, 'sql'>[]): Promise<void> {
    for (const { sql } of statements) await this.client.command({ query: sql });
  }

  async create(of: TablesContext): Promise<void> {
    await this.run(renderTenantTables(of));
  }

  async drop(tenantId: TenantId): Promise<void> {
    await this.run(planDrop({ tenantId, database }));
  }

  /** As the collector's exporter does: every column by name, those that ClickHouse computes left out. */
  async insertSamples(tenantId: TenantId): Promise<void> {
    for (const template of exporterTemplates) {
      const values = sampleRows[template.base];
      const columns = insertedColumns(template);
      for (const row of values ?? []) expect(Object.keys(row).sort()).toEqual([...columns].sort());
      await this.client.insert({
        table: `${database}.${getTenantTableName(template.base, tenantId)}`,
        columns: columns.map(quoteIdentifier) as [string, ...string[]],
        values: values ?? [],
        format: 'JSONEachRow',
      });
    }
  }

  /** Rows of each table that the exporter writes to. */
  async counts(tenantId: TenantId): Promise<Record<string, number>> {
    const found: Record<string, number> = {};
    for (const { base } of exporterTemplates) {
      const [row] = await this.rows<{ n: number }>(
        `SELECT toUInt32(count()) AS n FROM ${database}.${getTenantTableName(base, tenantId)}`,
      );
      found[base] = row?.n ?? -1;
    }
    return found;
  }

  /** What the rollup of a base table holds: bucket, key, value and count, a line each. */
  async rollup(base: 'otel_logs' | 'otel_traces', tenantId: TenantId): Promise<string[]> {
    const found = await this.rows<{ line: string }>(
      `SELECT concat(toString(Timestamp), ' ', ColumnIdentifier, ' ', Key, '=', Value, ' ', toString(sum(count))) AS line
       FROM ${database}.${base}_kv_rollup_15m_${tenantId} GROUP BY Timestamp, ColumnIdentifier, Key, Value ORDER BY line`,
    );
    return found.map(({ line }) => line);
  }

  /** All mutations of all tables, with what they do and whether they are done. */
  async mutations(): Promise<unknown[]> {
    return this.rows(
      `SELECT table, command, toBool(is_done) AS done FROM system.mutations WHERE database = '${database}' ORDER BY table`,
    );
  }
}

/** An engine for all tests of a file. */
export function useTableEngine(): TableEngine {
  const engine = new TableEngine();
  beforeAll(() => engine.start(), 120_000);
  afterAll(() => engine.stop(), 30_000);
  return engine;
}
