import { createHmac, timingSafeEqual } from 'node:crypto';

/** express-session's default name, which HyperDX keeps. */
export const SESSION_COOKIE = 'connect.sid';

/** What a session cookie says besides the session's id. */
export interface CookieAttributes {
  /** The host name of `FRONTEND_URL`; HyperDX sets none where NODE_ENV is `test`. */
  domain: string | undefined;
  /** Where `FRONTEND_URL` is https. */
  secure: boolean;
  expires: Date;
}

const signatureOf = (id: string, secret: string): string =>
  createHmac('sha256', secret).update(id).digest('base64').replace(/=+$/, '');

/** The cookie's value as express-session 1.17 writes it: `s:<id>.<signature>`. */
export function signedId(id: string, secret: string): string {
  return `s:${id}.${signatureOf(id, secret)}`;
}

/** The id of a value that was signed with this secret. */
export function idOf(value: string, secret: string): string | undefined {
  const dot = value.lastIndexOf('.');
  if (!value.startsWith('s:') || dot < 0) return undefined;
  const id = value.slice(2, dot);
  const [given, expected] = [value.slice(dot + 1), signatureOf(id, secret)].map((text) =>
    Buffer.from(text),
  );
  if (!given || !expected || given.length !== expected.length) return undefined;
  return timingSafeEqual(given, expected) ? id : undefined;
}

/** The first session cookie of a `Cookie` header: a browser with two of them sends both, and express reads the first. */
export function sessionCookie(header: string | undefined): string | undefined {
  const prefix = `${SESSION_COOKIE}=`;
  const pair = header
    ?.split(';')
    .map((part) => part.trim())
    .find((part) => part.startsWith(prefix));
  if (pair === undefined) return undefined;
  try {
    return decodeURIComponent(pair.slice(prefix.length));
  } catch {
    return undefined;
  }
}

/** The `Set-Cookie` header of a session. */
export function setCookie(
  id: string,
  secret: string,
  { domain, secure, expires }: CookieAttributes,
): string {
  return [
    `${SESSION_COOKIE}=${encodeURIComponent(signedId(id, secret))}`,
    ...(domain === undefined ? [] : [`Domain=${domain}`]),
    'Path=/',
    `Expires=${expires.toUTCString()}`,
    'HttpOnly',
    ...(secure ? ['Secure'] : []),
    'SameSite=Lax',
  ].join('; ');
}
