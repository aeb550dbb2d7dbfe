import { readFragment } from '../fragment';

const outline = (text: string): string | undefined => {
  const fragment = readFragment(text);
  return fragment.closed ? fragment.outline : undefined;
};
const fault = (text: string): string => {
  const fragment = readFragment(text);
  if (fragment.closed) throw new Error(`was let through: ${text}`);
  return fragment.fault;
};

describe('a piece of SQL', () => {
  it.each([
    ["ResourceAttributes['host.name']", 'ResourceAttributes[]'],
    ['concat(a, \')\', "x;y", `--`)', 'concat()'],
    ["'it''s' || 'a\\'; DROP' || 'ö'", "'''' || '' || ''"],
    ['Delta(8), ZSTD(1)', 'Delta(), ZSTD()'],
    ['a - -1', 'a - -1'],
    ['a / b', 'a / b'],
    ['if(x[1] > (2), y, z) AS w', 'if() AS w'],
  ])('%s ends where it ends', (text, expected) => {
    expect(outline(text)).toBe(expected);
  });

  it.each([
    ['1; DROP TABLE x', ';'],
    ['1 -- rest', '--'],
    ['1 // rest', '//'],
    ['1 /* rest', '/*'],
    ['1 # rest', '#'],
    ['1 #! rest', '#'],
    ['$tag$ text', '$'],
    ['{x:String}', '{'],
    ['a\\', '\\'],
    ["'open", "(')"],
    ["'open\\'", "(')"],
    ['`open', '(`)'],
    ['"open', '(")'],
    ["'a' || 'b''", "(')"],
    ['f(x', ')'],
    ['m[x', ']'],
    ['f(x))', 'closes ")"'],
    [') ENGINE = Null (', 'closes ")"'],
    ['f[x)', 'closes ")"'],
    ['‘curly’', 'ASCII'],
    ['a − b', 'ASCII'],
    ['a\u00a0b', 'ASCII'],
    ['a\nb', 'one line'],
    ["'a\u0000b'", 'one line'],
  ])('%j is refused', (text, reason) => {
    expect(fault(text)).toContain(reason);
  });
});
