import { opampRoute, redactedPath } from '../http';

describe('opampRoute', () => {
  it('takes the token from the header', () => {
    expect(opampRoute({ url: '/v1/opamp', headers: { authorization: 'Bearer abc' } })).toEqual({
      token: 'abc',
    });
  });

  it('takes the token from the path, whatever the header says', () => {
    expect(
      opampRoute({ url: '/t/abc/v1/opamp?x=1', headers: { authorization: 'Bearer other' } }),
    ).toEqual({ token: 'abc' });
  });

  it('finds no token in other schemes', () => {
    expect(opampRoute({ url: '/v1/opamp', headers: { authorization: 'Basic abc' } })).toEqual({
      token: undefined,
    });
    expect(opampRoute({ url: '/v1/opamp', headers: {} })).toEqual({ token: undefined });
  });

  it.each([
    '/',
    '/v1/opamp/',
    '/V1/opamp',
    '/t//v1/opamp',
    '/t/a/b/v1/opamp',
    '/t/%2e/v1/opamp',
    '/t/../v1/opamp/x',
    undefined,
  ])('knows no other path: %s', (url) => expect(opampRoute({ url, headers: {} })).toBeUndefined());
});

describe('redactedPath', () => {
  it.each([
    ['/t/secret/v1/opamp', '/t/***/v1/opamp'],
    ['/t/secret', '/t/***'],
    ['/v1/opamp?token=secret', '/v1/opamp'],
    [undefined, ''],
  ])('%s -> %s', (url, path) => expect(redactedPath(url)).toBe(path));
});
