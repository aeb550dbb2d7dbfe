import { formatTableComment, parseTableComment } from '../comment';
import { mergeSite } from '../mergeSite';
import {
  currentTemplates,
  expectedColumns,
  siteBases,
  tableTemplates,
  templates,
} from '../registry';
import { renderCreateTable, renderTenantTables } from '../render';
import { siteHash } from '../siteHash';
import type { SiteColumn, SiteIndex, SiteTemplates } from '../siteTable';
import { siteTableOf } from '../siteTable';
import { failure } from './failure';
import { logsTable, otelLogs, single, site, tenantId } from './siteFixtures';

/** What the schema says of a file with one column or index: `field: message`. */
function faults(content: unknown): string[] {
  const result = siteTableOf(otelLogs).safeParse(content);
  return result.success
    ? []
    : result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
}
const column = (change: Record<string, unknown>): string[] =>
  faults({ columns: [{ name: 'mine', type: 'String', ...change }] });
const index = (change: Record<string, unknown>): string[] =>
  faults({ indexes: [{ name: 'mine', expression: 'Body', type: 'minmax', ...change }] });

describe('the names that a site may use', () => {
  it.each(['host', 'host_name', 'k8sPod', 'a'.repeat(63)])('%s', (name) => {
    expect(column({ name })).toEqual([]);
    expect(index({ name })).toEqual([]);
  });

  it.each(['', 'Host', '_x', '__hdx_x', '9x', 'a.b', 'a-b', 'a`b', 'a b', 'ö', 'a'.repeat(64)])(
    'and not %j',
    (name) => {
      expect(column({ name })).toEqual([expect.stringMatching(/^columns\.0\.name: must begin/)]);
      expect(index({ name })).toEqual([expect.stringMatching(/^indexes\.0\.name: must begin/)]);
    },
  );

  it('are of a kind that no template of ours has, so that an upgrade never takes one', () => {
    for (const { base, columns, indexes } of tableTemplates) {
      if (!siteBases.includes(base)) continue;
      for (const { name } of columns) expect(name).toMatch(/^([A-Z]|__hdx_)/);
      for (const { name } of indexes) expect(name).toMatch(/^idx_/);
    }
  });

  it('do not include ours in another case, nor one of their own twice', () => {
    expect(column({ name: 'body' })).toEqual(['columns.0.name: otel_logs has this one already']);
    expect(index({ name: 'idx_mine' })).toEqual([expect.stringContaining('"idx_"')]);
    const twice = [
      { name: 'mine', type: 'String' },
      { name: 'Mine'.toLowerCase(), type: 'UInt8' },
    ];
    expect(faults({ columns: twice })).toEqual(['columns.1.name: is stated twice']);
  });
});

describe('what a site may say of a column', () => {
  it.each<Partial<SiteColumn>>([
    { type: "Enum8('a' = 1, ')' = 2)" },
    { type: 'Map(LowCardinality(String), String)' },
    { type: "DateTime64(3, 'UTC')" },
    { codec: 'Delta(8), ZSTD(1)' },
    { codec: 'NONE' },
    { default: 'now()' },
    { materialized: "splitByChar(';', Body)[1]" },
    { alias: 'upper(Body)' },
    { comment: "it's -- mine; really" },
  ])('%j', (change) => {
    expect(column(change)).toEqual([]);
  });

  it.each<[Record<string, unknown>, string]>([
    [{ type: 'String DEFAULT 1' }, 'columns.0.type: must be one type'],
    [{ type: 'String, evil String' }, 'columns.0.type: must be one type'],
    [{ type: 'String) ENGINE = Null (a String' }, 'columns.0.type: closes ")"'],
    [{ type: 'Nested(a String)' }, 'columns.0.type: Nested'],
    [{ type: ' ' }, 'columns.0.type: must not be empty'],
    [{ type: 'a'.repeat(2001) }, 'columns.0.type: must have at most 2000'],
    [{ codec: 'NONE) COMMENT (' }, 'columns.0.codec: closes ")"'],
    [{ codec: 'ZSTD(1) TTL now()' }, 'columns.0.codec: must be codecs'],
    [{ default: "'open" }, 'columns.0.default: leaves a quote'],
    [{ materialized: '1) CODEC(NONE' }, 'columns.0.materialized: closes ")"'],
    [{ materialized: 'Body -- all' }, 'columns.0.materialized: must not hold a comment'],
    [{ alias: 'f(Body' }, 'columns.0.alias: leaves ")"'],
    [{ default: '1', alias: '2' }, 'columns.0: has one of'],
    [{ alias: 'Body', codec: 'NONE' }, 'columns.0.codec: an alias is not stored'],
    [{ comment: 'a\nb' }, 'columns.0.comment: must be one line'],
    [{ comment: 'a'.repeat(501) }, 'columns.0.comment: must have at most 500'],
    [{ ttl: 'now()' }, 'columns.0: Unrecognized key: "ttl"'],
  ])('and not %j', (change, expected) => {
    expect(column(change)).toEqual([expect.stringContaining(expected)]);
  });
});

