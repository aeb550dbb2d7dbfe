import { text } from 'node:stream/consumers';

import { parseTenantId } from '@hyperdx-tenancy/domain/ids';
import type { Partitioning, SiteTemplates, TablesContext } from '@hyperdx-tenancy/domain/tables';
import {
  defaultRetention,
  planDrop,
  planRetention,
  planSite,
  renderTenantTables,
  schemaVersion,
  tableTemplates,
} from '@hyperdx-tenancy/domain/tables';

import { context, database, sampleCounts, useTableEngine } from './tableEngine';
import { nativeColumns } from './tableExpectations';

// Every combination of options that the SQL snapshots cover: on this engine where it can run them, else parsed by it.

const acme = parseTenantId('0123456789abcdef01234567');
const versions = [
  { major: 24, minor: 3 },
  { major: 25, minor: 8 },
  { major: 26, minor: 7 },
];
const partitionings: Partitioning[] = ['day', 'week', 'month'];
const options = versions.flatMap((clickhouseVersion) =>
  partitionings.map((partitioning) => ({ clickhouseVersion, partitioning })),
);
const replicated: TablesContext['engine'] = {
  replicated: { path: "/ch/{shard}/it's/{database}/{table}", replica: '{replica}' },
};
const site: SiteTemplates = {
  otel_logs: {
    columns: [{ name: 'host', type: 'String', materialized: "ResourceAttributes['host.name']" }],
    indexes: [{ name: 'host', expression: 'host', type: 'set(100)' }],
  },
};

const engine = useTableEngine();

describe('one server, run', () => {
  afterEach(() => engine.drop(acme), 60_000);

  it.each(options)(
    '$clickhouseVersion.major.$clickhouseVersion.minor by $partitioning: all tables, an insert into each, both rollups',
    async (change) => {
      // The engine's only user; on a server with users of its own it is one that cannot log in.
      await engine.create(context(acme, { ...change, definer: 'default' }));
      await engine.insertSamples(acme);
      expect(await engine.counts(acme)).toEqual(sampleCounts);
      for (const base of ['otel_logs', 'otel_traces'] as const) {
        expect(await engine.rollup(base, acme)).toEqual([...nativeColumns[base]].sort());
      }
      const [view] = await engine.rows<{ sql: string }>(
        `SELECT create_table_query AS sql FROM system.tables
         WHERE database = '${database}' AND name = 'otel_logs_kv_rollup_15m_mv_${acme}'`,
      );
      expect(view?.sql).toContain('DEFINER = default SQL SECURITY DEFINER');
    },
    60_000,
  );
});

describe('cluster and Replicated, parsed', () => {
  const cases = options.flatMap((change) => [
    { name: 'MergeTree ON CLUSTER', change: { ...change, cluster: "it's `mine`" } },
    { name: 'Replicated', change: { ...change, engine: replicated } },
    {
      name: 'Replicated ON CLUSTER',
      change: { ...change, engine: replicated, cluster: "it's `mine`" },
    },
  ]);

  it.each(cases)(
    '$name, $change.clickhouseVersion.major.$change.clickhouseVersion.minor by $change.partitioning',
    async ({ change }) => {
      const of = context(acme, { ...change, definer: 'hdx_views', site });
      const existing = tableTemplates.map(({ base }) => ({
        name: `${base}_${acme}`,
        kind: 'table' as const,
        comment: `hyperdx-tenancy schema=${schemaVersion} tenant=${acme} base=${base}`,
        columns: [],
        indexes: [],
      }));
      const altered = planSite(of, existing).statements;
      expect(altered.map(({ sql }) => sql.includes('ADD COLUMN'))).toEqual([true, false]);
      const statements = [
        ...renderTenantTables(of),
        ...altered,
        ...planRetention(of, { ...defaultRetention, logs: 1, metrics: 1 }),
        ...planDrop(of),
      ];
      expect(statements).toHaveLength(12 + 2 + 7 + 12);
      for (const { sql, object } of statements) {
        // exec, since query() appends a FORMAT, which would become a part of the explained statement.
        const { stream } = await engine.client.exec({ query: `EXPLAIN AST ${sql}` });
        expect(await text(stream)).toMatch(
          new RegExp(`^(Create|Alter|Drop)Query ${database} ${object} `),
        );
      }
    },
    60_000,
  );
});
