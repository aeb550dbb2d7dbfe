import fc from 'fast-check';

import { a, b, database } from '../../../clickhouse/__tests__/isolation/tenants';

/** A query and its parameters. */
export interface Query {
  sql: string;
  values: Record<string, string>;
}

/** A name as it may be spelled; `$` in front: a parameter stands for it. */
const quotes: readonly ((name: string) => string)[] = [
  (name) => name,
  (name) => `\`${name}\``,
  (name) => `"${name}"`,
  (name) => `\`${name.replace('_', '\\x5f')}\``,
  (name) => `\`${name.replace('o', '\\o')}\``,
];
const gaps = ['', ' ', '\n', '/**/', ' /* x */ ', '-- x\n', '/* /* */ */', '# x\n'];

const gap = fc.constantFrom(...gaps);
const word = (text: string) =>
  fc
    .tuple(gap, fc.boolean(), gap)
    .map(([before, lower, after]) => ` ${before}${lower ? text.toLowerCase() : text}${after} `);

const spelled = (name: string, parameter: string): fc.Arbitrary<Query> =>
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.constantFrom(...quotes).map((quote) => ({ sql: quote(name), values: {} })),
    },
    {
      weight: 1,
      arbitrary: fc.constant({ sql: `{${parameter}:Identifier}`, values: { [parameter]: name } }),
    },
  );

const join = (...parts: (string | Query)[]): Query => ({
  sql: parts.map((part) => (typeof part === 'string' ? part : part.sql)).join(''),
  values: Object.assign(
    {},
    ...parts.map((part) => (typeof part === 'string' ? {} : part.values)),
  ) as Record<string, string>,
});

const tables = [`otel_logs_${b}`, `view_${b}`, `otel_logs_${a}`, `source_${b}`, `set_${b}`];

/** A table of B or A, with its database or without, or both names in one. */
const table: fc.Arbitrary<Query> = fc
  .tuple(fc.constantFrom(...tables), gap, gap, fc.integer({ min: 0, max: 5 }))
  .chain(([name, before, after, form]) => {
    if (form === 0) return spelled(name, 't');
    if (form === 1) return spelled(`${database}.${name}`, 't');
    if (form === 2) return fc.constant({ sql: `${database}.otel_logs_${a}`, values: {} });
    return fc
      .tuple(spelled(database, 'd'), spelled(name, `t${form}`))
      .map(([left, right]) => join(left, before, '.', after, right));
  });

const systemTable: fc.Arbitrary<Query> = fc
  .tuple(
    spelled('system', 's'),
    fc.constantFrom('tables', 'columns', 'parts', 'data_skipping_indices', 'databases'),
  )
  .chain(([left, name]) => spelled(name, 'n').map((right) => join(left, '.', right)));

const { query } = fc.letrec<{ query: Query; source: Query; expression: Query }>((tie) => ({
  source: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    { weight: 4, arbitrary: table },
    { weight: 2, arbitrary: systemTable },
    fc.constant({ sql: 'numbers(2)', values: {} }),
    fc.constant({ sql: 'x', values: {} }),
    tie('query').map((inner) => join('(', inner, ')')),
    tie('query').map((inner) => join('view(', inner, ')')),
    table.map((name) => join('merge(', `'${database}'`, ", '", name.sql, "')")),
    fc
      .tuple(tie('source'), tie('source'))
      .map(([left, right]) => join(left, ' AS l CROSS JOIN ', right, ' AS r')),
  ),
  expression: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    { weight: 3, arbitrary: fc.constant({ sql: '1', values: {} }) },
    { weight: 3, arbitrary: fc.constant({ sql: '*', values: {} }) },
    fc.constant({ sql: `* APPLY(toString)`, values: {} }),
    tie('query').map((inner) => join('(', inner, ')')),
    tie('query').map((inner) => join('* APPLY(x -> (', inner, '))')),
    table.map((name) => join('toUInt64(1) IN ', name)),
    fc.constant({ sql: `joinGet('${database}.join_${b}', 's', toUInt64(1))`, values: {} }),
    fc.constant({ sql: `dictGet('${database}.dictionary_${b}', 's', toUInt64(1))`, values: {} }),
    fc.constant({ sql: "function_of_b('x')", values: {} }),
  ),
  query: fc
    .record({
      select: word('SELECT'),
      from: word('FROM'),
      expression: tie('expression'),
      source: tie('source'),
      names: fc.option(table, { nil: undefined, freq: 3 }),
      inner: tie('source'),
      end: fc.constantFrom(
        '',
        ' LIMIT 3',
        " WHERE 1 OR toString(1) = 'x'",
        ' SETTINGS max_execution_time = 5',
        ' ORDER BY 1 LIMIT 2',
        ';',
        ' --x',
      ),
      explain: fc.constantFrom('', '', '', '', 'EXPLAIN ', 'DESCRIBE TABLE '),
    })
    .map(({ select, from, expression, source, names, inner, end, explain }) => {
      const named = names
        ? join('WITH ', names.sql.startsWith('{') ? 'x' : names, ' AS (SELECT * FROM ', inner, ') ')
        : join('');
      const query = join(named, select, expression, from, source, end);
      return explain === 'DESCRIBE TABLE ' ? join(explain, '(', query, ')') : join(explain, query);
    }),
}));

/** Queries around the names of B: quoted, commented, nested, in common table expressions and parameters. */
export const queries: fc.Arbitrary<Query> = query;
