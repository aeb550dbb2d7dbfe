import { a, b, canaries, database } from '../../../clickhouse/__tests__/isolation/tenants';

const logs = `${database}.otel_logs_${b}`;
const set = `${database}.set_${b}`;
const own = `${database}.otel_logs_${a}`;
const rows = `SELECT any(Body) FROM ${logs}`;
const named = `SELECT any(Body) AS Body FROM ${logs}`;

/** A way past the guard that is none. */
export interface Hostile {
  mechanism: string;
  sql: string;
  values?: Record<string, string>;
  /** What it is without the guard: it shows B's canary, or succeeds; or it is nothing at all, which only a guard could make of it. */
  control: 'canary' | 'success' | 'refused';
  /** Answered, with nothing of B: what it asks for is narrowed to the tenant's own. */
  narrowed?: true;
}

const leak = (mechanism: string, sql: string, values?: Record<string, string>): Hostile => ({
  mechanism,
  sql,
  control: 'canary',
  ...(values && { values }),
});
const works = (mechanism: string, sql: string): Hostile => ({ mechanism, sql, control: 'success' });

/** Names spelled so that a reader other than the engine might miss them. */
const spellings: readonly Hostile[] = [
  leak('backquotes', `SELECT Body FROM \`${database}\`.\`otel_logs_${b}\` LIMIT 1`),
  leak('double quotes', `SELECT Body FROM "${database}"."otel_logs_${b}" LIMIT 1`),
  leak('escapes in a name', `SELECT Body FROM ${database}.\`otel\\x5flogs_${b}\` LIMIT 1`),
  leak('comments between names', `SELECT Body FROM ${database}/**/./* */otel_logs_${b} LIMIT 1`),
  leak('a comment to the line’s end', `SELECT Body FROM -- ${own}\n${logs} LIMIT 1`),
  leak('line ends between names', `SELECT Body FROM\n${database}\n.\notel_logs_${b}\nLIMIT 1`),
  leak('a nested comment', `SELECT Body FROM /* /* */ ${own} */ ${logs} LIMIT 1`),
  leak('keywords in any case', `sElEcT Body fRoM ${logs} lImIt 1`),
  leak('a semicolon behind', `SELECT Body FROM ${logs} LIMIT 1;`),
  leak('brackets around all', `(((SELECT Body FROM ${logs} LIMIT 1)))`),
  leak('a parameter for the table', `SELECT Body FROM ${database}.{t:Identifier} LIMIT 1`, {
    t: `otel_logs_${b}`,
  }),
  leak('a parameter for the database', `SELECT Body FROM {d:Identifier}.otel_logs_${b} LIMIT 1`, {
    d: database,
  }),
  leak('parameters for both', 'SELECT Body FROM {d:Identifier}.{t:Identifier} LIMIT 1', {
    d: database,
    t: `otel_logs_${b}`,
  }),
  leak(
    'a parameter that is not trimmed',
    'SELECT Body FROM { d : Identifier } . { t : Identifier } LIMIT 1',
    { d: database, t: `otel_logs_${b}` },
  ),
  {
    ...works(
      'parameters of a table function',
      'SELECT token FROM mergeTreeTextIndex({d:String}, {t:String}, {i:String}) LIMIT 3',
    ),
    values: { d: database, t: `otel_logs_${b}`, i: 'idx_lower_body' },
  },
  leak(
    'an alias of B’s name for an own name',
    `SELECT otel_logs_${a}.Body FROM ${logs} AS otel_logs_${a} LIMIT 1`,
  ),
];

/** Names that common table expressions and aliases make look like the tenant's. */
const scopes: readonly Hostile[] = [
  leak(
    'one in a subquery',
    `SELECT Body FROM ${logs} WHERE 1 IN (WITH \`${logs}\` AS (SELECT 1) SELECT 1) LIMIT 1`,
  ),
  leak(
    'one of the own name over B’s',
    `WITH otel_logs_${a} AS (${named}) SELECT Body FROM otel_logs_${a}`,
  ),
  leak('one that is materialized', `WITH x AS MATERIALIZED (${named}) SELECT Body FROM x`),
  leak(
    'a recursive one',
    `WITH RECURSIVE x AS (${named} UNION ALL SELECT Body FROM x WHERE 0) SELECT * FROM x`,
  ),
  leak('a scalar one', `WITH (${rows}) AS x SELECT x`),
  works(
    'an alias of a text for a name',
    `WITH 'otel_logs_${b}' AS otel_logs_${a} SELECT token FROM mergeTreeTextIndex('${database}', otel_logs_${a}, 'idx_lower_body') LIMIT 3`,
  ),
];