describe('what a site may say of an index and of a table', () => {
  it.each<[Partial<Record<keyof SiteIndex, unknown>>, string]>([
    [{ expression: 'Body) TYPE minmax, INDEX x (Body' }, 'indexes.0.expression: closes ")"'],
    [{ type: 'minmax GRANULARITY 2' }, 'indexes.0.type: must be one index type'],
    [{ type: 'set(100), INDEX b a TYPE minmax' }, 'indexes.0.type: must be one index type'],
    [{ granularity: 0 }, 'indexes.0.granularity'],
    [{ granularity: 1.5 }, 'indexes.0.granularity'],
  ])('not an index with %j', (change, expected) => {
    expect(index(change)).toEqual([expect.stringContaining(expected)]);
  });

  it.each(['engine', 'orderBy', 'ttl', 'partitioning', 'settings'])('not %s', (field) => {
    expect(faults({ [field]: 'x' })).toEqual([expect.stringContaining(field)]);
  });

  it('no more columns and indexes than tables bear', () => {
    const many = (n: number) =>
      Array.from({ length: n }, (_, at) => ({ name: `c${at}`, type: 'Bool' }));
    expect(faults({ columns: many(100) })).toEqual([]);
    expect(faults({ columns: many(101) })).toEqual(['columns: at most 100 columns']);
  });
});

describe('mergeSite', () => {
  it('puts a site’s columns and indexes behind ours, and leaves the other tables alone', () => {
    const merged = mergeSite(templates, site);
    expect(merged.slice(1)).toEqual(templates.slice(1));
    expect(merged[0]).not.toEqual(templates[0]);
    const columns = [
      ...expectedColumns(mergeSite(tableTemplates, site)[0]!, single.clickhouseVersion),
    ];
    const ours = [...expectedColumns(otelLogs, single.clickhouseVersion)];
    expect(columns).toEqual([
      ...ours,
      ['host_name', 'LowCardinality(String)'],
      ['cost', 'Decimal(10, 2)'],
      ['tier', 'String'],
      ['shout', 'String'],
    ]);
  });

  it('names the file of a table that a site cannot add to', () => {
    for (const base of ['otel_logs_kv_rollup_15m', 'otel_logs_kv_rollup_15m_mv', 'nope']) {
      const { code, message } = failure(() => mergeSite(templates, { [base]: logsTable() }));
      expect(code).toBe('invalid_request');
      expect(message).toContain(`${base}.yaml: there is no such table`);
    }
  });

  it('names file and field of what cannot be, whoever made the additions', () => {
    const bad: SiteTemplates = {
      otel_logs: { columns: [{ name: 'x', type: 'String) ENGINE = Null (' }], indexes: [] },
    };
    const { code, message } = failure(() => renderTenantTables({ ...single, site: bad }));
    expect(code).toBe('invalid_request');
    expect(message).toBe('otel_logs.yaml: columns.0.type: closes ")" without opening it');
  });
});

