import { parseTenantId } from '../../ids';
import { judge } from '../judge';
import { canonicalise } from '../statement';
import { isRefusal } from '../verdict';

const id = parseTenantId('65f0c0ffee0000000000aaaa');
const other = '65f0c0ffee0000000000bbbb';
const tenant = { id, database: 'otel', cluster: 'c' };
const logs = `otel_logs_${id}`;

/** What ClickHouse 26.7 prints for `SELECT 1 FROM <source> WHERE <condition>`. */
function tree(
  source: readonly string[],
  condition: readonly string[] = ['Literal UInt64_1'],
): string[] {
  const below = (depth: number, lines: readonly string[]) =>
    lines.map((line) => ' '.repeat(depth) + line);
  return [
    'SelectWithUnionQuery (children 1)',
    ' ExpressionList (children 1)',
    '  SelectQuery (children 3)',
    '   ExpressionList (children 1)',
    '    Literal UInt64_1',
    '   TablesInSelectQuery (children 1)',
    '    TablesInSelectQueryElement (children 1)',
    '     TableExpression (children 1)',
    ...below(6, source),
    ...below(3, condition),
  ];
}

function verdict(lines: readonly string[], text = 'SELECT 1') {
  const canonical = canonicalise(text, new Map(), tenant);
  if (isRefusal(canonical)) throw new Error(canonical.message);
  return judge(canonical, lines, tenant);
}

const call = (name: string, args: readonly string[]) => [
  `Function ${name} (children 1)`,
  ` ExpressionList (children ${args.length})`,
  ...args.map((arg) => `  ${arg}`),
];
const own = `TableIdentifier otel.${logs}`;

describe('tables', () => {
  it.each([
    own,
    `${own} (alias t)`,
    `${own} (alias a.b (children 2))`,
    'TableIdentifier system.settings',
  ])('%s is available', (source) => {
    expect(verdict(tree([source]))).toEqual({
      allowed: true,
      kind: 'select',
      text: 'SELECT 1',
      settings: [],
    });
  });

  it.each([
    `TableIdentifier otel.otel_logs_${other}`,
    `TableIdentifier ${logs}`,
    `TableIdentifier other.${logs}`,
    `TableIdentifier x.otel.${logs}`,
    `TableIdentifier otel.otel_logs_${other}.x_${id}`,
    `TableIdentifier otel.otel_logs_${other} (alias ${logs})`,
    'TableIdentifier system.users',
    'TableIdentifier system.tables',
    'TableIdentifier information_schema.tables',
    'TableIdentifier nothing',
  ])('%s is not', (source) => {
    expect(verdict(tree([source]))).toMatchObject({ allowed: false, rule: 'table' });
  });

  it('may be what WITH defines, but for names that look like more', () => {
    const lines = (name: string) => tree([`TableIdentifier ${name}`]);
    expect(verdict(lines('x'), 'WITH x AS (SELECT 1) SELECT 1').allowed).toBe(false);
    const both = [
      'SelectWithUnionQuery (children 1)',
      ' ExpressionList (children 2)',
      ...lines('x').slice(2),
      ...lines('x').slice(2),
    ];
    expect(verdict(both, 'WITH x AS (SELECT 1) SELECT 1')).toMatchObject({ allowed: true });
    const fake = `otel.otel_logs_${other}`;
    expect(verdict(lines(fake), `WITH \`${fake}\` AS (x) SELECT 1`)).toMatchObject({
      rule: 'table',
    });
    const near = `otel_logs_${other}`;
    expect(verdict(lines(near), `WITH ${near} AS (x) SELECT 1`)).toMatchObject({ rule: 'table' });
  });

  it('of system are read as often as their rows were narrowed', () => {
    const lines = tree(['TableIdentifier system.tables']);
    const twice = [
      ...lines.slice(0, 2).map((line) => line.replace('1)', '2)')),
      ...lines.slice(2),
      ...lines.slice(2),
    ];
    twice[0] = 'SelectWithUnionQuery (children 1)';
    const text = 'SELECT 1 FROM system.tables';
    expect(verdict(twice, text)).toMatchObject({ allowed: false, rule: 'table' });
    expect(verdict(lines, text)).toMatchObject({ allowed: false, rule: 'unknown' });
  });
});

describe('right of IN', () => {
  it.each([
    ['in', `Identifier otel.${logs}`, true],
    ['in', 'Identifier x', true],
    ['in', `Identifier otel.set_${other}`, false],
    ['globalNotNullInIgnoreSet', `Identifier otel.set_${other}`, false],
    ['in', 'Identifier system.users', false],
    ['equals', `Identifier otel.set_${other}`, true],
    ['in', 'Function format', false],
    ['in', 'Function array', true],
  ])('%s, %s: %s', (name, right, allowed) => {
    const condition = call(name, ['Literal UInt64_1', right]);
    expect(verdict(tree([own], condition)).allowed).toBe(allowed);
  });
});

