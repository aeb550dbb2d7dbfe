import { readdirSync, statSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { parseTenantId } from '@hyperdx-tenancy/domain/ids';
import type { SitePlan, SiteTemplates, TablesContext } from '@hyperdx-tenancy/domain/tables';
import {
  currentTemplates,
  defaultRetention,
  expectedColumns,
  mergeSite,
  parseTableComment,
  planRetention,
  planSite,
  planTables,
  renderTenantTables,
  siteHash,
  tableTemplates,
} from '@hyperdx-tenancy/domain/tables';

import { loadSiteTemplates } from '../../configFiles/siteTemplates';
import { observeSiteTables } from '../siteTables';
import { checkSiteTemplates } from '../siteTemplates';
import { context, database, sampleCounts, TableEngine, textIndexes } from './tableEngine';

const acme = parseTenantId('0123456789abcdef01234567');
const logs = `${database}.otel_logs_${acme}`;

const otelLogsFile = `
# What the operator writes; types as people write them.
columns:
  - name: pod_shard
    type: LowCardinality( String )
    codec: ZSTD(1)
    materialized: splitByChar('-', ResourceAttributes['k8s.pod.name'])[-1]
    comment: The last part of the pod's name
  - name: tier
    type: Enum('none','gold')
    default: "'none'"
  - name: cost
    type: Decimal(10,2)
  - name: shout
    type: String
    alias: concat(upper(Body), ';')
indexes:
  - name: pod_shard
    expression: pod_shard
    type: set(100)
    granularity: 4
`;

let engine: TableEngine;
let folder: string;

beforeAll(async () => {
  engine = await TableEngine.start();
}, 120_000);

afterAll(() => engine.stop(), 30_000);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'templates-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
  await engine.drop(acme);
}, 60_000);

async function siteOf(files: Record<string, string>): Promise<SiteTemplates> {
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
  return checkSiteTemplates(engine.client, loadSiteTemplates(folder), textIndexes);
}

/** What a start with this file ends with. */
async function refusalOf(content: string): Promise<string> {
  const failure = await siteOf({ 'otel_logs.yaml': content }).then(
    () => 'was let through',
    (error: unknown) => error,
  );
  return failure instanceof Error ? failure.message : String(failure);
}

async function bringUp(of: TablesContext): Promise<SitePlan> {
  const plan = planSite(of, await observeSiteTables(engine.client, of));
  await engine.run(plan.statements);
  return plan;
}

async function filled(): Promise<unknown[]> {
  return engine.rows(
    `SELECT pod_shard, tier, toFloat64(cost) AS cost, shout FROM ${logs} ORDER BY Timestamp LIMIT 2`,
  );
}
const expected = [
  { pod_shard: '1', tier: 'none', cost: 0, shout: 'HELLO WORLD;' },
  { pod_shard: '', tier: 'none', cost: 0, shout: 'HELLO WORLD;' },
];

describe('a tenant made with a site’s additions', () => {
  it('has them, and the collector’s inserts fill them', async () => {
    const site = await siteOf({ 'otel_logs.yaml': otelLogsFile });
    await engine.create(context(acme, { site }));
    await engine.insertSamples(acme);
    expect(await engine.counts(acme)).toEqual(sampleCounts);
    expect(await filled()).toEqual(expected);

    const plan = await engine.rows<{ explain: string }>(
      `EXPLAIN indexes = 1 SELECT Body FROM ${logs} WHERE pod_shard = '1'`,
    );
    expect(plan.map(({ explain }) => explain.trim())).toContain('Name: pod_shard');
  }, 60_000);

  it('is verified with them: the check’s types are those that ClickHouse shows', async () => {
    const site = await siteOf({ 'otel_logs.yaml': otelLogsFile });
    const of = context(acme, { site });
    await engine.create(of);
    const [template] = mergeSite(tableTemplates, site);
    const described = await engine.rows<{ name: string; type: string }>(`DESCRIBE TABLE ${logs}`);
    expect(described.map(({ name, type }) => [name, type])).toEqual([
      ...expectedColumns(template!, textIndexes),
    ]);
    expect(await bringUp(of)).toEqual({ statements: [], left: [], conflicts: [] });
  }, 60_000);
});

