import {
  allowedFunctions,
  combinators,
  deniedFunctions,
  higherOrder,
  isAllowedFunction,
  systemTables,
  tableFunctions,
} from '@hyperdx-tenancy/domain/guard';
import fc from 'fast-check';

import { gaps } from '../../clickhouse/__tests__/isolation/gaps';
import { hyperdxSettings, shapes } from '../../clickhouse/__tests__/isolation/hyperdx';
import type { Lure } from '../../clickhouse/__tests__/isolation/lure';
import { openLure } from '../../clickhouse/__tests__/isolation/lure';
import { each } from '../../clickhouse/__tests__/isolation/probe';
import { catalog } from '../../clickhouse/__tests__/isolation/probes/catalog';
import { changes } from '../../clickhouse/__tests__/isolation/probes/change';
import { outward, reads } from '../../clickhouse/__tests__/isolation/probes/read';
import { settings } from '../../clickhouse/__tests__/isolation/probes/setting';
import { b, canariesIn, database, nobody } from '../../clickhouse/__tests__/isolation/tenants';
import type { Outcome } from './guard/bench';
import { GuardedEngine, seen } from './guard/bench';
import type * as GuardModule from '../guard';
import { errors, hostile } from './guard/hostile';
import type { Hostile } from './guard/hostile';
import { legitimate } from './guard/legitimate';
import { queries } from './guard/queries';

jest.setTimeout(180_000);

let bench: GuardedEngine;
let lure: Lure;

beforeAll(async () => {
  lure = await openLure();
  bench = await GuardedEngine.open();
});

afterAll(async () => {
  await bench.close();
  lure.close();
});

const asked = (sql: string, values: Readonly<Record<string, string>> = {}) =>
  `${sql} ${Object.values(values).join(' ')}`;

/** What is wrong with the outcome of a statement that has to be allowed. */
function failure({ verdict, unparsed, answer }: Outcome): string | undefined {
  if (verdict?.allowed === false) return `${verdict.rule}: ${verdict.message}`;
  return answer?.ok ? undefined : (unparsed ?? answer?.body);
}

describe('lists', () => {
  const names = async (sql: string): Promise<string[]> => {
    const { ok, body } = await bench.engine.ask(sql);
    if (!ok) throw new Error(body);
    return body.trim().split('\n');
  };

  it('know each function of the engine, and no other', async () => {
    const there = await names(
      "SELECT name FROM system.functions WHERE origin = 'System' ORDER BY name",
    );
    const denied = Object.values(deniedFunctions).flatMap(({ names: list }) => [...list]);
    expect([...allowedFunctions, ...denied].sort()).toEqual([...there].sort());
  });

  it('tell aggregate functions from others as the engine does', async () => {
    const aggregates = await names(
      "SELECT name FROM system.functions WHERE is_aggregate AND origin = 'System'",
    );
    const wrong = (await names("SELECT name FROM system.functions WHERE origin = 'System'")).filter(
      (name) =>
        isAllowedFunction(name) &&
        isAllowedFunction(`${name}If`) !== aggregates.includes(name) &&
        !aggregates.some((one) => one.toLowerCase() === name.toLowerCase()),
    );
    expect(wrong).toEqual([]);
    expect([...combinators].sort()).toEqual(
      (await names('SELECT name FROM system.aggregate_function_combinators')).sort(),
    );
  });

  it('know each function that takes another', async () => {
    const shapes = ['identity, [1, 2]', 'identity, map(1, 2)', 'plus, [1, 2], [3, 4]'];
    const taking = await each(
      allowedFunctions.filter((name) => /^(?:array|map)/i.test(name)),
      async (name) => {
        const answers = await Promise.all(
          shapes.map((args) => bench.engine.ask(`SELECT ${name}(${args})`)),
        );
        const takes = answers.some(
          ({ ok, body }) => ok || !/\((?:UNKNOWN_IDENTIFIER|\w+_ARGUMENTS\w*)\)/.test(body),
        );
        return takes ? [name] : [];
      },
    );
    expect(taking.flat().sort()).toEqual([...higherOrder].sort());
  });

  it('have one function that is a table function as well: format(), which is refused right of IN', async () => {
    const functions = await names('SELECT name FROM system.table_functions');
    expect(functions.filter((name) => isAllowedFunction(name))).toEqual(['format']);
  });

  it('name table functions and system tables that there are', async () => {
    const functions = await names('SELECT name FROM system.table_functions');
    expect([...tableFunctions.keys()].filter((name) => !functions.includes(name))).toEqual([]);
    const tables = await names("SELECT name FROM system.tables WHERE database = 'system'");
    expect(Object.keys(systemTables).filter((name) => !tables.includes(name))).toEqual([]);
  });

  it('have the second names of columns that system tables have', async () => {
    const aliases = await names(
      `SELECT table || ' ' || default_expression || ' ' || name FROM system.columns WHERE database = 'system' AND default_kind = 'ALIAS' AND table IN (${Object.keys(
        systemTables,
      )
        .map((name) => `'${name}'`)
        .join(', ')})`,
    );
    const stated = Object.entries(systemTables).flatMap(([table, { aliases: list = [] }]) =>
      list.map(([column, name]) => `${table} ${column} ${name}`),
    );
    expect(stated.sort()).toEqual(aliases.sort());
  });
});

