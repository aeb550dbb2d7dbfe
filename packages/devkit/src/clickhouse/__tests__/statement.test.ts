import { parseInsert, parseStatement, refuseDataAfterSemicolon } from '../statement';

const insert = (sql: string, complete = true) => {
  const body = Buffer.from(sql);
  const parsed = parseInsert(body, complete);
  return parsed && { ...parsed, data: body.toString('utf8', parsed.dataStart) };
};
const statement = (sql: string) => parseStatement(Buffer.from(sql));

describe('parseInsert', () => {
  it.each([
    ['INSERT INTO t FORMAT JSONEachRow\n{"a":1}', 'INSERT INTO t ', 'JSONEachRow', '{"a":1}'],
    ['INSERT INTO t FORMAT CSV;\n1', 'INSERT INTO t ', 'CSV', '1'],
    ['INSERT INTO t FORMAT TSV   \r\n\ta', 'INSERT INTO t ', 'TSV', '\ta'],
    ['insert into d.t (a, b) values (1), (2)', 'insert into d.t (a, b) ', 'Values', ' (1), (2)'],
    ['INSERT INTO format FORMAT CSV\n1', 'INSERT INTO format ', 'CSV', '1'],
    ['INSERT INTO values VALUES (1)', 'INSERT INTO values ', 'Values', ' (1)'],
    [
      'INSERT INTO t (values, format) VALUES (1)',
      'INSERT INTO t (values, format) ',
      'Values',
      ' (1)',
    ],
    ['INSERT INTO d.settings VALUES (1)', 'INSERT INTO d.settings ', 'Values', ' (1)'],
    [
      '/* VALUES */ INSERT INTO t -- FORMAT x\nFORMAT CSV\n1',
      '/* VALUES */ INSERT INTO t -- FORMAT x\n',
      'CSV',
      '1',
    ],
    ['INSERT INTO `VALUES FORMAT` FORMAT CSV\né', 'INSERT INTO `VALUES FORMAT` ', 'CSV', 'é'],
    ['INSERT INTO é FORMAT CSV\né', 'INSERT INTO é ', 'CSV', 'é'],
  ])('%j', (sql, into, format, data) => {
    expect(insert(sql)).toMatchObject({ into, format, data, settings: '' });
  });

  it('takes settings before and after the format, and both', () => {
    const both = insert("INSERT INTO t SETTINGS a = 1 FORMAT CSV SETTINGS b = 'x,y', c = -2\n1");
    expect(both).toMatchObject({ into: 'INSERT INTO t ', data: '1' });
    expect(both?.settings.replace(/\s+/g, ' ')).toBe("SETTINGS a = 1 , b = 'x,y', c = -2");
  });

  it('does not take data for settings', () => {
    expect(insert('INSERT INTO t FORMAT CSV\nsettings,1')?.data).toBe('settings,1');
  });

  it.each([
    'SELECT 1 FORMAT CSV',
    'INSERT INTO t SELECT 1 FORMAT CSV',
    'INSERT INTO t (a) WITH x AS (SELECT 1) SELECT * FROM x',
    "CREATE TABLE t AS VALUES('a')",
  ])('leaves %j alone', (sql) => {
    expect(insert(sql)).toBeUndefined();
  });

  it('does not trust a head that touches the end of a part', () => {
    expect(insert('INSERT INTO t FORMAT JSON', false)).toBeUndefined();
    expect(insert('INSERT INTO t FORMAT JSONEachRow\n', false)).toMatchObject({
      format: 'JSONEachRow',
    });
  });

  it('refuses files of the server', () => {
    expect(() => insert("INSERT INTO t FROM INFILE '/etc/passwd' FORMAT CSV")).toThrow('infile');
  });
});

describe('parseStatement', () => {
  it.each([
    ['SELECT 1', { before: 'SELECT 1', format: undefined, after: '' }],
    ['SELECT 1 FORMAT JSON', { before: 'SELECT 1 ', format: 'JSON', after: '' }],
    [
      'SELECT 1 format JSON settings a = 1;',
      { before: 'SELECT 1 ', format: 'JSON', after: ' settings a = 1' },
    ],
    [
      'SELECT 1 SETTINGS a = 1 FORMAT JSON',
      { before: 'SELECT 1 SETTINGS a = 1 ', format: 'JSON', after: '' },
    ],
    ['SELECT 1 AS format', { before: 'SELECT 1 AS format', format: undefined, after: '' }],
    ["SELECT ' FORMAT JSON'", { before: "SELECT ' FORMAT JSON'", format: undefined, after: '' }],
    [
      'SELECT (SELECT 1 AS format) ; -- FORMAT x',
      { before: 'SELECT (SELECT 1 AS format)', format: undefined, after: '' },
    ],
    ['SELECT format FROM t', { before: 'SELECT format FROM t', format: undefined, after: '' }],
  ])('%j', (sql, expected) => {
    expect(statement(sql)).toMatchObject({ kind: 'select', ...expected });
  });

  it.each(['SHOW TABLES', 'DESC t', 'CREATE TABLE t AS SELECT 1', 'EXPLAIN SELECT 1'])(
    'answers %j as a whole',
    (sql) => {
      expect(statement(sql)).toMatchObject({ kind: 'command', text: sql });
    },
  );

  it.each([
    ['SELECT 1;', false],
    ['SELECT 1;;  -- ;\n', false],
    ["SELECT ';'", true],
    ['SELECT 1; SELECT 2', true],
    ["SELECT 'a'';' ; DROP TABLE t", true],
  ])('%j may be several statements: %j', (sql, several) => {
    expect(statement(sql).several).toBe(several);
  });

  it.each(['', '  ', '-- nothing', ';', '/* open'])('refuses %j as empty', (sql) => {
    expect(() => statement(sql)).toThrow('Empty query');
  });

  it.each(["SELECT 1 INTO OUTFILE 'x'", "EXPLAIN SELECT 1 into /**/ outfile 'x'"])(
    'refuses %j',
    (sql) => {
      expect(() => statement(sql)).toThrow('INTO OUTFILE is not allowed');
    },
  );
});

describe('refuseDataAfterSemicolon', () => {
  it.each(["(1, 'a;b')", '(1);', '(1) ; -- done; really', '(";", 1);;'])('passes %j', (data) => {
    expect(() => refuseDataAfterSemicolon(Buffer.from(data))).not.toThrow();
  });

  it.each(['(1); DROP TABLE t', '(1);(2)'])('refuses %j', (data) => {
    expect(() => refuseDataAfterSemicolon(Buffer.from(data))).toThrow('after semicolon');
  });
});