describe('a tenant that was there before', () => {
  it('is brought up, once, and keeps its rows', async () => {
    await engine.create(context(acme));
    await engine.insertSamples(acme);
    const site = await siteOf({ 'otel_logs.yaml': otelLogsFile });
    const of = context(acme, { site });

    expect((await bringUp(of)).statements).toHaveLength(2);
    expect(await bringUp(of)).toEqual({ statements: [], left: [], conflicts: [] });
    expect(await engine.counts(acme)).toEqual(sampleCounts);
    // Rows from before have the values too.
    expect(await filled()).toEqual(expected);
    const [table] = await observeSiteTables(engine.client, of).then((tables) =>
      tables.filter(({ name }) => name === `otel_logs_${acme}`),
    );
    expect(parseTableComment(table!.comment)?.site).toBe(siteHash(site.otel_logs!));
  }, 60_000);

  it('keeps what the site adds when an upgrade makes it up to date again', async () => {
    const site = await siteOf({ 'otel_logs.yaml': otelLogsFile });
    const of = context(acme, { site });
    await engine.create(of);
    await engine.insertSamples(acme);
    const upgraded = { ...currentTemplates, schemaVersion: currentTemplates.schemaVersion + 1 };
    const observed = await observeSiteTables(engine.client, of);
    for (const step of planTables(renderTenantTables(of, upgraded), observed)) {
      if (step.action === 'create') await engine.run([step.statement]);
    }
    await engine.run(planSite(of, observed, upgraded).statements);
    expect(await filled()).toEqual(expected);
  }, 60_000);

  it('has changed expressions for new rows, without a mutation', async () => {
    await engine.create(context(acme, { site: await siteOf({ 'otel_logs.yaml': otelLogsFile }) }));
    await engine.insertSamples(acme);
    const changed = otelLogsFile.replace('[-1]', '[1]');
    const of = context(acme, { site: await siteOf({ 'otel_logs.yaml': changed }) });
    expect((await bringUp(of)).conflicts).toEqual([]);
    await engine.insertSamples(acme);
    const found = await engine.rows(
      `SELECT DISTINCT pod_shard FROM ${logs} WHERE pod_shard != '' ORDER BY pod_shard`,
    );
    expect(found).toEqual([{ pod_shard: '1' }, { pod_shard: 'pod' }]);
    expect(await mutations()).toEqual([]);
    expect((await bringUp(of)).statements).toEqual([]);
  }, 60_000);

  it('keeps what the site took back, with its data', async () => {
    await engine.create(context(acme, { site: await siteOf({ 'otel_logs.yaml': otelLogsFile }) }));
    await engine.insertSamples(acme);
    const plan = await bringUp(context(acme));
    expect(plan.left.map(({ part, name }) => `${part} ${name}`)).toEqual([
      'column pod_shard',
      'column tier',
      'column cost',
      'column shout',
      'index pod_shard',
    ]);
    expect(await filled()).toEqual(expected);
    expect((await bringUp(context(acme))).statements).toEqual([]);
  }, 60_000);

  it('keeps a column whose type the site changed, and it is said', async () => {
    await engine.create(context(acme, { site: await siteOf({ 'otel_logs.yaml': otelLogsFile }) }));
    const changed = otelLogsFile.replace('Decimal(10,2)', 'Float64');
    const of = context(acme, { site: await siteOf({ 'otel_logs.yaml': changed }) });
    expect((await bringUp(of)).conflicts).toEqual([
      {
        object: `otel_logs_${acme}`,
        part: 'column',
        name: 'cost',
        found: 'Decimal(10, 2)',
        wanted: 'Float64',
      },
    ]);
  }, 60_000);
});

async function mutations(): Promise<unknown[]> {
  return engine.rows(
    `SELECT table, command, toBool(is_done) AS done FROM system.mutations WHERE database = '${database}' ORDER BY table`,
  );
}