describe('a table with additions', () => {
  it('is made with them', () => {
    expect(renderCreateTable(otelLogs, { ...single, site })).toMatchSnapshot();
  });

  it('says so in its COMMENT, and the others do not', () => {
    for (const { object, sql } of renderTenantTables({ ...single, site })) {
      const comment = parseTableComment(/COMMENT '([^']*)'$/.exec(sql)?.[1] ?? '');
      const mark = object.startsWith(`otel_logs_${tenantId}`)
        ? siteHash(site.otel_logs!)
        : undefined;
      expect(comment?.site).toBe(mark);
    }
  });

  it('is as without, where the file adds nothing', () => {
    const empty = { ...single, site: { otel_logs: logsTable() } };
    expect(renderTenantTables(empty)).toEqual(renderTenantTables(single));
  });
});

describe('siteHash', () => {
  const hash = (change: Partial<SiteColumn>): string =>
    siteHash(logsTable({ columns: [{ name: 'mine', type: 'String', default: '1', ...change }] }));

  it('is the same on every machine', () => {
    expect(siteHash(site.otel_logs!)).toMatchInlineSnapshot(`"aea4cea1"`);
  });

  it('does not depend on the order in which things are stated', () => {
    const { columns, indexes } = site.otel_logs!;
    expect(siteHash({ columns: columns.toReversed(), indexes: indexes.toReversed() })).toBe(
      siteHash(site.otel_logs!),
    );
  });

  it('changes with anything that is said', () => {
    const hashes = [
      hash({}),
      hash({ name: 'other' }),
      hash({ type: 'UInt8' }),
      hash({ codec: 'NONE' }),
      hash({ default: '2' }),
      hash({ comment: 'x' }),
      siteHash(logsTable({ columns: [{ name: 'mine', type: 'String', materialized: '1' }] })),
      siteHash(logsTable({ columns: [{ name: 'mine', type: 'String', alias: '1' }] })),
      siteHash(logsTable({ indexes: [{ name: 'mine', expression: 'Body', type: 'minmax' }] })),
    ];
    expect(new Set(hashes).size).toBe(hashes.length);
  });
});

describe('COMMENT with a site’s mark', () => {
  const without = { schemaVersion: 3, tenantId, base: 'otel_logs' };
  const made = { ...without, site: '0badcafe' };

  it('is read back, as is one without', () => {
    expect(parseTableComment(formatTableComment(made))).toStrictEqual(made);
    expect(parseTableComment(formatTableComment(without))).toStrictEqual(without);
  });

  it.each([' site=', ' site=0BADCAFE', ' site=0badcafe0', ' site=0badcafe x', ' other=0badcafe'])(
    'is nobody’s with %j',
    (end) => {
      expect(parseTableComment(formatTableComment(without) + end)).toBeNull();
    },
  );
});

describe('an upgrade of the templates', () => {
  const upgraded = {
    schemaVersion: currentTemplates.schemaVersion + 1,
    templates: templates.map((template) =>
      template.base === 'otel_logs' && template.kind === 'table'
        ? { ...template, columns: [...template.columns, { name: 'NewOfOurs', type: 'String' }] }
        : template,
    ),
  };

  it('keeps a site’s columns, behind what is new', () => {
    const [logs] = renderTenantTables({ ...single, site }, upgraded);
    expect(logs!.sql).toContain(`schema=${upgraded.schemaVersion} `);
    expect(logs!.sql).toContain(`site=${siteHash(site.otel_logs!)}`);
    const at = (text: string): number => logs!.sql.indexOf(text);
    expect(at('`NewOfOurs`')).toBeGreaterThan(0);
    expect(at('`host_name` LowCardinality')).toBeGreaterThan(at('`NewOfOurs`'));
  });

  it('that took a site’s name would be refused before anything is made', () => {
    const taken = {
      ...upgraded,
      templates: [
        { ...otelLogs, columns: [...otelLogs.columns, { name: 'tier', type: 'String' }] },
      ],
    };
    expect(failure(() => renderTenantTables({ ...single, site }, taken)).message).toBe(
      'otel_logs.yaml: columns.2.name: otel_logs has this one already',
    );
  });
});
