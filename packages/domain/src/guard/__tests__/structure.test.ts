import { isPlainStructure } from '../structure';

describe('columns with their types', () => {
  it.each([
    'a UInt8',
    ' a  UInt8 ,b String',
    'a Array(Nullable(String)), b Map(String, Array(UInt8)), c Tuple(x UInt8, y String)',
    'a DateTime64(9), b LowCardinality(FixedString(3))',
  ])('%s', (text) => {
    expect(isPlainStructure(text)).toBe(true);
  });

  it.each([
    '',
    'a',
    'a UInt8,',
    'a UInt8 DEFAULT 1',
    'a UInt8 DEFAULT b',
    'a ALIAS hostName()',
    'a ALIAS(hostName())',
    'a ALIAS (b)',
    'a UInt8 (hostName())',
    'a Array(hostName())',
    'a Array(String) hostName()',
    'a UInt8 ALIAS b IN c',
    'a UInt8) ALIAS (b',
    "a Enum8('x' = 1)",
    'a UInt8 -- x',
    'a `UInt8`',
    'a\nUInt8',
    `a ${'Array('.repeat(1_000)}UInt8${')'.repeat(1_000)}`,
  ])('%s is none', (text) => {
    expect(isPlainStructure(text)).toBe(false);
  });
});