/** Places that the syntax tree does not show, or shows as something else. */
const hidden: readonly Hostile[] = [
  leak('a lambda in APPLY', `SELECT * APPLY(x -> (${rows})) FROM numbers(1)`),
  leak('a lambda in APPLY without brackets', `SELECT * APPLY x -> (${rows}) FROM numbers(1)`),
  leak('APPLY in COLUMNS', `SELECT COLUMNS('n') APPLY(x -> (${rows})) FROM numbers(1)`),
  works('a function in APPLY', "SELECT * APPLY(file) FROM (SELECT '/etc/hostname' AS x)"),
  leak('REPLACE', `SELECT * REPLACE((${rows}) AS number) FROM numbers(1)`),
  leak(
    'INTERPOLATE',
    `SELECT number, '' AS x FROM numbers(1) ORDER BY number WITH FILL FROM 0 TO 3 INTERPOLATE (x AS (${rows}))`,
  ),
  leak(
    'WITH FILL',
    `SELECT number FROM numbers(1) ORDER BY number WITH FILL TO (SELECT toUInt64(count()) FROM ${logs}) SETTINGS max_result_rows = 0`,
  ),
  works('LIMIT', `SELECT 1 LIMIT (SELECT toUInt64(count() > 0) FROM ${logs})`),
  leak('a window', `SELECT any((${rows})) OVER (ORDER BY number) FROM numbers(1)`),
  leak('FILTER', `SELECT any((${rows})) FILTER (WHERE 1) FROM numbers(1)`),
  leak(
    'a parameter of an aggregate function',
    `SELECT groupConcat((${rows}))(s) FROM (SELECT arrayJoin(['1', '2']) AS s)`,
  ),
  works('a list of IN', `SELECT 1 IN (1, (SELECT toUInt8(count() > 0) FROM ${logs}))`),
  works('ANY', `SELECT 'x' = ANY(SELECT Body FROM ${logs})`),
  works('a Set right of IN', `SELECT toUInt64(1) IN ${set}`),
  works('a Set right of IN, in brackets', `SELECT toUInt64(1) IN (${set})`),
  works('a Set in the function in()', `SELECT in(toUInt64(1), ${set})`),
  works('a Set in a lambda', `SELECT arrayMap(x -> x IN ${set}, [toUInt64(1)])`),
  works('a Set right of GLOBAL NOT IN', `SELECT toUInt64(1) GLOBAL NOT IN ${set}`),
  works('a file right of IN', "SELECT 'x' IN file('/etc/hostname')"),
  leak('view()', `SELECT * FROM view(${rows})`),
  leak('view() in cluster()', `SELECT * FROM cluster('itself', view(${rows}))`),
  leak('VALUES', `SELECT * FROM values('x String', (${rows}))`),
  leak(
    'an argument of numbers()',
    `SELECT count() FROM numbers(assumeNotNull((SELECT toUInt64(count()) FROM ${logs})))`,
  ),
  leak(
    'a condition of a join',
    `SELECT y.Body FROM (SELECT 1 AS x) AS x JOIN (${named}) AS y ON 1`,
  ),
  leak('an estimate', `EXPLAIN ESTIMATE SELECT * FROM ${logs}`),
  works('a plan', `EXPLAIN actions = 1 SELECT Body FROM ${logs}`),
  leak('EXPLAIN in FROM', `SELECT * FROM (EXPLAIN QUERY TREE SELECT * FROM ${logs})`),
  leak('DESCRIBE of a subquery', `DESCRIBE (SELECT * FROM ${logs})`),
  leak('DESCRIBE of a view()', `DESCRIBE TABLE view(SELECT * FROM ${logs})`),
];

const joined = `joinGet(\\'${database}.join_${b}\\', \\'s\\', toUInt64(1))`;

