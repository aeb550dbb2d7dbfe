import { text } from 'node:stream/consumers';

import type { TenantId } from '@hyperdx-tenancy/domain/ids';
import { getTenantTableName, parseTenantId } from '@hyperdx-tenancy/domain/ids';
import type { ObservedObject, TablesContext } from '@hyperdx-tenancy/domain/tables';
import {
  baseNames,
  expectedColumns,
  parseTableComment,
  planDrop,
  planTables,
  renderTenantTables,
  schemaVersion,
  tableTemplates,
} from '@hyperdx-tenancy/domain/tables';

import {
  bloomFilters,
  context,
  database,
  sampleCounts,
  useTableEngine,
  textIndexes,
} from './tableEngine';
import { describedColumns, nativeColumns, sampleRows, sampleSecond } from './tableExpectations';

const acme = parseTenantId('0123456789abcdef01234567');
const globex = parseTenantId('fedcba987654321001234567');

const engine = useTableEngine();

async function observe(tenantId: TenantId): Promise<ObservedObject[]> {
  const found = await engine.rows<{ name: string; engine: string; comment: string }>(
    `SELECT name, engine, comment FROM system.tables WHERE database = '${database}' AND endsWith(name, '_${tenantId}')`,
  );
  return found.map(({ name, engine: engineName, comment }) => ({
    name,
    kind: engineName === 'MaterializedView' ? 'view' : 'table',
    comment,
  }));
}

async function describeTable(name: string): Promise<string[]> {
  const columns = await engine.rows<{ name: string; type: string; default_type: string }>(
    `DESCRIBE TABLE ${database}.${name}`,
  );
  return columns.map((column) => [column.name, column.type, column.default_type].join(' ').trim());
}

const noCounts = Object.fromEntries(Object.keys(sampleRows).map((base) => [base, 0]));

