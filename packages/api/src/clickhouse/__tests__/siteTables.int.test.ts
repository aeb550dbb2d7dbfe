import { parseTenantId } from '@hyperdx-tenancy/domain/ids';
import {
  currentTemplates,
  expectedColumns,
  mergeSite,
  parseTableComment,
  planSite,
  planTables,
  renderTenantTables,
  siteHash,
  tableTemplates,
} from '@hyperdx-tenancy/domain/tables';
import type { SitePlan, TablesContext } from '@hyperdx-tenancy/domain/tables';

import { observeSiteTables } from '../siteTables';
import { otelLogsFile, useSiteFolder } from './siteFiles';
import { context, database, sampleCounts, useTableEngine, textIndexes } from './tableEngine';

const acme = parseTenantId('0123456789abcdef01234567');
const logs = `${database}.otel_logs_${acme}`;

const engine = useTableEngine();
const folder = useSiteFolder(engine);

afterEach(() => engine.drop(acme), 60_000);

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
    const site = await folder.load({ 'otel_logs.yaml': otelLogsFile });
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
    const site = await folder.load({ 'otel_logs.yaml': otelLogsFile });
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
    const site = await folder.load({ 'otel_logs.yaml': otelLogsFile });
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
    const site = await folder.load({ 'otel_logs.yaml': otelLogsFile });
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
    await engine.create(
      context(acme, { site: await folder.load({ 'otel_logs.yaml': otelLogsFile }) }),
    );
    await engine.insertSamples(acme);
    const changed = otelLogsFile.replace('[-1]', '[1]');
    const of = context(acme, { site: await folder.load({ 'otel_logs.yaml': changed }) });
    expect((await bringUp(of)).conflicts).toEqual([]);
    await engine.insertSamples(acme);
    const found = await engine.rows(
      `SELECT DISTINCT pod_shard FROM ${logs} WHERE pod_shard != '' ORDER BY pod_shard`,
    );
    expect(found).toEqual([{ pod_shard: '1' }, { pod_shard: 'pod' }]);
    expect(await engine.mutations()).toEqual([]);
    expect((await bringUp(of)).statements).toEqual([]);
  }, 60_000);

  it('keeps what the site took back, with its data', async () => {
    await engine.create(
      context(acme, { site: await folder.load({ 'otel_logs.yaml': otelLogsFile }) }),
    );
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
    await engine.create(
      context(acme, { site: await folder.load({ 'otel_logs.yaml': otelLogsFile }) }),
    );
    const changed = otelLogsFile.replace('Decimal(10,2)', 'Float64');
    const of = context(acme, { site: await folder.load({ 'otel_logs.yaml': changed }) });
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
