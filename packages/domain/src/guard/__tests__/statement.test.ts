import { systemReads } from '../../access';
import { parseTenantId } from '../../ids';
import { canonicalise } from '../statement';
import { systemFilters, systemTables } from '../systemTables';
import { isRefusal } from '../verdict';

const id = parseTenantId('65f0c0ffee0000000000aaaa');
const other = '65f0c0ffee0000000000bbbb';
const tenant = { id, database: 'otel' };
const logs = `otel_logs_${id}`;

const read = (text: string, values: Record<string, string> = {}) =>
  canonicalise(text, new Map(Object.entries(values)), tenant);
const textOf = (text: string, values: Record<string, string> = {}) => {
  const canonical = read(text, values);
  return isRefusal(canonical) ? canonical : canonical.text;
};

describe('kinds of statements', () => {
  it.each([
    ['SELECT 1', 'select', 'SELECT 1', '(SELECT 1)'],
    ['(SELECT 1)', 'select', '( SELECT 1 )', '(( SELECT 1 ))'],
    ['WITH 1 AS x SELECT x', 'select', 'WITH 1 AS x SELECT x', '(WITH 1 AS x SELECT x)'],
    ['explain select 1', 'explain', 'EXPLAIN select 1', '(select 1)'],
    ['EXPLAIN ESTIMATE SELECT 1', 'explain', 'EXPLAIN ESTIMATE SELECT 1', '(SELECT 1)'],
    [
      'EXPLAIN PLAN indexes=1, header = 0 SELECT 1',
      'explain',
      'EXPLAIN PLAN indexes = 1, header = 0 SELECT 1',
      '(SELECT 1)',
    ],
    [
      'DESCRIBE (SELECT 1)',
      'describe',
      'DESCRIBE TABLE ( SELECT 1 )',
      '(SELECT * FROM ( SELECT 1 ))',
    ],
    [
      'DESC numbers(1)',
      'describe',
      'DESCRIBE TABLE numbers ( 1 )',
      '(SELECT * FROM numbers ( 1 ))',
    ],
  ])('%s', (text, kind, canonical, asked) => {
    expect(read(text)).toMatchObject({ kind, text: canonical, question: `EXPLAIN AST ${asked}` });
  });

  it.each([
    [`DESCRIBE TABLE otel.${logs}`, `DESCRIBE TABLE \`otel\`.\`${logs}\``],
    [`DESC ${logs}`, `DESCRIBE TABLE \`otel\`.\`${logs}\``],
    ['DESCRIBE system.tables', 'DESCRIBE TABLE `system`.`tables`'],
    [`EXISTS ${logs}`, `EXISTS TABLE \`otel\`.\`${logs}\``],
    [`EXISTS VIEW otel.${logs}`, `EXISTS VIEW \`otel\`.\`${logs}\``],
  ])('%s needs no parser', (text, canonical) => {
    expect(read(text)).toMatchObject({ text: canonical });
    expect(read(text)).not.toHaveProperty('question');
  });

  it('SHOW is a query of the tenant’s rows', () => {
    expect(textOf('SHOW DATABASES')).toMatch(
      /^SELECT name FROM \(SELECT .* FROM system\.databases WHERE name = 'otel' LIMIT \d+\) ORDER BY name$/,
    );
    expect(textOf(`SHOW TABLES FROM {db:Identifier} LIKE '%x\\'' LIMIT 3`, { db: 'otel' })).toMatch(
      /system\.tables .* WHERE database = 'otel' AND name LIKE '%x\\'' ORDER BY name LIMIT 3$/,
    );
  });

  it.each([
    ['INSERT INTO t VALUES (1)', 'statement'],
    ['CREATE TABLE t (x Int8)', 'statement'],
    ['SET readonly = 0', 'statement'],
    ['USE otel', 'statement'],
    ['SYSTEM FLUSH LOGS', 'statement'],
    ['', 'statement'],
    ['-- nothing', 'statement'],
    ['FROM t', 'statement'],
    ['EXPLAIN QUERY TREE SELECT 1', 'statement'],
    ['EXPLAIN SYNTAX SELECT 1', 'statement'],
    ['EXPLAIN AST SELECT 1', 'statement'],
    ['EXPLAIN distributed = 1 SELECT 1', 'statement'],
    ['EXPLAIN header = 2 SELECT 1', 'statement'],
    ['EXPLAIN INSERT INTO t SELECT 1', 'statement'],
    ['SHOW CREATE TABLE t', 'statement'],
    ['SHOW FUNCTIONS', 'statement'],
    ['SHOW TABLES WHERE 1', 'statement'],
    ['SHOW TABLES LIKE (SELECT 1)', 'statement'],
    ['SHOW TABLES FROM other', 'table'],
    [`DESCRIBE otel.otel_logs_${other}`, 'table'],
    [`DESCRIBE other.${logs}`, 'table'],
    ['DESCRIBE system.users', 'table'],
    [`EXISTS otel.otel_logs_${other}`, 'table'],
    [`EXISTS ${logs}, x`, 'table'],
    [`SELECT * FROM otel.${logs} UUID 'x'`, 'table'],
    ['SELECT 1 AS `system.tables`', 'table'],
    ["SELECT 1 INTO OUTFILE 'x'", 'statement'],
    ['SELECT * APPLY(x -> (SELECT 1)) FROM t', 'function'],
    ['SELECT * APPLY length -> (SELECT 1) FROM t', 'function'],
    ['SELECT * APPLY(file) FROM t', 'function'],
    ["SELECT FILE ('x')", 'function'],
    ["SELECT `file`('x')", 'function'],
    ["SELECT * FROM url('x')", 'function'],
  ])('%s is refused', (text, rule) => {
    expect(read(text)).toMatchObject({ allowed: false, rule });
  });
});