describe('planRetention', () => {
  /** Each column's file of each part in use, with its number: a link keeps it, a copy does not. */
  async function dataFiles(): Promise<string[]> {
    const parts = await engine.rows<{ path: string }>(
      `SELECT path FROM system.parts
       WHERE database = '${database}' AND table = 'otel_logs_${acme}' AND active ORDER BY name`,
    );
    return parts.flatMap(({ path }) =>
      readdirSync(path)
        .filter((name) => /\.(bin|idx)$/.test(name))
        .map((name) => `${name} ${statSync(join(path, name)).ino}`),
    );
  }
  const rowsOf = (files: string[]) => files.filter((file) => !file.startsWith('Timestamp.bin '));

  it('changes the TTL of a signal’s tables, and writes nothing anew but the time column', async () => {
    const of = context(acme);
    await engine.create(of);
    // A file a column, as parts of 10 MB and more have it; smaller ones are a single file.
    await engine.run([{ sql: `ALTER TABLE ${logs} MODIFY SETTING min_bytes_for_wide_part = 0` }]);
    await engine.insertSamples(acme);
    const before = await dataFiles();
    expect(before.length).toBeGreaterThan(20);

    const longer = { ...of, retention: { ...defaultRetention, logs: 1440 } };
    await engine.run(planRetention(longer, of.retention));
    const ttl = await engine.rows<{ name: string; hours: string }>(
      `SELECT name, extract(create_table_query, 'TTL [^,]* \\\\+ toIntervalHour\\\\((\\\\d+)\\\\)') AS hours
       FROM system.tables WHERE database = '${database}' AND engine LIKE '%MergeTree' ORDER BY name`,
    );
    for (const { name, hours } of ttl) {
      expect([name, hours]).toEqual([name, /^otel_logs_/.test(name) ? '1440' : '720']);
    }

    await expectDone();
    const [ends] = await engine.rows<{ max: string }>(
      `SELECT toString(max(delete_ttl_info_max)) AS max FROM system.parts
       WHERE database = '${database}' AND table = 'otel_logs_${acme}' AND active`,
    );
    // 60 days after 2 January 2099.
    expect(ends?.max).toMatch(/^2099-03-03 /);
    const after = await dataFiles();
    // What is new are the block numbers of a mutated part.
    expect(after).toEqual(expect.arrayContaining(rowsOf(before)));

    // As after a crash.
    await engine.run(planRetention(longer));
    await expectDone();
    expect(await dataFiles()).toEqual(after);
    expect(await engine.counts(acme)).toEqual(sampleCounts);
  }, 60_000);

  async function expectDone(): Promise<void> {
    const deadline = Date.now() + 30_000;
    let found = await mutations();
    while (JSON.stringify(found).includes('"done":false') && Date.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      found = await mutations();
    }
    const done = { command: '(MATERIALIZE TTL)', done: true };
    expect(found).toEqual([
      { table: `otel_logs_${acme}`, ...done },
      { table: `otel_logs_kv_rollup_15m_${acme}`, ...done },
    ]);
  }
});

it('takes the example of docs/templates.md', async () => {
  const docs = await readFile(join(__dirname, '../../../../../docs/templates.md'), 'utf8');
  const example = /```yaml\n([^]*?)```/.exec(docs)?.[1] ?? '';
  const site = await siteOf({ 'otel_logs.yaml': example });
  expect(site.otel_logs?.columns.map(({ name }) => name)).toEqual(['shop', 'basket_value']);
  await engine.create(context(acme, { site }));
  await engine.client.insert({
    table: logs,
    values: [
      {
        // Older rows would be gone with the next merge.
        Timestamp: new Date().toISOString().replace(/[TZ]/g, ' ').trim(),
        LogAttributes: { 'basket.value': '12.50' },
        ResourceAttributes: { shop: 'north' },
      },
    ],
    format: 'JSONEachRow',
  });
  const found = await engine.rows(`SELECT shop, toString(basket_value) AS value FROM ${logs}`);
  expect(found).toEqual([{ shop: 'north', value: '12.5' }]);
}, 60_000);