describe.each([
  ['with text indexes', textIndexes],
  ['with bloom filters', bloomFilters],
])('a tenant’s tables %s', (_, clickhouseVersion) => {
  const of = context(acme, { clickhouseVersion });
  const flavour = clickhouseVersion === textIndexes ? 'text' : 'bloom';

  beforeAll(async () => {
    await engine.create(of);
    await engine.insertSamples(acme);
  }, 60_000);

  afterAll(() => engine.drop(acme), 60_000);

  it('can be created again, which changes nothing', async () => {
    const before = await observe(acme);
    await engine.create(of);
    expect(await observe(acme)).toEqual(before);
    expect(before).toHaveLength(12);
    expect(await engine.counts(acme)).toEqual(sampleCounts);
  });

  it.each(tableTemplates)('$base has the columns of a HyperDX install', async ({ base }) => {
    const described = await describeTable(getTenantTableName(base, acme));
    expect(described).toEqual(describedColumns(base, flavour));
  });

  it.each(tableTemplates)('$base is described as its template expects', async (template) => {
    const described = await describeTable(getTenantTableName(template.base, acme));
    const expected = [...expectedColumns(template, clickhouseVersion)];
    expect(described.map((line) => line.replace(/ (DEFAULT|MATERIALIZED|ALIAS)$/, ''))).toEqual(
      expected.map(([name, type]) => `${name} ${type}`),
    );
  });

  it('stores what the exporter inserts', async () => {
    expect(await engine.counts(acme)).toEqual(sampleCounts);
  });

  it('computes the materialised columns and the attribute items', async () => {
    const items =
      flavour === 'text'
        ? 'LogAttributeItems'
        : "['no items before text indexes'] AS LogAttributeItems";
    const logs = await engine.rows<Record<string, unknown>>(
      `SELECT \`__hdx_materialized_k8s.pod.name\` AS pod, \`__hdx_materialized_deployment.environment.name\` AS env, ${items}
       FROM ${database}.otel_logs_${acme} ORDER BY Timestamp LIMIT 1`,
    );
    expect(logs).toEqual([
      {
        pod: 'pod-1',
        env: 'prod',
        LogAttributeItems:
          flavour === 'text' ? ['user=7', 'path=/a=b'] : ['no items before text indexes'],
      },
    ]);
    const traces = await engine.rows<Record<string, unknown>>(
      `SELECT \`__hdx_materialized_rum.sessionId\` AS session, toUInt32(SampleRate) AS rate, Events
       FROM ${database}.otel_traces_${acme} ORDER BY Timestamp`,
    );
    expect(traces.map(({ session, rate }) => [session, rate])).toEqual([
      ['session-1', 20],
      ['', 1],
    ]);
    // The default trace source names the nested column as a whole.
    expect(traces[0]?.Events).toEqual([
      {
        Timestamp: `${sampleSecond}.000000001`,
        Name: 'exception',
        Attributes: { 'exception.type': 'E' },
      },
    ]);
    const sessions = await engine.rows<{ t: string }>(
      `SELECT toString(TimestampTime) AS t FROM ${database}.hyperdx_sessions_${acme}`,
    );
    expect(sessions).toEqual([{ t: sampleSecond }]);
  });

  it.each(['otel_logs', 'otel_traces'] as const)(
    'the view of %s counts every value of every native column',
    async (base) => {
      expect(await engine.rollup(base, acme)).toEqual([...nativeColumns[base]].sort());
    },
  );

  it('says partition, retention and settings in its definition', async () => {
    const found = await engine.rows<{ name: string; sql: string }>(
      `SELECT name, create_table_query AS sql FROM system.tables
       WHERE database = '${database}' AND engine LIKE '%MergeTree' AND endsWith(name, '_${acme}')`,
    );
    expect(found).toHaveLength(tableTemplates.length);
    for (const { sql } of found) {
      expect(sql).toMatch(/PARTITION BY toDate\((Timestamp|TimestampTime|TimeUnix)\)/);
      expect(sql).toContain('+ toIntervalHour(720)');
      expect(sql).toContain('ttl_only_drop_parts = 1');
      expect(sql).toContain('materialize_ttl_recalculate_only = 1');
    }
  });

  it('has the skip indexes of its flavour', async () => {
    const found = await engine.rows<{ type: string; expr: string }>(
      `SELECT type_full AS type, expr FROM system.data_skipping_indices
       WHERE database = '${database}' AND table = 'otel_logs_${acme}' ORDER BY name`,
    );
    const maps = ['LogAttributes', 'ResourceAttributes', 'ScopeAttributes'];
    const array = "text(tokenizer = 'array')";
    const expected =
      flavour === 'text'
        ? [
            ["text(tokenizer = 'splitByNonAlpha')", 'lower(Body)'],
            [array, 'TraceId'],
            ...maps.flatMap((map) => [
              [array, `mapKeys(${map})`],
              // The server shows what the ALIAS column stands for.
              [array, itemsExpression(map)],
            ]),
          ]
        : [
            ['tokenbf_v1(32768, 3, 0)', 'lower(Body)'],
            ['bloom_filter(0.001)', 'TraceId'],
            ...maps.flatMap((map) => [
              ['bloom_filter(0.01)', `mapKeys(${map})`],
              ['bloom_filter(0.01)', `mapValues(${map})`],
            ]),
          ];
    expect(found.map(({ type, expr }) => [type, expr]).sort()).toEqual(expected.sort());
  });

  it('says in each COMMENT which schema made it, and the plan keeps it', async () => {
    const observed = await observe(acme);
    expect(observed.map(({ comment }) => parseTableComment(comment)?.base).sort()).toEqual(
      [...baseNames].sort(),
    );
    for (const { comment } of observed) {
      expect(parseTableComment(comment)).toMatchObject({ schemaVersion, tenantId: acme });
    }
    const desired = renderTenantTables(of);
    expect(planTables(desired, observed)).toEqual(
      desired.map(({ object }) => ({ action: 'keep', object, schemaVersion })),
    );
  });
});

const pairTexts = "arrayMap(pair -> concat(pair.1, '=', pair.2), ";
const itemsExpression = (map: string): string =>
  `${pairTexts}CAST(${map}, 'Array(Tuple(String, String))'))`;
const inlineItemsExpression = (map: string): string =>
  `${pairTexts}${map}::Array(Tuple(String, String)))`;