describe('clauses behind a statement', () => {
  it.each([
    ['SELECT 1 FORMAT JSON', 'JSON', []],
    ['SELECT 1 format JSONEachRow;', 'JSONEachRow', []],
    [
      "SELECT 1 SETTINGS max_execution_time = 5, join_algorithm = 'auto' FORMAT JSON",
      'JSON',
      [
        ['max_execution_time', '5'],
        ['join_algorithm', 'auto'],
      ],
    ],
    ['SELECT 1 FORMAT JSON SETTINGS max_rows_to_read=1', 'JSON', [['max_rows_to_read', '1']]],
    [
      'SELECT 1 SETTINGS readonly = 2, use_skip_indexes_for_top_k = true',
      undefined,
      [['use_skip_indexes_for_top_k', 'true']],
    ],
  ])('%s', (text, format, settings) => {
    const canonical = read(text);
    expect(canonical).toMatchObject({ text: 'SELECT 1', settings });
    expect('format' in canonical ? canonical.format : undefined).toBe(format);
  });

  it.each([
    ['SELECT 1 SETTINGS max_threads = 1', 'setting'],
    ['SELECT 1 SETTINGS max_execution_time = 0', 'setting'],
    [`SELECT 1 SETTINGS additional_table_filters = 'x'`, 'setting'],
    ["SELECT 1 SETTINGS join_algorithm = '\\xff'", 'setting'],
    ['SELECT 1 FORMAT JSON FORMAT CSV', 'text'],
    ['SELECT 1 FORMAT `a b`', 'text'],
  ])('%s is refused', (text, rule) => {
    expect(read(text)).toMatchObject({ allowed: false, rule });
  });

  it('leaves what is none to the parser', () => {
    expect(textOf('SELECT 1 AS settings')).toBe('SELECT 1 AS settings');
    expect(textOf('SELECT * FROM (SELECT 1 SETTINGS x = 1)')).toContain('SETTINGS x = 1 )');
  });
});

describe('names', () => {
  it.each([
    [`SELECT * FROM ${logs}`, `SELECT * FROM \`otel\`.${logs}`],
    [`SELECT * FROM a , \`${logs}\``, `SELECT * FROM a , \`otel\`.\`${logs}\``],
    [`SELECT 1 IN ${logs}`, `SELECT 1 IN \`otel\`.${logs}`],
    [`SELECT ${logs}.Body FROM otel.${logs}`, `SELECT ${logs}.Body FROM otel.${logs}`],
    [`SELECT 1 AS ${logs}`, `SELECT 1 AS ${logs}`],
    [`WITH ${logs} AS (SELECT 1) SELECT 1`, `WITH ${logs} AS ( SELECT 1 ) SELECT 1`],
    [`SELECT * FROM otel_logs_${other}`, `SELECT * FROM otel_logs_${other}`],
  ])('%s', (text, canonical) => {
    expect(textOf(text)).toBe(canonical);
  });

  it('that parameters give are known as well', () => {
    expect(textOf('SELECT * FROM {t:Identifier}', { t: logs })).toBe(
      'SELECT * FROM `otel`.{t:Identifier}',
    );
    expect(
      textOf('SELECT * FROM {d:Identifier}.{t:Identifier}', { d: 'system', t: 'tables' }),
    ).toContain('LIMIT');
  });
});

