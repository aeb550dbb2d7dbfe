import fc from 'fast-check';

import { urlParameters } from '../urlParameters';

it('reads names and values in their order', () => {
  expect(urlParameters('/?query=SELECT+1%2B1&param_x=%C3%BC%0A&flag&empty=&&a=b=c')).toEqual([
    ['query', 'SELECT 1+1'],
    ['param_x', 'ü\n'],
    ['flag', ''],
    ['empty', ''],
    ['a', 'b=c'],
  ]);
  expect(urlParameters('/')).toEqual([]);
});

it.each(['/?a=%', '/?a=%zz', '/?a=%ff', '/?%c3=1', '/?a=%ed%a0%80', '/?a=ü', '/?a=\u0000'])(
  'refuses %j',
  (url) => {
    expect(() => urlParameters(url)).toThrow(
      expect.objectContaining({ code: 'invalid_request' }) as Error,
    );
  },
);

it('takes no more than it can hold', () => {
  const url = (count: number): string => `/?${Array.from({ length: count }, () => 'a').join('&')}`;
  expect(urlParameters(url(4_096))).toHaveLength(4_096);
  expect(() => urlParameters(url(4_097))).toThrow(/more than 4096/);
});

it('loses nothing of what a client encodes', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }))),
      (pairs) => {
        const url = `/?${pairs.map((pair) => pair.map(encodeURIComponent).join('=')).join('&')}`;
        // `=` alone is a parameter as well: without a name.
        expect(urlParameters(url)).toEqual(pairs);
      },
    ),
  );
});