/** HyperDX finds the items column by this form of its expression, so the server has to print it so. */
it('shows the items columns in the form that HyperDX looks for', async () => {
  await engine.create(context(acme));
  const found = await engine.rows<{ name: string; expression: string }>(
    `SELECT name, default_expression AS expression FROM system.columns
     WHERE database = '${database}' AND table = 'otel_traces_${acme}' AND default_kind = 'ALIAS' ORDER BY name`,
  );
  expect(found.map(({ name }) => name)).toEqual(['ResourceAttributeItems', 'SpanAttributeItems']);
  for (const { name, expression } of found) {
    const map = name.replace('Items', 's');
    expect([itemsExpression(map), inlineItemsExpression(map)]).toContain(expression);
  }
  await engine.drop(acme);
});

it('lets a text index answer a search on attribute items', async () => {
  await engine.create(context(acme));
  await engine.insertSamples(acme);
  const where = "has(LogAttributeItems, concat('path', '=', '/a=b'))";
  const found = await engine.rows<{ n: number }>(
    `SELECT toUInt32(count()) AS n FROM ${database}.otel_logs_${acme} WHERE ${where}`,
  );
  expect(found).toEqual([{ n: 1 }]);
  const plan = await engine.rows<{ explain: string }>(
    `EXPLAIN indexes = 1 SELECT Body FROM ${database}.otel_logs_${acme} WHERE ${where}`,
  );
  expect(plan.map(({ explain }) => explain.trim())).toContain('Name: idx_log_attr_items');
  await engine.drop(acme);
});

describe('two tenants side by side', () => {
  beforeAll(async () => {
    await engine.create(context(acme, { partitioning: 'month' }));
    await engine.create(context(globex, { partitioning: 'week' }));
    await engine.insertSamples(acme);
  }, 60_000);

  afterAll(async () => {
    await engine.drop(acme);
    await engine.drop(globex);
  }, 60_000);

  it('keep their rows and their rollups apart', async () => {
    expect(await engine.counts(acme)).toEqual(sampleCounts);
    expect(await engine.counts(globex)).toEqual(noCounts);
    for (const base of ['otel_logs', 'otel_traces']) {
      const rollup = (of: TenantId) =>
        engine.rows<{ n: number }>(
          `SELECT toUInt32(count()) AS n FROM ${database}.${base}_kv_rollup_15m_${of}`,
        );
      expect((await rollup(acme))[0]?.n).toBeGreaterThan(0);
      expect(await rollup(globex)).toEqual([{ n: 0 }]);
    }
  });

  it('have the partitioning that each asked for', async () => {
    const keys = (of: TenantId) =>
      engine.rows<{ key: string }>(
        `SELECT partition_key AS key FROM system.tables
         WHERE database = '${database}' AND name = 'otel_logs_${of}'`,
      );
    expect(await keys(acme)).toEqual([{ key: 'toYYYYMM(Timestamp)' }]);
    expect(await keys(globex)).toEqual([{ key: 'toMonday(Timestamp)' }]);
  });

  it('are dropped one without the other, leaving nothing', async () => {
    const before = await observe(globex);
    await engine.drop(acme);
    expect(await observe(acme)).toEqual([]);
    expect(await observe(globex)).toEqual(before);
    // Again: nothing to drop is no error, as after a crash half way.
    await engine.drop(acme);
  });
});

describe('what this engine cannot run', () => {
  const clustered = (clickhouseVersion: TablesContext['clickhouseVersion']): TablesContext =>
    context(acme, {
      clickhouseVersion,
      cluster: "it's `mine`",
      definer: 'hdx_views',
      engine: {
        replicated: { path: "/ch/{shard}/it's/{database}/{table}", replica: '{replica}' },
      },
    });

  it.each([textIndexes, bloomFilters])('parses: cluster, %j', async (version) => {
    const of = clustered(version);
    for (const { sql, object } of [...renderTenantTables(of), ...planDrop(of)]) {
      // exec, since query() appends a FORMAT, which would become a part of the explained statement.
      const { stream } = await engine.client.exec({ query: `EXPLAIN AST ${sql}` });
      expect(await text(stream)).toMatch(new RegExp(`^(Create|Drop)Query ${database} ${object} `));
    }
  });
});