describe('system tables', () => {
  it('are those that readers are granted, and tables of constants', () => {
    const granted = systemReads.map(({ table }) => table);
    expect(Object.keys(systemTables).sort()).toEqual(
      [...granted, 'numbers', 'one', 'zeros'].sort(),
    );
  });

  it.each(['system.tables', 'system . `tables`', '"system"."tables"'])(
    '%s is read in part',
    (name) => {
      expect(textOf(`SELECT * FROM ${name} AS t`)).toMatch(
        /^SELECT \* FROM \(SELECT \*, name AS table FROM system\.tables WHERE \(database = 'otel' AND endsWith\(name, '_65f0c0ffee0000000000aaaa'\)\) OR .* LIMIT 1000000\) AS t$/,
      );
    },
  );

  it('stay as they are where every row is everybody’s', () => {
    expect(textOf('SELECT * FROM system.settings')).toBe('SELECT * FROM system.settings');
  });

  it('have filters, for the engine to apply once more', () => {
    const filters = systemFilters({ id, database: `o'tel` });
    expect(filters).toContain(
      `'system.parts': 'database = \\'o\\\\\\'tel\\' AND endsWith(table, \\'_${id}\\')'`,
    );
    expect(filters).not.toContain('system.settings');
  });
});

describe('what clients ask about their session', () => {
  it.each([
    ['SELECT currentDatabase()', "SELECT 'otel'"],
    ['SELECT database ( ) AS d', "SELECT 'otel' AS d"],
    [
      'SELECT currentUser(), user(), CURRENT_USER()',
      `SELECT ${`'hdx_r_${id}' `.repeat(3).trim().split(' ').join(' , ')}`,
    ],
    ['SELECT displayName()', "SELECT 'ClickHouse'"],
  ])('%s is answered with the tenant’s own', (text, canonical) => {
    expect(textOf(text)).toBe(canonical);
  });

  it.each(['SELECT currentUser(1)', 'SELECT hostName()', 'SELECT getSetting()'])(
    '%s is refused as ever',
    (text) => {
      expect(textOf(text)).toMatchObject({ rule: 'function' });
    },
  );
});

describe('cluster()', () => {
  it.each([
    ["SELECT 1 FROM cluster('c', system.tables)", true],
    ['SELECT 1 FROM cluster({c:String}, {s:Identifier}.{t:Identifier}) AS x', true],
    ["SELECT 1 FROM cluster('c', view(SELECT 1))", false],
    ["SELECT 1 FROM cluster('c', system.settings)", false],
    ["SELECT 1 FROM cluster('c', system.tables, rand())", false],
    [`SELECT 1 FROM cluster('c', otel.${logs})`, false],
    ["SELECT 1 FROM cluster('c', (SELECT 1 FROM x))", false],
  ])('%s: %s', (text, allowed) => {
    const canonical = read(text, { c: 'c', s: 'system', t: 'data_skipping_indices' });
    expect(isRefusal(canonical)).toBe(!allowed);
  });
});

it('DESCRIBE counts the SELECT of its own in front', () => {
  const expected = (text: string) => {
    const canonical = read(text);
    return isRefusal(canonical) ? canonical : canonical.expected.selects;
  };
  expect(expected('DESCRIBE (SELECT 1)')).toBe(2);
  expect(expected('SELECT * FROM (SELECT 1)')).toBe(2);
});

it.each(['DESCRIBE', 'EXISTS'])('%s takes no path for a table', (keyword) => {
  expect(textOf(`${keyword} otel.\`/etc/x_${id}\``)).toMatchObject({ rule: 'table' });
});
