import { a, b, database } from '../../../../clickhouse/__tests__/isolation/tenants';
import { multipartBody } from '../../../multipart';
import type { Attack, Control } from '../attack';
import { operatorMay, operatorSees } from '../controls';
import type { Said } from '../entrances';

/** Values of query parameters: HyperDX names databases, tables and indexes by them. */
const attack = (
  mechanism: string,
  sql: string,
  values: Readonly<Record<string, string>>,
  { control, refused = true }: { control?: Control; refused?: boolean } = {},
): Attack => {
  const query = Object.entries(values).map(([name, value]) => [`param_${name}`, value] as const);
  return {
    mechanism: `value: ${mechanism}`,
    sends: (at) => [at.request({ sql, query })],
    ...(refused && { refused: true as const }),
    control: control ?? operatorSees(sql, Object.fromEntries(query)),
  };
};

const raw = (mechanism: string, said: readonly Said[], control: Control): Attack => ({
  mechanism: `value: ${mechanism}`,
  sends: (at) => said.map((one) => at.request(one)),
  control,
});

const table = `otel_logs_${b}`;
const from = 'SELECT Body FROM {d:Identifier}.{t:Identifier} LIMIT 1';
const own = 'SELECT count() FROM {d:Identifier}.{t:Identifier}';
const index = 'SELECT token FROM mergeTreeTextIndex({d:String}, {t:String}, {i:String}) LIMIT 3';
const plain = operatorSees(from, { param_d: database, param_t: table });

const names: readonly Attack[] = [
  attack('a table', from, { d: database, t: table }),
  attack('a table with its database', 'SELECT Body FROM {t:Identifier} LIMIT 1', {
    t: `${database}.${table}`,
  }),
  attack(
    'a table without its database',
    'SELECT Body FROM {t:Identifier} LIMIT 1',
    { t: table },
    {
      control: operatorSees('SELECT Body FROM {t:Identifier} LIMIT 1', {
        param_t: table,
        database,
      }),
    },
  ),
  attack(
    'a table of the system',
    'SELECT * FROM {d:Identifier}.{t:Identifier}',
    {
      d: 'system',
      t: 'users',
    },
    { control: operatorMay('SELECT * FROM system.users') },
  ),
  attack('a table of the operator', 'SELECT s FROM {d:Identifier}.{t:Identifier}', {
    d: 'other',
    t: 'operators',
  }),
  attack('a table in DESCRIBE', 'DESCRIBE {d:Identifier}.{t:Identifier}', {
    d: database,
    t: table,
  }),
  attack(
    'a table in EXISTS',
    'EXISTS {d:Identifier}.{t:Identifier}',
    { d: database, t: table },
    {
      control: operatorMay('EXISTS {d:Identifier}.{t:Identifier}', {
        param_d: database,
        param_t: table,
      }),
    },
  ),
  attack(
    'a database in SHOW TABLES',
    'SHOW TABLES FROM {d:Identifier}',
    { d: 'other' },
    {
      control: operatorMay('SHOW TABLES FROM {d:Identifier}', { param_d: 'other' }),
    },
  ),
  attack(
    'a Set right of IN',
    'SELECT toUInt64(1) IN {s:Identifier}',
    { s: `${database}.set_${b}` },
    {
      control: operatorMay(`SELECT toUInt64(1) IN ${database}.set_${b}`),
    },
  ),
  attack(
    'texts of a text index',
    index,
    { d: database, t: table, i: 'idx_lower_body' },
    {
      control: operatorMay(index, { param_d: database, param_t: table, param_i: 'idx_lower_body' }),
    },
  ),
  attack('texts of merge()', 'SELECT Body FROM merge({d:String}, {t:String}) LIMIT 1', {
    d: database,
    t: `^${table}$`,
  }),
  attack('a text of dictGet', "SELECT dictGet({n:String}, 's', toUInt64(1))", {
    n: `${database}.dictionary_${b}`,
  }),
  attack(
    'a text of file()',
    "SELECT * FROM file({f:String}, 'LineAsString') LIMIT 1",
    {
      f: '/etc/passwd',
    },
    { control: operatorMay("SELECT * FROM file('/etc/passwd', 'LineAsString') LIMIT 1") },
  ),
  attack(
    'rows of a system table by the id of Globex',
    'SELECT name FROM system.tables WHERE name = {t:String}',
    { t: `canary_table_of_b_${b}` },
    {
      refused: false,
      control: operatorMay('SELECT name FROM system.tables WHERE name = {t:String}', {
        param_t: table,
      }),
    },
  ),
  attack(
    'rows of a system table by LIKE',
    'SELECT name FROM system.tables WHERE name LIKE {t:String}',
    {
      t: '%nary%',
    },
    { refused: false },
  ),
];

/** What a name must not hold: the engine puts it where a name stands. */
const inNames: readonly Attack[] = (
  [
    ['a backquote', `otel_logs_${a}\`, ${database}.\`${table}`],
    ['a dot', `otel_logs_${a}.${table}`],
    ['a bracket', `otel_logs_${a}) UNION ALL SELECT Body FROM (${database}.${table}`],
    ['a blank', `${table} `],
    ['a line end', `${table}\n`],
    ['a backslash', `otel\\x5flogs_${b}`],
    ['a NUL', `${table}\0`],
    ['a comment', `${table}/**/`],
    ['a subquery', `(SELECT Body FROM ${database}.${table})`],
    ['a letter like another', `otel_l\u043egs_${b}`],
    ['nothing', ''],
    ['capitals', `OTEL_LOGS_${b}`],
  ] as const
).map(([mechanism, value]) =>
  attack(`a name with ${mechanism}`, own, { d: database, t: value }, { control: plain }),
);