/** Code that stands in a text or a name, where the syntax tree shows a text or a name. */
const written: readonly Hostile[] = [
  leak(
    'parameters of an aggregate function in arrayReduce()',
    `SELECT arrayReduce('groupConcat((${rows}))', ['x', 'y'])`,
  ),
  leak(
    'parameters of an aggregate function in arrayReduceInRanges()',
    `SELECT arrayReduceInRanges('groupConcat((${rows}))', [(1, 2)], ['x', 'y'])`,
  ),
  leak(
    'parameters of an aggregate function, in a query parameter',
    "SELECT arrayReduce({f:String}, ['x', 'y'])",
    { f: `groupConcat((${rows}))` },
  ),
  leak(
    'parameters of an aggregate function, by an alias',
    `WITH 'groupConcat((${rows}))' AS sum SELECT arrayReduce(sum, ['x', 'y'])`,
  ),
  works(
    'parameters of an aggregate function in initializeAggregation()',
    `SELECT initializeAggregation('groupConcatState(${joined})', 'x') IS NOT NULL`,
  ),
  leak(
    'an alias column of generateRandom()',
    `SELECT h FROM generateRandom('x UInt8, h String ALIAS ${joined}') LIMIT 1`,
  ),
  leak(
    'an alias column of values()',
    `SELECT h FROM values('x UInt8, h String ALIAS ${joined}', (1))`,
  ),
  leak(
    'an alias column of values(), by an alias',
    `WITH 'x UInt8, h String ALIAS ${joined}' AS tuple SELECT h FROM values(tuple, (1))`,
  ),
  leak(
    'an alias column of values(), in a query parameter',
    'SELECT h FROM values({s:String}, (1))',
    { s: `x UInt8, h String ALIAS joinGet('${database}.join_${b}', 's', toUInt64(1))` },
  ),
  leak(
    'an alias column without a type',
    `SELECT h FROM values('x UInt8, h ALIAS(${joined})', (1))`,
  ),
  leak('a default column of null()', `SELECT * FROM null('h UInt8 DEFAULT toUInt8(${joined})')`),
  leak(
    'a default column of a schema',
    `SELECT structureToCapnProtoSchema('h UInt8 DEFAULT toUInt8(${joined})')`,
  ),
  works(
    'a default column of format(), right of IN',
    "SELECT 'a' IN format('TSV', 'x String DEFAULT hostName()', 'a')",
  ),
  leak('the bare name of a function', "SELECT arrayMap(function_of_b, ['x'])"),
  leak(
    'the bare name of a function, with an alias',
    "SELECT arrayMap((function_of_b) AS upper, ['x'])",
  ),
  leak(
    'the bare name of a function, in a query parameter',
    "SELECT arrayMap({f:Identifier}, ['x'])",
    {
      f: 'function_of_b',
    },
  ),
  leak(
    'the bare name of a function that is a column elsewhere',
    "SELECT arrayMap(function_of_b, ['x']) FROM (SELECT 1 AS x) WHERE 1 IN (SELECT function_of_b FROM (SELECT 1 AS function_of_b))",
  ),
  works('the bare name of a function that reads files', "SELECT arrayMap(file, ['/etc/hostname'])"),
  works('a query on the servers of a cluster', "SELECT * FROM cluster('itself', view(SELECT 1))"),
];

const reversed = Array.from(canaries.body).reverse().join('');
const told = `name = 'otel_logs_${b}'`;

/** Rows of system tables that are B's, by conditions that are computed before those of the platform. */
const systemRows: readonly Hostile[] = [
  leak(
    'a failed conversion',
    `SELECT toUInt64(any(name)) FROM system.tables WHERE name LIKE '%nary%'`,
  ),
  leak('an alias', 'SELECT t.name FROM system.tables AS t'),
  leak('quotes', 'SELECT name FROM `system`."tables"'),
  leak('parameters', 'SELECT name FROM {s:Identifier}.{t:Identifier}', {
    s: 'system',
    t: 'tables',
  }),
  leak('a join', 'SELECT y.name FROM system.one AS x CROSS JOIN system.tables AS y'),
  leak('a subquery', `SELECT (SELECT groupArray(name) FROM system.tables)`),
  leak(
    'IN',
    `SELECT if('otel_logs_${b}' IN (SELECT name FROM system.tables), reverse('${reversed}'), '')`,
  ),
  leak('a view()', 'SELECT name FROM view(SELECT name FROM system.tables)'),
  leak('a cluster', `SELECT name FROM cluster('itself', system.tables)`),
  leak('indexes on a cluster', `SELECT table FROM cluster('itself', system.data_skipping_indices)`),
  leak('a column by three names', 'SELECT system.tables.name FROM system.tables'),
  leak('parts', 'SELECT * FROM system.parts'),
  leak('columns', 'SELECT * FROM system.columns'),
  leak('SHOW TABLES', `SHOW TABLES FROM ${database} LIKE '%nary%'`),
  leak('SHOW TABLES with a parameter', 'SHOW TABLES FROM {d:Identifier}', { d: database }),
].map((one) => ({ ...one, narrowed: true as const }));

