import fc from 'fast-check';

import { readTokens } from '../lexer';
import { renderTokens } from '../tokens';
import { isRefusal } from '../verdict';

const canonical = (text: string, values: Record<string, string> = {}) => {
  const read = readTokens(text, new Map(Object.entries(values)));
  return isRefusal(read) ? read : renderTokens(read);
};

describe('canonical text', () => {
  it.each([
    ['SELECT  1\n,\t2', 'SELECT 1 , 2'],
    ['SELECT 1 -- a comment\n+ 1 # another\n', 'SELECT 1 + 1'],
    ['SELECT 1 #!shebang', 'SELECT 1'],
    ['SELECT/* a /* nested */ one */1', 'SELECT 1'],
    ['SELECT 1 /* not closed', 'SELECT 1'],
    ['SELECT 5--1', 'SELECT 5'],
    ['SELECT 5 - - 1', 'SELECT 5 - -1'],
    ['SELECT - 128::Int8, a - 1, f() - 1', 'SELECT -128 :: Int8 , a -1 , f ( ) - 1'],
    [`SELECT x'4A', b'01'`, `SELECT x'4A' , b'01'`],
    ['SELECT a / * b', 'SELECT a / * b'],
    ['SELECT 1;;', 'SELECT 1'],
    ['SELECT a . b, t.1.2, x.*, m.^k', 'SELECT a.b , t.1.2 , x.* , m.^k'],
    ['SELECT 5., .5, 1e-3, 0xFF, 0b11, 1_000', 'SELECT 5. , .5 , 1e-3 , 0xFF , 0b11 , 1_000'],
    ['SELECT (1,2).1, [1][1]', 'SELECT ( 1 , 2 ).1 , [ 1 ] [ 1 ]'],
    ['SELECT a::UInt8, x->x, a||b, a<=>b', 'SELECT a :: UInt8 , x -> x , a || b , a <=> b'],
  ])('%s', (text, expected) => {
    expect(canonical(text)).toBe(expected);
  });

  it.each([
    [`'it''s'`, `'it\\'s'`],
    [String.raw`'it\'s'`, `'it\\'s'`],
    [String.raw`'a\nb\tc\0'`, String.raw`'a\x0ab\x09c\x00'`],
    ["'a\nb'", String.raw`'a\x0ab'`],
    [String.raw`'\x41\xff\q\\'`, String.raw`'A\xff\\q\\'`],
    [`'--' `, `'--'`],
    [`$$it's$$`, `'it\\'s'`],
    [`$tag$a$$b$tag$`, `'a$$b'`],
    ['`a``b\\`c`', '`a\\`b\\`c`'],
    [`"a b"`, '`a b`'],
    ['`select`', '`select`'],
    ['a$b', '`a$b`'],
  ])('quotes %s by its own rule', (text, expected) => {
    expect(canonical(text)).toBe(expected);
  });

  it('is its own canonical text', () => {
    const pieces = fc.constantFrom(
      ...[
        'a',
        '"b c"',
        '`d`',
        "'e'",
        String.raw`'\\'`,
        '$$f$$',
        '1',
        '.5',
        '1.',
        '.',
        ',',
        '(',
        ')',
        '[',
        ']',
      ],
      ...[
        '-',
        '--',
        '*',
        '/',
        '/*',
        '*/',
        '::',
        '->',
        '=',
        ' ',
        '\n',
        '#',
        '# ',
        ';',
        '{p:String}',
        'x\\',
        '%',
      ],
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 12 }), (parts) => {
        const once = canonical(parts.join(''), { p: '' });
        if (typeof once === 'string') expect(canonical(once, { p: '' })).toBe(once);
      }),
    );
  });

  it('holds nothing of a text but its own quotes and tokens', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (content) => {
        const text = `'${content.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
        expect(canonical(text)).toMatch(/^'(?:[^'\\]|\\['\\]|\\x[0-9a-f]{2})*'$/u);
      }),
    );
  });
});

describe('refused texts', () => {
  it.each([
    ['two statements', 'SELECT 1; SELECT 2'],
    ['a statement behind a comment', 'SELECT 1; -- x\nDROP TABLE t'],
    ['an open text', "SELECT 'a"],
    ['an open name', 'SELECT `a'],
    ['an open heredoc', 'SELECT $$a'],
    ['an empty name', 'SELECT ``'],
    ['a line end in a name', 'SELECT `a\n`'],
    ['an escaped line end in a name', 'SELECT `a\\n`'],
    ['a byte in a name', 'SELECT `a\\xff`'],
    ['typographic quotes', 'SELECT ‘a’'],
    ['a blank that is none', 'SELECT\u00a01'],
    ['NUL', 'SELECT 1\0'],
    ['a bracket that is not open', 'SELECT 1)'],
    ['a bracket that is not closed', 'SELECT (1'],
    ['brackets that cross', 'SELECT ([)]'],
    ['brackets without end', `SELECT ${'('.repeat(201)}1${')'.repeat(201)}`],
    ['more than ClickHouse parses', `SELECT 1${' '.repeat(262_144)}`],
    ['more words than anybody writes', `SELECT 1${',1'.repeat(20_000)}`],
    ['variables of MySQL', 'SELECT @@version'],
    ['braces', "SELECT {'a': 1}"],
    ['a number that is a name', 'SELECT 1a'],
    ['a lone hash', 'SELECT 1 #x'],
  ])('%s', (_what, text) => {
    expect(canonical(text)).toMatchObject({ allowed: false, rule: 'text' });
  });
});

describe('query parameters', () => {
  it.each([
    ['{a:String}', '{a:String}'],
    ['{ a : Array( String ) }', '{a:Array( String )}'],
    [`{a:DateTime64(3, 'UTC')}`, `{a:DateTime64(3, 'UTC')}`],
    ['{a:Identifier}.{a:Identifier}', '{a:Identifier}.{a:Identifier}'],
  ])('%s', (text, expected) => {
    expect(canonical(text, { a: 'x' })).toBe(expected);
  });

  it.each([
    ['has no value', '{b:String}', 'parameter'],
    ['has a blank name', '{:String}', 'text'],
    ['has a type that ends elsewhere', "{a:'} + {a:'}", 'text'],
    ['has a type with a comment', '{a:String--\n}', 'text'],
    ['has a type with another', '{a:Array(/*)}', 'text'],
  ])('one that %s is refused', (_what, text, rule) => {
    expect(canonical(text, { a: 'x' })).toMatchObject({ allowed: false, rule });
  });

  it.each(['', 'a\nb', 'a\\nb', 'a\0'])('no name is %j', (value) => {
    expect(canonical('SELECT {a:Identifier}', { a: value })).toMatchObject({ rule: 'parameter' });
  });
});
