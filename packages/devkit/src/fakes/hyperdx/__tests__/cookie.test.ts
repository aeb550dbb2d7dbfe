import { idOf, sessionCookie, setCookie, signedId } from '../cookie';
import { hashPassword, verifyPassword } from '../password';

describe('the session cookie', () => {
  it('is signed as cookie-signature signs', () => {
    // The example of that package's own documentation.
    expect(signedId('hello', 'tobiiscool')).toBe(
      's:hello.DGDUkGlIkCzPz+C0B064FNgHdEjox7ch8tOBGslZ5QI',
    );
    expect(idOf('s:hello.DGDUkGlIkCzPz+C0B064FNgHdEjox7ch8tOBGslZ5QI', 'tobiiscool')).toBe('hello');
  });

  it.each([
    'hello.DGDUkGlIkCzPz+C0B064FNgHdEjox7ch8tOBGslZ5QI',
    's:hello.DGDUkGlIkCzPz+C0B064FNgHdEjox7ch8tOBGslZ5QX',
    's:hallo.DGDUkGlIkCzPz+C0B064FNgHdEjox7ch8tOBGslZ5QI',
    's:hello.',
    's:hello',
    '',
  ])('is nobody’s where it is not: %j', (value) => {
    expect(idOf(value, 'tobiiscool')).toBeUndefined();
  });

  it('is read from among others, decoded, the first of several', () => {
    expect(sessionCookie('a=1; connect.sid=s%3Aone.x; connect.sid=two')).toBe('s:one.x');
    expect(sessionCookie('not-connect.sid=1')).toBeUndefined();
    expect(sessionCookie('connect.sid=%')).toBeUndefined();
    expect(sessionCookie(undefined)).toBeUndefined();
  });

  it('says all that a browser goes by', () => {
    const expires = new Date(Date.UTC(2026, 8, 1));
    const cookie = setCookie('id', 'secret', { domain: 'hdx.example', secure: true, expires });
    expect(cookie.split('; ').slice(1)).toEqual([
      'Domain=hdx.example',
      'Path=/',
      'Expires=Tue, 01 Sep 2026 00:00:00 GMT',
      'HttpOnly',
      'Secure',
      'SameSite=Lax',
    ]);
    expect(setCookie('id', 'secret', { domain: undefined, secure: false, expires })).not.toMatch(
      /Domain|Secure/,
    );
  });
});

describe('passwords', () => {
  it('are hashed in the form of passport-local-mongoose, and let nobody else in', async () => {
    const hash = await hashPassword('Correct-Horse-1');
    expect(hash.salt).toMatch(/^[a-f0-9]{64}$/);
    expect(hash.hash).toMatch(/^[a-f0-9]{1024}$/);
    expect(await verifyPassword('Correct-Horse-1', hash)).toBe(true);
    expect(await verifyPassword('correct-horse-1', hash)).toBe(false);
  });
});