describe('the syntax tree', () => {
  const places = [
    'SELECT $',
    'SELECT [$]',
    'SELECT ($, 1).1',
    'SELECT x[$]',
    'SELECT x -> $',
    'SELECT CAST($ AS String)',
    'SELECT $::String',
    'SELECT $ ? 1 : 2',
    'SELECT CASE $ WHEN 1 THEN 2 END',
    'SELECT CASE WHEN 1 THEN $ END',
    'SELECT INTERVAL $ DAY',
    'SELECT EXTRACT(YEAR FROM $)',
    'SELECT trim(BOTH $ FROM 1)',
    'SELECT substring(1 FROM $)',
    'SELECT position(1 IN $)',
    'SELECT 1 IN (1, $)',
    'SELECT 1 BETWEEN 0 AND $',
    'SELECT NOT $',
    'SELECT 1 LIKE $',
    'SELECT $ IS NULL',
    'SELECT quantile($)(1)',
    'SELECT sum($)',
    'SELECT sum(1) FILTER (WHERE $)',
    'SELECT sum(DISTINCT $)',
    'SELECT sum(1) OVER (PARTITION BY $)',
    'SELECT sum(1) OVER (ORDER BY $)',
    'SELECT sum(1) OVER (ORDER BY 1 ROWS BETWEEN $ PRECEDING AND CURRENT ROW)',
    'SELECT sum(1) OVER w FROM t WINDOW w AS (ORDER BY $)',
    'SELECT * REPLACE ($ AS x) FROM t',
    'SELECT COLUMNS(a, b) REPLACE ($ AS a) FROM t',
    'WITH $ AS x SELECT x',
    'WITH x AS (SELECT $) SELECT * FROM x',
    'WITH RECURSIVE x AS (SELECT 1 UNION ALL SELECT $ FROM x) SELECT * FROM x',
    'SELECT (SELECT $)',
    'SELECT 1 IN (SELECT $)',
    'SELECT EXISTS (SELECT $)',
    'SELECT 1 = ANY (SELECT $)',
    'SELECT 1 > ALL (SELECT $)',
    'SELECT 1 FROM (SELECT $)',
    'SELECT 1 FROM numbers($)',
    'SELECT 1 FROM view(SELECT $)',
    "SELECT 1 FROM values('x String', $)",
    'SELECT 1 FROM (VALUES ($))',
    'SELECT 1 FROM t AS a JOIN t AS b ON $',
    'SELECT 1 FROM t AS a JOIN (SELECT $) AS b USING (x)',
    'SELECT 1 FROM t ARRAY JOIN $ AS x',
    'SELECT 1 FROM t LEFT ARRAY JOIN [$] AS x',
    'SELECT 1 FROM t PREWHERE $',
    'SELECT 1 FROM t WHERE $',
    'SELECT 1 GROUP BY $',
    'SELECT 1 GROUP BY GROUPING SETS (($), (1))',
    'SELECT 1 GROUP BY ROLLUP($)',
    'SELECT 1 GROUP BY CUBE($)',
    'SELECT 1 GROUP BY 1 HAVING $',
    'SELECT 1 QUALIFY $',
    'SELECT 1 ORDER BY $',
    'SELECT 1 ORDER BY 1 WITH FILL FROM $ TO 1',
    'SELECT 1 ORDER BY 1 WITH FILL TO $',
    'SELECT 1 ORDER BY 1 WITH FILL STEP $',
    'SELECT 1 ORDER BY 1 WITH FILL STALENESS $',
    'SELECT 1 AS x ORDER BY 1 WITH FILL INTERPOLATE (x AS $)',
    'SELECT 1 LIMIT $',
    'SELECT 1 LIMIT 1 OFFSET $',
    'SELECT 1 LIMIT $ BY 1',
    'SELECT 1 LIMIT 1 BY $',
    'SELECT DISTINCT ON ($) 1',
    'SELECT 1 UNION ALL SELECT $',
    'SELECT 1 EXCEPT SELECT $',
    'SELECT 1 INTERSECT SELECT $',
    'SELECT {m:Map(String, String)}[$]',
    'SELECT dateAdd(DAY, $, 1)',
    'SELECT DATE_SUB(DAY, $, 1)',
    'SELECT dateDiff(DAY, $, 1)',
    'SELECT untuple($)',
    'SELECT cast($, 1)',
    'SELECT count(DISTINCT 1, $)',
    'FROM t SELECT $',
    '(SELECT $)',
    'SELECT $ FORMAT JSON',
    'SELECT $ AS a, a',
    'SELECT - $',
    'SELECT 1 || $',
    'SELECT 1 AND $',
    'SELECT grouping($)',
    'SELECT $ OVER ()',
  ];
  const parse = (sql: string) =>
    bench.engine.ask(`EXPLAIN AST (${sql})`, {
      default_format: 'TabSeparatedRaw',
      param_m: '{}',
    });

  it('shows a function and a table in each place of a query', async () => {
    const missing = await each(places, async (place) => {
      const call = await parse(place.replace('$', 'marker(1)').replace(' FORMAT JSON', ''));
      const query = await parse(
        place.replace('$', '(SELECT 1 FROM d.marker)').replace(' FORMAT JSON', ''),
      );
      const table = !query.ok || query.body.includes('TableIdentifier d.marker');
      return /Function marker/.test(call.body) && table ? [] : [`${place}: ${call.body}`];
    });
    expect(missing.flat()).toEqual([]);
  });

  it('does not show what APPLY applies, which is why tokens are judged as well', async () => {
    const { body } = await parse('SELECT * APPLY(x -> (SELECT 1 FROM d.marker)) FROM t');
    expect(body).toContain('ColumnsApplyTransformer');
    expect(body).not.toContain('marker');
  });
});