describe('calls', () => {
  it.each([
    ['a function', call('file', [`Literal '/etc/passwd'`]), 'function'],
    ['a table function in an expression', call('numbers', ['Literal UInt64_1']), 'function'],
    ['a setting of a subquery', ['Set'], 'setting'],
    ['a statement of another kind', ['InsertQuery'], 'unknown'],
    ['what no release has yet', ['NewThing'], 'unknown'],
  ])('%s: refused', (_what, condition, rule) => {
    expect(verdict(tree([own], condition))).toMatchObject({ allowed: false, rule });
  });

  it.each([
    ['arrayReduce', [`Literal 'sum'`, 'Identifier x'], true],
    ['arrayReduce', [`Literal 'quantiles(0.5, 0.9)'`, 'Identifier x'], true],
    ['arrayReduce', [`Literal 'quantile((SELECT 1))'`, 'Identifier x'], false],
    ['arrayReduce', [`Literal 'groupConcat(\\'x\\')'`, 'Identifier x'], false],
    ['arrayReduce', [`Literal 'file'`, 'Identifier x'], false],
    ['ARRAYREDUCE', ['Identifier sum', 'Identifier x'], false],
    ['initializeAggregation', ['Function concat', 'Identifier x'], false],
    ['arrayMap', ['Identifier toString', 'Identifier x'], true],
    ['arrayMap', ['Identifier toString (alias f)', 'Identifier x'], true],
    ['arrayMap', ['Identifier file', 'Identifier x'], false],
    ['arrayMap', ['Identifier arrayReduce', 'Identifier x'], false],
    ['mapFilter', ['Identifier a_function_of_the_site', 'Identifier x'], false],
    ['arrayMap', ['Function lambda', 'Identifier x'], true],
    ['arrayFold', ['Identifier arrayExists', 'Identifier x', 'Function lambda'], false],
    ['toString', ['Function lambda'], false],
    ['arraySum', ['Identifier file'], true],
    ['arrayElement', ['Identifier file', 'Identifier x'], true],
  ])('%s(%j): %s', (name, args, allowed) => {
    expect(verdict(tree([own], call(name, args))).allowed).toBe(allowed);
  });

  it('may have more arguments than a call of JavaScript', () => {
    const condition = call('array', Array<string>(200_000).fill('Literal UInt64_1'));
    expect(verdict(tree([own], condition)).allowed).toBe(true);
  });

  it('may hold line ends that only others take for such', () => {
    expect(verdict(tree([own], ["Literal '\u2028\u0085'"])).allowed).toBe(true);
  });

  it.each([
    ['numbers', ['Literal UInt64_1'], true],
    ['values', ['Function tuple', `Literal 'x'`], true],
    ['values', ['Literal Tuple_(UInt64_1)'], true],
    ['values', [`Literal 'a Int32, b Array(String)'`, 'Function tuple'], true],
    ['values', [`Literal 'a Int32 ALIAS b, b Int32'`, 'Function tuple'], false],
    ['values', ['Identifier tuple', 'Function tuple'], false],
    ['values', ['Function concat', 'Function tuple'], false],
    ['generateRandom', [`Literal 'a Int32'`], true],
    ['generateRandom', [`Literal 'a Int32 DEFAULT file(1)'`], false],
    ['generateRandom', [], true],
    ['null', ['Identifier x'], false],
    ['mergeTreeTextIndex', [`Literal 'otel'`, `Literal '${logs}'`, `Literal 'i'`], true],
    [
      'mergeTreeTextIndex',
      [`Literal 'otel'`, `Literal 'otel_logs_${other}'`, `Literal 'i'`],
      false,
    ],
    ['mergeTreeTextIndex', [`Literal 'other'`, `Literal '${logs}'`, `Literal 'i'`], false],
    ['mergeTreeTextIndex', [`Literal 'otel'`, `Identifier ${logs}`, `Literal 'i'`], false],
    ['mergeTreeTextIndex', [], false],
    ['cluster', [`Literal 'c'`, 'Function view'], true],
    ['cluster', [`Literal 'd'`, 'Function view'], false],
    ['cluster', [`Literal 'c'`, `Identifier otel.${logs}`], false],
    ['remote', [`Literal 'x'`], false],
    ['file', [`Literal 'x'`], false],
    ['length', [`Literal 'x'`], false],
  ])('the table function %s(%j): %s', (name, args, allowed) => {
    expect(verdict(tree(call(name, args))).allowed).toBe(allowed);
  });
});

describe('trees that are none', () => {
  it.each([
    ['nothing', []],
    ['an error', ['Code: 62. DB::Exception']],
    ['another statement', ['ShowTables']],
    [
      'FORMAT in the query',
      ['SelectWithUnionQuery (children 2)', ' ExpressionList', ' Identifier JSON'],
    ],
    ['a child too many', [...tree([own]), '   Literal UInt64_1']],
    ['a child too few', tree([own]).slice(0, -1)],
    ['a child that is not one', [...tree([own]).slice(0, -1), '    Literal UInt64_1']],
    ['an alias like a number of children', tree([`${own} (alias x (children 3)`])],
  ])('%s: refused', (_what, lines) => {
    expect(verdict(lines).allowed).toBe(false);
  });
});