describe('loadSiteTemplates', () => {
  it('reads a file a table, and passes over notes and hidden files', async () => {
    const site = await siteOf({
      'otel_logs.yaml': otelLogsFile,
      'otel_traces.yaml': 'columns: [{ name: mine, type: String }]',
      'README.md': 'notes',
      '.gitignore': '*.swp',
    });
    expect(Object.keys(site).sort()).toEqual(['otel_logs', 'otel_traces']);
    expect(site.otel_logs?.columns.map(({ type }) => type)).toEqual([
      'LowCardinality(String)',
      "Enum8('none' = 1, 'gold' = 2)",
      'Decimal(10, 2)',
      'String',
    ]);
  });

  it('names every file and line at fault', async () => {
    await writeFile(join(folder, 'otel_logs.yaml'), 'columns:\n  - name: Mine\n    type: String\n');
    await writeFile(join(folder, 'otel_logs.yml'), '');
    await writeFile(join(folder, 'otel_traces.yaml'), 'columns:\n  - { name: a, typ: String }\n');
    await writeFile(join(folder, 'hyperdx_sessions.yaml'), 'columns: &a [*a]\n');
    expect.assertions(1);
    try {
      loadSiteTemplates(folder);
    } catch (error) {
      const message = (error as Error).message.replaceAll(`${folder}/`, '');
      expect(message.split('\n')).toEqual([
        expect.stringContaining('hyperdx_sessions.yaml: must not hold aliases'),
        expect.stringMatching(/^otel_logs\.yaml:2: columns\.0\.name: must begin/),
        expect.stringMatching(/^otel_logs\.yml: belongs to no table .* otel_logs\.yaml,/),
        expect.stringMatching(/^otel_traces\.yaml:2: columns\.0\.type: is missing/),
        expect.stringMatching(/^otel_traces\.yaml:2: columns\.0\.typ: unknown field/),
      ]);
    }
  });

  it('says so where the folder is not there', () => {
    expect(() => loadSiteTemplates(join(folder, 'nope'))).toThrow(/nope: cannot be read/);
  });
});

describe('checkSiteTemplates', () => {
  const column = (rest: string) => `columns: [{ name: mine, ${rest} }]`;

  it.each([
    [column('type: Sring'), 'otel_logs.yaml: columns.mine.type: ClickHouse refuses it', 'Sring'],
    [
      column('type: String, default: "upper(Body"'),
      'otel_logs.yaml:1: columns.0.default: leaves',
      ')',
    ],
    [
      column('type: String, default: "Body Body Body"'),
      'otel_logs.yaml: columns.mine: ClickHouse refuses it',
      'Syntax error',
    ],
    [
      column('type: String, alias: Nope'),
      'otel_logs.yaml: columns.mine: ClickHouse refuses it',
      'Nope',
    ],
    [
      column('type: String, alias: nope(Body)'),
      'otel_logs.yaml: columns.mine: ClickHouse refuses it',
      'nope',
    ],
    [
      column('type: String, default: "(SELECT 1)"'),
      'otel_logs.yaml: ClickHouse refuses it',
      'not allowed',
    ],
    [
      column('type: String, codec: Zstandard'),
      'otel_logs.yaml: ClickHouse refuses it',
      'Zstandard',
    ],
    [
      'indexes: [{ name: mine, expression: Body, type: blom_filter }]',
      'otel_logs.yaml: ClickHouse refuses it',
      'blom_filter',
    ],
    [
      'indexes: [{ name: mine, expression: Nope, type: minmax }]',
      'otel_logs.yaml: indexes.mine: ClickHouse refuses it',
      'Nope',
    ],
    [
      'indexes: [{ name: mine, expression: "Body +", type: minmax }]',
      'otel_logs.yaml: indexes.mine: ClickHouse refuses it',
      'Syntax error',
    ],
  ])('%s', async (content, start, said) => {
    const message = (await refusalOf(content)).replaceAll(`${folder}/`, '');
    expect(message.slice(0, start.length)).toBe(start);
    expect(message.slice(start.length)).toContain(said);
    expect(message).not.toMatch(/formatQuerySingleLine|__hdx_|tmp_alter/);
  });

  it('leaves nothing behind', async () => {
    const before = await engine.rows('SELECT database, name FROM system.tables ORDER BY ALL');
    await siteOf({ 'otel_logs.yaml': otelLogsFile });
    await refusalOf(column('type: String, alias: Nope'));
    expect(await engine.rows('SELECT database, name FROM system.tables ORDER BY ALL')).toEqual(
      before,
    );
  });

  it('judges by the columns that the target’s release has', async () => {
    const content = 'columns: [{ name: pairs, type: UInt64, alias: length(LogAttributeItems) }]';
    await writeFile(join(folder, 'otel_logs.yaml'), content);
    const site = loadSiteTemplates(folder);
    await expect(checkSiteTemplates(engine.client, site, textIndexes)).resolves.toEqual(site);
    await expect(checkSiteTemplates(engine.client, site, { major: 25, minor: 8 })).rejects.toThrow(
      /LogAttributeItems/,
    );
  });
});