describe('what is hostile', () => {
  const probes = () => [
    ...reads,
    ...outward(lure.port, bench.engine.url),
    ...catalog,
    ...changes,
    ...settings,
  ];

  it('works without the guard', async () => {
    const idle: string[] = [];
    for (const { mechanism, sql, values = {}, control } of hostile) {
      const parameters = Object.fromEntries(
        Object.entries(values).map(([name, value]) => [`param_${name}`, value]),
      );
      const { ok, body } = await bench.engine.ask(sql, parameters);
      const shown = canariesIn(body, asked(sql, values)).length > 0;
      const proved = control === 'canary' ? shown : ok === (control === 'success');
      if (!proved) idle.push(`${mechanism}: ${body.slice(0, 200)}`);
    }
    expect(idle).toEqual([]);
    expect(new Set(hostile.map(({ mechanism }) => mechanism)).size).toBe(hostile.length);
  });

  it('is refused, or narrowed to what is the tenant’s', async () => {
    const found = await each(hostile, async ({ mechanism, sql, values, narrowed = false }) => {
      const { verdict, answer } = await bench.run(sql, values);
      const wanted = narrowed ? answer !== undefined : verdict?.allowed !== true;
      return wanted ? [] : [`${mechanism}: ${JSON.stringify(verdict)}`];
    });
    expect(found.flat()).toEqual([]);
  });

  it('shows nothing of B, and changes nothing', async () => {
    const all: Pick<Hostile, 'mechanism' | 'sql' | 'values'>[] = [
      ...hostile,
      ...gaps.map(({ mechanism, sql }) => ({ mechanism, sql })),
      ...probes().map(({ mechanism, sql }) => ({ mechanism, sql })),
    ];
    const before = lure.connections();
    const found = await each(all, async ({ mechanism, sql, values }) => {
      const leaks = canariesIn(seen(await bench.run(sql, values)), asked(sql, values));
      return leaks.length > 0 ? [`${mechanism}: ${leaks.join(', ')}`] : [];
    });
    expect(found.flat()).toEqual([]);
    expect(lure.connections()).toBe(before);
  });

  it('is refused, unless its answer is the tenant’s own', async () => {
    const own = new Set([
      'system.columns',
      'system.data_skipping_indices',
      'system.parts',
      'system.tables',
    ]);
    const refusable = [...reads, ...outward(lure.port, bench.engine.url), ...changes].filter(
      ({ as }) => as !== 'writer',
    );
    const run = await each([...refusable, ...gaps, ...catalog], async ({ mechanism, sql }) => {
      const { verdict } = await bench.run(sql);
      return verdict?.allowed &&
        !mechanism.startsWith('system') &&
        !mechanism.startsWith('SHOW TABLES') &&
        !own.has(mechanism)
        ? [mechanism]
        : [];
    });
    // Of A's own rows, asked by its reader.
    expect(run.flat()).toEqual(['cluster: system tables']);
  });

  it('is not carried out in part: the engine is asked to parse, and nothing else', async () => {
    const before = [lure.connections(), bench.asked.length];
    const at = `127.0.0.1:${lure.port}`;
    const bait = [
      `SELECT * FROM url('http://${at}/', 'TSV', 'x String')`,
      `SELECT (SELECT count() FROM url('http://${at}/', 'TSV', 'x String'))`,
      `WITH (SELECT x FROM remote('${at}', d, t)) AS x SELECT x, file('/etc/passwd')`,
      `SELECT 1 IN (SELECT x FROM s3('http://${at}/b/k', 'TSV', 'x String'))`,
      `EXPLAIN QUERY TREE SELECT * FROM url('http://${at}/', 'TSV', 'x String')`,
      `DESCRIBE url('http://${at}/', 'TSV')`,
      `SELECT * FROM otel.nothing_${b}, url('http://${at}/', 'TSV', 'x String')`,
    ];
    for (const sql of bait) expect((await bench.run(sql)).verdict?.allowed).toBe(false);
    expect(lure.connections()).toBe(before[0]);
    for (const sql of bench.asked) expect(sql).toMatch(/^EXPLAIN AST \(/);
  });

  it('tells by no error whether a table is there', async () => {
    const outcomes = await each(errors, async (sql) => {
      const theirs = await bench.run(sql);
      const none = await bench.run(sql.replaceAll(b, nobody));
      const same =
        theirs.answer?.code === none.answer?.code &&
        theirs.verdict?.allowed === none.verdict?.allowed;
      return same && canariesIn(seen(theirs), sql).length === 0 ? [] : [`${sql}: ${seen(theirs)}`];
    });
    expect(outcomes.flat()).toEqual([]);
  });
});

describe('what is legitimate', () => {
  it('runs: what people write', async () => {
    const found = await each(legitimate, async (sql) => {
      const wrong = failure(await bench.run(sql));
      return wrong === undefined ? [] : [`${sql}: ${wrong}`];
    });
    expect(found.flat()).toEqual([]);
    expect(legitimate.length).toBeGreaterThanOrEqual(80);
  });

  it('runs: every shape that HyperDX sends', async () => {
    const found = await each(shapes, async ({ name, sql, values = {}, rows = /(?:)/ }) => {
      const outcome = await bench.run(sql, values);
      const wrong =
        failure(outcome) ?? (rows.test(outcome.answer?.body ?? '') ? undefined : 'no rows');
      return wrong === undefined ? [] : [`${name}: ${wrong}`];
    });
    expect(found.flat()).toEqual([]);
    expect(shapes.length).toBeGreaterThanOrEqual(60);
    expect(Object.keys(hyperdxSettings).length).toBeGreaterThan(0);
  });
});

describe('generated queries', () => {
  it('around B’s names never show B', async () => {
    let allowed = 0;
    await fc.assert(
      fc.asyncProperty(queries, async ({ sql, values }) => {
        const outcome = await bench.run(sql, values);
        if (outcome.verdict?.allowed) allowed += 1;
        expect(canariesIn(seen(outcome), asked(sql, values))).toEqual([]);
      }),
      { numRuns: 400 },
    );
    // Some have to get through, or nothing is tried but the lexer.
    expect(allowed).toBeGreaterThan(20);
  });

  it('do show B without the guard', async () => {
    let shown = 0;
    for (const { sql, values } of fc.sample(queries, { numRuns: 300, seed: 7 })) {
      const parameters = Object.fromEntries(
        Object.entries(values).map(([name, value]) => [`param_${name}`, value]),
      );
      const { body } = await bench.engine.ask(sql, {
        ...parameters,
        database,
        max_execution_time: '2',
      });
      if (canariesIn(body, asked(sql, values)).length > 0) shown += 1;
    }
    expect(shown).toBeGreaterThan(15);
  });
});

describe('taking one rule away', () => {
  const all = () => true;
  const mutations: readonly (readonly [rule: string, module: string, changes: object])[] = [
    ['the list of functions', 'functions', { isAllowedFunction: all }],
    ['the judgement of tokens', 'calls', { callFault: () => undefined }],
    [
      'the list of table functions',
      'tableFunctions',
      { tableFunctions: { get: () => 'values', has: all } },
    ],
    ['the columns of a structure', 'structure', { isPlainStructure: all }],
    ['names of aggregate functions', 'functions/codeInTexts', { takesAggregate: () => false }],
    ['names of functions', 'functions/codeInTexts', { takesFunction: () => false }],
    ['whose table it is', 'scope', { isOwnTable: all }],
    [
      'the rows of system tables',
      'systemTables',
      { narrowed: (table: string) => `system.${table}` },
    ],
    ['the list of settings', 'settings', { checkSetting: () => 'pass' }],
    ['the names that WITH may define', 'rewrite', { definedNames: () => ({ has: all }) }],
  ];

  it.each(mutations)('%s: a hostile statement gets through', async (_rule, module, changes) => {
    const path = `../../../../domain/src/guard/${module}`;
    let guard: GuardModule.Guard | undefined;
    jest.isolateModules(() => {
      jest.doMock(path, () => ({ ...jest.requireActual<object>(path), ...changes }));
      const { Guard } = jest.requireActual<typeof GuardModule>('../guard');
      guard = new Guard();
    });
    jest.dontMock(path);
    const through = await each(hostile, async ({ mechanism, sql, values, narrowed = false }) => {
      const outcome = await bench.run(sql, values, guard);
      const leaks = canariesIn(seen(outcome), asked(sql, values)).length > 0;
      return leaks || (!narrowed && outcome.verdict?.allowed) ? [mechanism] : [];
    });
    expect(through.flat()).not.toEqual([]);
  });
});
