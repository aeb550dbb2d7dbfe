import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { ServerError } from './errors';

export interface Credentials {
  user: string;
  password: string;
}

function basic(header: string | undefined): Credentials | undefined {
  const encoded = /^Basic\s+(\S+)$/i.exec(header ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 0
    ? { user: text, password: '' }
    : { user: text.slice(0, colon), password: text.slice(colon + 1) };
}

const one = (value: string | string[] | undefined): string | undefined =>
  Array.isArray(value) ? value[0] : value;

/** Who asks: by `X-ClickHouse-User` and `-Key`, else basic authentication, else URL parameters, else `default` without password. */
export function credentialsOf(
  request: Pick<IncomingMessage, 'headers'>,
  parameters: ReadonlyMap<string, string>,
): Credentials {
  const user = one(request.headers['x-clickhouse-user']);
  const key = one(request.headers['x-clickhouse-key']);
  if (user !== undefined || key !== undefined) {
    return { user: user ?? 'default', password: key ?? '' };
  }
  return (
    basic(request.headers.authorization) ?? {
      user: parameters.get('user') ?? 'default',
      password: parameters.get('password') ?? '',
    }
  );
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
const same = (a: string, b: string): boolean => timingSafeEqual(digest(a), digest(b));

/**
 * The one user this server has. Without a password any password will do, as for ClickHouse's `no_password`.
 *
 * @throws ServerError 516 (HTTP 403), saying the same for a wrong name and a wrong password.
 */
export function authenticate(given: Credentials, expected: Credentials): void {
  const known = same(given.user, expected.user);
  if (known && (expected.password === '' || same(given.password, expected.password))) return;
  throw authenticationFailed(given.user);
}

/** Says the same for a wrong name and a wrong password. */
export const authenticationFailed = (user: string): ServerError =>
  new ServerError(
    516,
    'AUTHENTICATION_FAILED',
    `${user}: Authentication failed: password is incorrect, or there is no user with such name`,
  );
