import { convertNative } from '../nativeAnswer';
import { parseType } from '../nativeType';

const text = (value: string): number[] => [Buffer.byteLength(value), ...Buffer.from(value)];
const uint64 = (value: number): number[] => [value, 0, 0, 0, 0, 0, 0, 0];
const info = [1, 0, 2, 0xff, 0xff, 0xff, 0xff, 0];
const convert = (bytes: number[], version = 54_460): number[] => [
  ...convertNative(Buffer.from(bytes), version),
];

describe('convertNative', () => {
  it('marks each column of each block, and keeps every byte of the values', () => {
    const name = [...text('a'), ...text('UInt16')];
    const other = [...text('s'), ...text('String')];
    const values = [1, 0, 2, 0];
    const strings = [...text('x'), ...text('')];
    const bare = [2, 2, ...name, ...values, ...other, ...strings];
    const block = [...info, 2, 2, ...name, 0, ...values, ...other, 0, ...strings];
    expect(convert(bare)).toEqual(block);
    expect(convert([...bare, ...bare])).toEqual([...block, ...block]);
  });

  it('adds no column marks before 54454, and nothing without a version', () => {
    const bare = [1, 1, ...text('a'), ...text('UInt8'), 7];
    expect(convert(bare, 54_453)).toEqual([...info, ...bare]);
    expect(convert(bare, 0)).toEqual(bare);
  });

  it('passes over a map with a dictionary for its keys', () => {
    const head = [...text('m'), ...text('Map(LowCardinality(String), String)')];
    const values = [
      ...uint64(1), // version of the dictionary
      ...uint64(1), // one row, of one pair
      ...[0, 2, 0, 0, 0, 0, 0, 0], // a dictionary follows, indexes are bytes
      ...uint64(2),
      ...text(''),
      ...text('k'),
      ...uint64(1),
      1,
      ...text('v'),
    ];
    expect(convert([1, 1, ...head, ...values])).toEqual([...info, 1, 1, ...head, 0, ...values]);
  });

  it('keeps a block without rows', () => {
    const head = [...text('l'), ...text('LowCardinality(String)')];
    expect(convert([1, 0, ...head])).toEqual([...info, 1, 0, ...head, 0]);
  });

  it.each([
    ['an unknown type', [1, 1, ...text('v'), ...text('Variant(String, UInt8)'), 0], 'Variant'],
    ['a block that ends early', [1, 9, ...text('a'), ...text('UInt64'), 1], 'ends early'],
  ])('refuses %s', (_, bytes, reason) => {
    expect(() => convert(bytes)).toThrow(reason);
  });
});

describe('parseType', () => {
  const fixed = (bytes: number) => ({ kind: 'fixed', bytes });

  it.each([
    ["Enum8('a,(' = 1, 'b\\')' = 2)", fixed(1)],
    ["DateTime64(9, 'Europe/Berlin')", fixed(8)],
    ['Decimal(38, 10)', fixed(16)],
    ['Decimal(76, 10)', fixed(32)],
    ['FixedString(16)', fixed(16)],
    ['IntervalDay', fixed(8)],
    ['Array(Nullable(Int128))', { kind: 'array', inner: { kind: 'nullable', inner: fixed(16) } }],
    [
      'LowCardinality(Nullable(String))',
      { kind: 'lowCardinality', dictionary: { kind: 'string' } },
    ],
    ['Tuple(a UInt8, `b, c` String)', { kind: 'tuple', parts: [fixed(1), { kind: 'string' }] }],
    ['Tuple(UInt8, Decimal(9, 2))', { kind: 'tuple', parts: [fixed(1), fixed(4)] }],
    ['SimpleAggregateFunction(sum, UInt64)', fixed(8)],
  ])('%s', (type, layout) => {
    expect(parseType(type)).toEqual(layout);
  });

  it.each(['JSON', 'Dynamic', 'AggregateFunction(sum, UInt64)', '', 'Array'])(
    'refuses %j',
    (type) => {
      expect(() => parseType(type)).toThrow('is not known');
    },
  );
});
