import type { Engine, Partitioning, TablesContext } from '../context';
import { templates } from '../registry';
import { renderCreateTable, renderTenantTables } from '../render';
import { otelLogs, single, site } from './siteFixtures';

// The whole SQL of one table, and of one view, for every combination that changes it; render.test.ts has the whole set
// of the main ones. These are what the tests on the engine run (one server) and parse (the others).

const engines: [string, Engine][] = [
  ['MergeTree', 'MergeTree'],
  [
    'Replicated',
    {
      replicated: { path: '/clickhouse/tables/{shard}/{database}/{table}', replica: '{replica}' },
    },
  ],
];
const clusters: [string, Pick<TablesContext, 'cluster'>][] = [
  ['one server', {}],
  ['ON CLUSTER', { cluster: 'main' }],
];
/** One of each class: before block columns, before text indexes, with them. */
const versions = [
  { major: 24, minor: 3 },
  { major: 25, minor: 8 },
  { major: 26, minor: 7 },
];
const partitionings: Partitioning[] = ['day', 'week', 'month'];
const definers: [string, Pick<TablesContext, 'definer'>][] = [
  ['whoever creates it', {}],
  ['a definer', { definer: 'hdx_views' }],
];

const combinations = engines.flatMap(([engineName, engine]) =>
  clusters.flatMap(([clusterName, cluster]) =>
    versions.flatMap((clickhouseVersion) =>
      partitionings.map((partitioning) => ({
        name: `${engineName}, ${clusterName}, ${clickhouseVersion.major}.${clickhouseVersion.minor}, by ${partitioning}`,
        context: { ...single, engine, ...cluster, clickhouseVersion, partitioning },
      })),
    ),
  ),
);

describe('otel_logs', () => {
  it.each(combinations)('$name', ({ context }) => {
    expect(renderCreateTable(otelLogs, context)).toMatchSnapshot();
  });

  it('is another statement in each combination, and the same each time', () => {
    const all = combinations.map(({ context }) => renderCreateTable(otelLogs, context));
    expect(new Set(all).size).toBe(36);
    expect(combinations.map(({ context }) => renderCreateTable(otelLogs, context))).toEqual(all);
  });
});

describe('the view of otel_logs', () => {
  const view = templates.find(({ base }) => base === 'otel_logs_kv_rollup_15m_mv')!;
  const cases = clusters.flatMap(([clusterName, cluster]) =>
    definers.map(([definerName, definer]) => ({
      name: `${clusterName}, as ${definerName}`,
      context: { ...single, ...cluster, ...definer },
    })),
  );

  it.each(cases)('$name', ({ context }) => {
    expect(renderCreateTable(view, context)).toMatchSnapshot();
  });
});

describe('every table', () => {
  const context = { ...single, retention: { logs: 24, traces: 48, sessions: 72, metrics: 96 } };

  it('has the TTL of its signal', () => {
    const ttl = renderTenantTables(context).flatMap(({ object, sql }) =>
      (/\nTTL (.+)\n/.exec(sql) ?? []).slice(1).map((text) => `${object}: ${text}`),
    );
    expect(ttl).toMatchSnapshot();
  });

  it.each(combinations)('has a site’s additions too: $name', ({ context: combination }) => {
    const [logs] = renderTenantTables({ ...combination, site });
    expect(logs!.sql).toContain("`tier` String DEFAULT ('none')");
    expect(logs!.sql).toContain('INDEX `pair` (host_name, tier) TYPE set(100)');
  });
});
