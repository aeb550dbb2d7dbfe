import { canonicalJson, compareText, prettyJson } from '../canonical';

describe('canonicalJson', () => {
  it('has one text for one value', () => {
    expect(canonicalJson({ b: [1, { d: 1, c: 2 }], a: null })).toBe(
      '{"a":null,"b":[1,{"c":2,"d":1}]}',
    );
    expect(canonicalJson({ a: null, b: [1, { c: 2, d: 1 }] })).toBe(
      canonicalJson({ b: [1, { d: 1, c: 2 }], a: null }),
    );
  });

  it('keeps the order of lists', () => {
    expect(canonicalJson(['b', 'a'])).toBe('["b","a"]');
  });

  it('escapes what JSON leaves bare and YAML does not take', () => {
    const text = canonicalJson({ a: 'x\u0085\u2028\u2029\u007f\ufeffé😀' });
    expect(text).toBe('{"a":"x\\u0085\\u2028\\u2029\\u007f\\ufeffé😀"}');
    expect(JSON.parse(text)).toEqual({ a: 'x\u0085\u2028\u2029\u007f\ufeffé😀' });
  });
});

describe('prettyJson', () => {
  it('says one thing a line, in one order', () => {
    expect(prettyJson({ b: ['x'], a: {} })).toBe('{\n  "a": {},\n  "b": [\n    "x"\n  ]\n}\n');
  });
});

describe('compareText', () => {
  it('orders by code units, as no locale does', () => {
    expect(['a', 'B', 'é', 'A', 'b'].sort(compareText)).toEqual(['A', 'B', 'a', 'b', 'é']);
    expect(compareText('a', 'a')).toBe(0);
  });
});