const kinds: readonly Attack[] = [
  raw(
    'the same name twice',
    [
      { sql: from, rawQuery: `param_d=${database}&param_t=otel_logs_${a}&param_t=${table}` },
      { sql: from, rawQuery: `param_d=${database}&param_t=${table}&param_t=otel_logs_${a}` },
    ],
    plain,
  ),
  raw(
    'lists',
    [
      { sql: from, rawQuery: `param_d=${database}&param_t[]=${table}` },
      { sql: from, rawQuery: `param_d=${database}&param_t[0]=otel_logs_${a}&param_t=${table}` },
    ],
    plain,
  ),
  raw(
    'names of prototypes',
    ['__proto__', 'constructor', 'toString', 'valueOf'].map((name) => ({
      sql: `SELECT Body FROM ${database}.{${name}:Identifier} LIMIT 1`,
      query: [[`param_${name}`, table]] as const,
    })),
    operatorSees(`SELECT Body FROM ${database}.{constructor:Identifier} LIMIT 1`, {
      param_constructor: table,
    }),
  ),
  raw(
    'names that are no names',
    ['', 't}', 't:Identifier', '1', 'a-b', 't ', '\u0442', 'x'.repeat(300)].map((name) => ({
      sql: from,
      query: [
        ['param_d', database],
        ['param_t', table],
        [`param_${name}`, 'x'],
      ] as const,
    })),
    plain,
  ),
  raw('one that is not given', [{ sql: from, query: [['param_d', database]] }], plain),
  raw(
    'other spellings of the prefix',
    ['PARAM_t', 'param-t', 'Param_t', 'param%5ft', 'param_param_t'].map((name) => ({
      sql: from,
      rawQuery: `param_d=${database}&${name}=${table}`,
    })),
    plain,
  ),
  raw(
    'an encoding of an encoding',
    [{ sql: from, rawQuery: `param_d=${database}&param_t=otel%255flogs_${b}` }],
    plain,
  ),
  raw(
    'types that are none',
    [
      `SELECT Body FROM ${database}.{t:identifier} LIMIT 1`,
      `SELECT Body FROM ${database}.{t: Identifier } LIMIT 1`,
      `SELECT Body FROM ${database}.{t:\`Identifier\`} LIMIT 1`,
      `SELECT Body FROM ${database}.{t:String} LIMIT 1`,
      `SELECT Body FROM ${database}.{t/**/:Identifier} LIMIT 1`,
      'SELECT {t:Array(Identifier)}',
      'SELECT Body FROM {t:Identifier LIMIT 1',
    ].map((sql) => ({ sql, query: [['param_t', table]] as const })),
    plain,
  ),
  raw(
    'a type that holds a statement',
    [
      {
        sql: `SELECT {t:Enum('a' = 1, 'x}' = 2) UNION ALL SELECT Body FROM ${database}.${table}}`,
        query: [['param_t', 'a']],
      },
      {
        sql: `SELECT {t:Map(String, String)}['x}'], (SELECT any(Body) FROM ${database}.${table})`,
        query: [['param_t', "{'x}': 'y'}"]],
      },
    ],
    operatorSees(
      `SELECT {t:Map(String, String)}['x}'], (SELECT any(Body) FROM ${database}.${table})`,
      {
        param_t: "{'x}': 'y'}",
      },
    ),
  ),
  raw(
    'a value that would be SQL where it is pasted',
    ["' UNION ALL SELECT 1 --", `\\' OR 1`, "'); DROP TABLE x --", '\\', '\\N'].map((value) => ({
      sql: `SELECT {v:String} AS v, {t:Identifier}.Body FROM ${database}.{t:Identifier} LIMIT 1`,
      query: [
        ['param_v', value],
        ['param_t', table],
      ] as const,
    })),
    operatorSees(
      `SELECT {v:String} AS v, {t:Identifier}.Body FROM ${database}.{t:Identifier} LIMIT 1`,
      {
        param_v: 'x',
        param_t: table,
      },
    ),
  ),
];

/** In the fields of a form: as HyperDX sends them above 4,096 bytes. */
const inForms: readonly Attack[] = [
  {
    mechanism: 'value: a table in a form',
    sends: (at, site) => {
      const { body, contentType } = multipartBody([
        ['query', from],
        ['param_d', database],
        ['param_t', site.told(table)],
        ['param_long', 'x'.repeat(5_000)],
      ]);
      return [at.request({ body, contentType })];
    },
    refused: true,
    control: plain,
  },
  {
    mechanism: 'value: a table in a form, another one in the URL',
    sends: (at, site) => {
      const { body, contentType } = multipartBody([
        ['query', from],
        ['param_t', site.told(table)],
      ]);
      const inUrl = [
        ['param_d', database],
        ['param_t', `otel_logs_${a}`],
      ] as const;
      return [at.request({ body, contentType, query: inUrl })];
    },
    refused: true,
    control: plain,
  },
  {
    mechanism: 'value: a verdict about another value is not used again',
    sends: (at) =>
      [`otel_logs_${a}`, table, `otel_logs_${a}`, table].map((name) =>
        at.request({
          sql: from,
          query: [
            ['param_d', database],
            ['param_t', name],
          ],
        }),
      ),
    control: plain,
  },
];

export const values: readonly Attack[] = [...names, ...inNames, ...kinds, ...inForms];