const catalogs: readonly Hostile[] = [
  works(
    'the filters’ own key as an alias',
    'SELECT count() FROM system.tables AS `system.settings`',
  ),
  leak('information_schema', 'SELECT * FROM information_schema.tables'),
  leak('INFORMATION_SCHEMA', 'SELECT * FROM INFORMATION_SCHEMA.TABLES'),
  leak('functions', 'SELECT create_query FROM system.functions'),
];

/** Statements told apart from none by their errors. */
export const errors: readonly string[] = [
  `SELECT count() FROM system.tables WHERE throwIf(${told})`,
  `SELECT * FROM system.tables WHERE throwIf(${told}) OR 1`,
  `SELECT throwIf(${told}) FROM system.tables`,
  `SELECT 1 / (SELECT count() FROM system.tables WHERE ${told})`,
  `SELECT intDiv(1, toUInt8(NOT has(groupArray(name), 'otel_logs_${b}'))) FROM system.tables`,
  `SELECT throwIf(count() > 0) FROM system.columns WHERE table = 'otel_logs_${b}'`,
  `SELECT throwIf(count() > 0) FROM system.parts WHERE table = 'otel_logs_${b}'`,
  `SELECT * FROM system.tables AS t JOIN (SELECT 'otel_logs_${b}' AS n) AS o ON t.name = o.n`,
];

const clauses: readonly Hostile[] = [
  works('SETTINGS in a subquery', 'SELECT * FROM (SELECT 1 SETTINGS max_execution_time = 0)'),
  works(
    'SETTINGS in a common table expression',
    'WITH x AS (SELECT 1 SETTINGS readonly = 0) SELECT * FROM x',
  ),
  works('SETTINGS in a union', 'SELECT 1 SETTINGS max_threads = 1 UNION ALL SELECT 2'),
  works('SETTINGS with a quoted name', 'SELECT 1 SETTINGS `max_threads` = 1'),
  works('two SETTINGS', 'SELECT 1 FORMAT TSV SETTINGS max_threads = 1'),
  works('a setting of an EXPLAIN', 'EXPLAIN SELECT 1 SETTINGS max_threads = 1'),
  works('the empty statement behind', 'SELECT 1 SETTINGS max_threads = 1;'),
  { mechanism: 'two statements', sql: `SELECT 1; ${rows}`, control: 'refused' },
  { mechanism: 'a statement behind a comment', sql: `SELECT 1 --\n; ${rows}`, control: 'refused' },
  {
    mechanism: 'a bracket that closes the guard’s',
    sql: `SELECT 1) UNION ALL (${rows}`,
    control: 'refused',
  },
  leak('FROM without SELECT', `FROM ${logs} SELECT Body LIMIT 1`),
  works('functions of the server', 'SELECT hostName()'),
  works('a macro of the server', "SELECT getSetting('max_threads')"),
  works('the query cache', 'SELECT 1 SETTINGS use_query_cache = 1'),
  works(
    'the prefix of the guard as a column',
    'SELECT EXPLAIN AST FROM (SELECT 1 AS EXPLAIN) SETTINGS max_threads = 1',
  ),
  {
    mechanism: 'several statements at once',
    sql: 'SELECT 1 PARALLEL WITH SELECT 2',
    control: 'refused',
  },
];

export const hostile: readonly Hostile[] = [
  ...spellings,
  ...scopes,
  ...hidden,
  ...written,
  ...systemRows,
  ...catalogs,
  ...clauses,
];
