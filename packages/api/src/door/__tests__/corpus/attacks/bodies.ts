import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';

import { b, database } from '../../../../clickhouse/__tests__/isolation/tenants';
import { multipartBody } from '../../../multipart';
import type { Attack, Control } from '../attack';
import { acmeMay, all, clickhouseShows, globexSees, operatorSees } from '../controls';
import type { Said } from '../entrances';
import type { Site } from '../site';

const theirs = `SELECT Body FROM ${database}.otel_logs_${b} LIMIT 1`;
/** The first half is harmless by itself. */
const union = `UNION ALL ${theirs}`;

const attack = (mechanism: string, said: Said, control: Control = globexSees(said)): Attack => ({
  mechanism: `body: ${mechanism}`,
  sends: (at) => [at.request(said)],
  refused: true,
  control,
});

/** A body that has to be made of this site's names before it is packed. */
const packed = (
  mechanism: string,
  pack: (sql: Buffer) => Buffer,
  said: Said,
  sql = theirs,
  control?: Control,
): Attack => {
  const made = (site: Site): Said => ({
    ...said,
    body: pack(Buffer.from(site.told(sql))),
    meaning: sql,
  });
  return {
    mechanism: `body: ${mechanism}`,
    sends: (at, site) => [at.request(made(site))],
    refused: true,
    control: control ?? ((site) => globexSees(made(site))(site)),
  };
};

const form = (
  mechanism: string,
  fields: (sql: string) => [string, string][],
  {
    said = {},
    edit = (body) => body,
    control,
  }: {
    said?: Said;
    edit?: (body: string, boundary: string) => string;
    control?: Control;
  } = {},
): Attack => {
  const made = (site: Site): Said => {
    const { body, contentType } = multipartBody(fields(site.told(theirs)));
    const boundary = contentType.split('boundary=')[1] ?? '';
    return { contentType, ...said, body: Buffer.from(edit(body.toString(), boundary)) };
  };
  return {
    mechanism: `form: ${mechanism}`,
    sends: (at, site) => [at.request(made(site))],
    refused: true,
    control: control ?? ((site) => globexSees(made(site))(site)),
  };
};

const own = acmeMay({ sql: 'SELECT 1' });
const seen = operatorSees(theirs);

/** What a type says of a body changes nothing: it is the statement. */
const typed = [
  'text/plain',
  'application/x-www-form-urlencoded',
  'application/json',
  'application/octet-stream',
  'text/html; charset=utf-16',
  'application/sql',
  'multipart/mixed; boundary=x',
].map((contentType) => attack(`of type ${contentType}`, { sql: theirs, contentType }));

