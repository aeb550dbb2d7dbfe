import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { parseTenantId } from '@hyperdx-tenancy/domain/ids';

import { loadSiteTemplates } from '../../configFiles/siteTemplates';
import { checkSiteTemplates } from '../siteTemplates';
import { otelLogsFile, useSiteFolder } from './siteFiles';
import { context, database, useTableEngine, textIndexes } from './tableEngine';

const acme = parseTenantId('0123456789abcdef01234567');
const logs = `${database}.otel_logs_${acme}`;

const engine = useTableEngine();
const folder = useSiteFolder(engine);

afterEach(() => engine.drop(acme), 60_000);

/** What a start with this file ends with. */
async function refusalOf(content: string): Promise<string> {
  const failure = await folder.load({ 'otel_logs.yaml': content }).then(
    () => 'was let through',
    (error: unknown) => error,
  );
  return failure instanceof Error ? failure.message : String(failure);
}

it('takes the example of docs/templates.md', async () => {
  const docs = await readFile(join(__dirname, '../../../../../docs/templates.md'), 'utf8');
  const example = /```yaml\n([^]*?)```/.exec(docs)?.[1] ?? '';
  const site = await folder.load({ 'otel_logs.yaml': example });
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
    const site = await folder.load({
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
    await folder.write('otel_logs.yaml', 'columns:\n  - name: Mine\n    type: String\n');
    await folder.write('otel_logs.yml', '');
    await folder.write('otel_traces.yaml', 'columns:\n  - { name: a, typ: String }\n');
    await folder.write('hyperdx_sessions.yaml', 'columns: &a [*a]\n');
    expect.assertions(1);
    try {
      loadSiteTemplates(folder.path);
    } catch (error) {
      const message = (error as Error).message.replaceAll(`${folder.path}/`, '');
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
    expect(() => loadSiteTemplates(join(folder.path, 'nope'))).toThrow(/nope: cannot be read/);
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
    const message = (await refusalOf(content)).replaceAll(`${folder.path}/`, '');
    expect(message.slice(0, start.length)).toBe(start);
    expect(message.slice(start.length)).toContain(said);
    expect(message).not.toMatch(/formatQuerySingleLine|__hdx_|tmp_alter/);
  });

  it('leaves nothing behind', async () => {
    const before = await engine.rows('SELECT database, name FROM system.tables ORDER BY ALL');
    await folder.load({ 'otel_logs.yaml': otelLogsFile });
    await refusalOf(column('type: String, alias: Nope'));
    expect(await engine.rows('SELECT database, name FROM system.tables ORDER BY ALL')).toEqual(
      before,
    );
  });

  it('judges by the columns that the target’s release has', async () => {
    const content = 'columns: [{ name: pairs, type: UInt64, alias: length(LogAttributeItems) }]';
    await folder.write('otel_logs.yaml', content);
    const site = loadSiteTemplates(folder.path);
    await expect(checkSiteTemplates(engine.client, site, textIndexes)).resolves.toEqual(site);
    await expect(checkSiteTemplates(engine.client, site, { major: 25, minor: 8 })).rejects.toThrow(
      /LogAttributeItems/,
    );
  });
});
