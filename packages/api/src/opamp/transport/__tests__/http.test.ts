import { namedUid, opampRoute, redactedPath } from '../http';

describe('opampRoute', () => {
  it('takes the token from the header', () => {
    expect(opampRoute({ url: '/v1/opamp', headers: { authorization: 'Bearer abc' } })).toEqual({
      token: 'abc',
      key: undefined,
    });
  });

  it('takes the token from the path, whatever the header says', () => {
    expect(
      opampRoute({ url: '/t/abc/v1/opamp?x=1', headers: { authorization: 'Bearer other' } }),
    ).toEqual({ token: 'abc', key: undefined });
  });

  it('takes a header without a scheme for a key, and for no token', () => {
    expect(opampRoute({ url: '/v1/opamp', headers: { authorization: 'abc' } })).toEqual({
      token: undefined,
      key: 'abc',
    });
  });

  it('takes a key from the path in its encoded form, and leaves what is not encoded properly', () => {
    expect(opampRoute({ url: '/t/a%2Fb+c$/v1/opamp', headers: {} })?.token).toBe('a/b+c$');
    expect(opampRoute({ url: '/t/a%zz/v1/opamp', headers: {} })).toBeUndefined();
  });

  it('finds no token in other schemes', () => {
    for (const headers of [{ authorization: 'Basic abc' }, { authorization: '' }, {}]) {
      expect(opampRoute({ url: '/v1/opamp', headers })).toEqual({
        token: undefined,
        key: undefined,
      });
    }
  });

  it.each([
    '/',
    '/v1/opamp/',
    '/V1/opamp',
    '/t//v1/opamp',
    '/t/a/b/v1/opamp',
    '/t/../v1/opamp/x',
    undefined,
  ])('knows no other path: %s', (url) => expect(opampRoute({ url, headers: {} })).toBeUndefined());
});

describe('namedUid', () => {
  it.each([
    ['0192F0C1-b2a3-7000-8000-00000000abcd', '0192f0c1b2a37000800000000000abcd'],
    ['0192f0c1b2a37000800000000000abcd', '0192f0c1b2a37000800000000000abcd'],
    ['01ARZ3NDEKTSV4RRFFQ69G5FAV', undefined],
    [undefined, undefined],
  ])('%s -> %s', (header, uid) => {
    expect(namedUid({ headers: { 'opamp-instance-uid': header } })).toBe(uid);
  });
});

describe('redactedPath', () => {
  it.each([
    ['/t/secret/v1/opamp', '/t/***/v1/opamp'],
    ['/t/secret', '/t/***'],
    ['/v1/opamp?token=secret', '/v1/opamp'],
    [undefined, ''],
  ])('%s -> %s', (url, path) => expect(redactedPath(url)).toBe(path));
});