const kinds: readonly Attack[] = [
  ...typed,
  attack('without a type', { sql: theirs, contentType: null }),
  attack('none, the statement in the URL', { query: [['query', theirs]] }),
  attack('half of the statement in the URL', {
    query: [['query', 'SELECT Body FROM']],
    sql: `${database}.otel_logs_${b} LIMIT 1`,
  }),
  attack('a comment in the URL that the line end ends', {
    query: [['query', "SELECT 'x' --"]],
    sql: union,
  }),
  attack('a comment in the URL that the body ends', {
    query: [['query', "SELECT 'x' /*"]],
    sql: `*/ ${union}`,
  }),
  attack('a text in the URL that the body ends', {
    query: [['query', "SELECT '"]],
    sql: `' ${union}`,
  }),
  attack('a name in the URL that the body ends', {
    query: [['query', `SELECT Body FROM ${database}.\`otel_logs_${b}\``]],
    sql: 'LIMIT 1',
  }),
  attack('blanks and line ends around it', { sql: `\r\n\t\f\v  ${theirs}\r\n\r\n` }),
  attack('many comments before it', { sql: `${'/* x */ -- y\n'.repeat(2_000)}${theirs}` }),
  attack('a page of names before it', {
    sql: `SELECT ${'1, '.repeat(5_000)} Body FROM ${database}.otel_logs_${b} LIMIT 1`,
  }),
  attack('in chunks', { sql: theirs, chunked: true }),
  attack('a second statement', { sql: `SELECT 1; ${theirs}` }, all(operatorSees(theirs), own)),
  attack('a second statement behind a line', { sql: `SELECT 1;\n${theirs};` }, seen),
  attack(
    'an INSERT with data',
    {
      sql: `INSERT INTO ${database}.otel_logs_${b} (Body) FORMAT JSONEachRow {"Body":"x"}`,
    },
    operatorSees(theirs),
  ),
  {
    mechanism: 'body: a byte order mark',
    sends: (at, site) => [at.request({ body: Buffer.from(`\ufeff${site.told(theirs)}`) })],
    control: seen,
  },
  {
    mechanism: 'body: NUL in a name',
    sends: (at) => [
      at.request({ sql: `SELECT Body FROM ${database}.otel_logs_${b}\0 LIMIT 1` }),
      at.request({ sql: `SELECT Body FROM ${database}.\`otel_logs_${b}\0\` LIMIT 1` }),
      at.request({ sql: `SELECT 1 \0 ${union}` }),
    ],
    control: seen,
  },
  {
    mechanism: 'body: bytes that are no UTF-8',
    sends: (at, site) => [
      at.request({
        body: Buffer.concat([
          Buffer.from("SELECT '"),
          Buffer.from([0xff, 0xfe, 0xc0, 0xa7]),
          Buffer.from(`' ${site.told(union)}`),
        ]),
      }),
      at.request({
        body: Buffer.from(`SELECT 'x' ${site.told(union)}`, 'utf16le'),
        contentType: 'text/plain; charset=utf-16le',
      }),
    ],
    refused: true,
    control: operatorSees(`SELECT 'x' ${union}`),
  },
  {
    mechanism: 'body: quotes and blanks of Unicode',
    sends: (at) =>
      ['\u00a0', '\u2003', '\u3000', '\u2028', '\u200b', '\ufeff'].map((blank) =>
        at.request({ sql: theirs.replaceAll(' ', blank) }),
      ),
    refused: true,
    control: operatorSees(theirs.replaceAll(' ', '\u00a0')),
  },
  {
    mechanism: 'body: quotes of Unicode that hide a table',
    sends: (at) => [
      at.request({ sql: `SELECT ‘x’ ${union}` }),
      at.request({ sql: `SELECT Body FROM ${database}.“otel_logs_${b}” LIMIT 1` }),
    ],
    refused: true,
    control: operatorSees(`SELECT Body FROM ${database}.“otel_logs_${b}” LIMIT 1`),
  },
];

const encoded: readonly Attack[] = [
  packed('gzip', (sql) => gzipSync(sql), { headers: [['Content-Encoding', 'gzip']] }),
  packed('deflate', (sql) => deflateSync(sql), { headers: [['Content-Encoding', 'deflate']] }),
  packed('br', (sql) => brotliCompressSync(sql), { headers: [['Content-Encoding', 'br']] }),
  packed('gzip in chunks', (sql) => gzipSync(sql), {
    headers: [['Content-Encoding', 'GZIP ']],
    chunked: true,
  }),
  packed(
    'gzip of two members',
    (sql) => Buffer.concat([gzipSync(Buffer.from("SELECT 'x' ")), gzipSync(sql)]),
    { headers: [['Content-Encoding', 'gzip']] },
    union,
  ),
  packed(
    'gzip twice',
    (sql) => gzipSync(gzipSync(sql)),
    { headers: [['Content-Encoding', 'gzip, gzip']] },
    theirs,
    seen,
  ),
  packed(
    'another encoding than is said',
    (sql) => gzipSync(sql),
    { headers: [['Content-Encoding', 'deflate']] },
    theirs,
    seen,
  ),
  packed(
    'an encoding that is unknown',
    (sql) => sql,
    { headers: [['Content-Encoding', 'zstd']] },
    theirs,
    seen,
  ),
  packed('an encoding of itself', (sql) => sql, { headers: [['Content-Encoding', 'identity']] }),
  {
    ...packed(
      'more than there is room for, once unpacked',
      () => gzipSync(Buffer.alloc(64 * 1_048_576, ' ')),
      { headers: [['Content-Encoding', 'gzip']] },
      '',
      own,
    ),
  },
];

const type = { headers: [] };

const forms: readonly Attack[] = [
  form('the statement in a field', (sql) => [['query', sql]]),
  form('the statement in a field, a harmless one in the URL', (sql) => [['query', sql]], {
    said: { query: [['query', 'SELECT 1']] },
    control: seen,
  }),
  form(
    'two statements',
    (sql) => [
      ['query', 'SELECT 1'],
      ['query', sql],
    ],
    { control: seen },
  ),
  form('a field before it', (sql) => [
    ['param_x', '1'],
    ['query', sql],
  ]),
  form('packed', (sql) => [['query', sql]], {
    said: { headers: [['Content-Encoding', 'identity']] },
  }),
  form('a quoted boundary', (sql) => [['query', sql]], {
    edit: (body) => body,
    said: type,
  }),
  form('a header in the part', (sql) => [['query', sql]], {
    edit: (body) =>
      body.replace('name="query"\r\n', 'name="query"\r\nContent-Type: text/plain\r\n'),
  }),
  form(
    'a transfer encoding of the part',
    (sql) => [['query', Buffer.from(sql).toString('base64')]],
    {
      edit: (body) =>
        body.replace('name="query"\r\n', 'name="query"\r\nContent-Transfer-Encoding: base64\r\n'),
      control: seen,
    },
  ),
  form('a name in another case', (sql) => [['QUERY', sql]], { control: seen }),
  form('a name that is not quoted', (sql) => [['query', sql]], {
    edit: (body) => body.replace('name="query"', 'name=query'),
    control: seen,
  }),
  form('two names of one part', (sql) => [['query', sql]], {
    edit: (body) => body.replace('name="query"', 'name="param_x"; name="query"'),
    control: seen,
  }),
  form('a text before the first boundary', (sql) => [['query', sql]], {
    edit: (body) => `preamble\r\n${body}`,
    control: seen,
  }),
  form('a text behind the last boundary', (sql) => [['query', sql]], {
    edit: (body, boundary) =>
      body.replace(`--${boundary}--`, `--${boundary}--\r\n--${boundary}\r\nx`),
    control: seen,
  }),
  form('no last boundary', (sql) => [['query', sql]], {
    edit: (body, boundary) => body.replace(`\r\n--${boundary}--`, ''),
    control: seen,
  }),
  form('line ends without returns', (sql) => [['query', sql]], {
    edit: (body) => body.replaceAll('\r\n', '\n'),
    control: seen,
  }),
  form(
    'a table in a file',
    () => [
      ['query', 'SELECT * FROM t'],
      ['t_structure', 's String'],
      ['t', 'x'],
    ],
    {
      edit: (body) => body.replace('name="t"', 'name="t"; filename="t"'),
      control: own,
    },
  ),
  form(
    'a table in a file called like an own one',
    () => [
      ['query', 'SELECT 1'],
      ['_external', 'x'],
    ],
    {
      edit: (body) => body.replace('name="_external"', 'name="_external"; filename*=UTF-8\'\'x'),
      control: own,
    },
  ),
  form(
    'a login in a field',
    (sql) => [
      ['query', sql],
      ['user', 'default'],
      ['password', ''],
    ],
    { control: seen },
  ),
  form(
    'a setting in a field',
    () => [
      ['query', 'SELECT 1'],
      ['additional_table_filters', "{'system.tables': '1'}"],
    ],
    { control: own },
  ),
];

/** What is the same by each entrance's own bytes, when the administrator sends them to ClickHouse. */
const overWire: readonly Attack[] = [
  {
    mechanism: 'body: GET of the statement',
    sends: (at) => [at.request({ method: 'GET', query: [['query', theirs]] })],
    refused: true,
    control: clickhouseShows(`/?query=${encodeURIComponent(theirs)}`, []),
  },
  {
    mechanism: 'body: other methods',
    sends: (at) =>
      ['PUT', 'PATCH', 'DELETE', 'OPTIONS', 'QUERY', 'MKCOL', 'PROPFIND'].map((method) =>
        at.request({ method, sql: theirs }),
      ),
    control: seen,
  },
  {
    mechanism: 'body: HEAD of the statement',
    sends: (at) => [at.request({ method: 'HEAD', query: [['query', theirs]], contentType: null })],
    control: clickhouseShows(`/?query=${encodeURIComponent(theirs)}`, []),
  },
];

export const bodies: readonly Attack[] = [...kinds, ...encoded, ...forms, ...overWire];
