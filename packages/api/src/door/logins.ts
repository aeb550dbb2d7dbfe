import type { IncomingMessage } from 'node:http';

import { parseDoorUserName } from '@hyperdx-tenancy/domain/access';
import { TenancyError } from '@hyperdx-tenancy/domain/errors';
import { LRUCache } from 'lru-cache';

import type { DoorTenant, DoorTenants } from '../controllers/doorTenants';
import { FailedLogins } from '../middleware/failedLogins';

/** Of one network within a minute. HyperDX's API stands behind one address for all tenants. */
const FAILURES = { limit: 60, windowSeconds: 60 } as const;

/** Teams that this process let in lately, whatever their number in an install. */
const MAX_ACCEPTED = 10_000;

export interface Given {
  user: string;
  password: string;
}

/** ClickHouse's answer to a name or a password that is not good, which is the same for both. */
export class AuthenticationFailed extends TenancyError {
  constructor(user: string) {
    // What is no name of ours is not repeated.
    const name = parseDoorUserName(user) === undefined ? 'The user' : user;
    const why = 'password is incorrect, or there is no user with such name';
    super('forbidden', `${name}: Authentication failed: ${why}.`);
  }
}

const one = (value: string | string[] | undefined): string | undefined =>
  Array.isArray(value) ? value[0] : value;

function basic(header: string | undefined): Given | undefined {
  if (header === undefined) return undefined;
  const encoded = /^Basic +([A-Za-z0-9+/_=-]+)$/i.exec(header)?.[1];
  if (encoded === undefined) {
    throw new TenancyError('unauthorized', 'Authorization: only Basic is taken.');
  }
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 0
    ? { user: text, password: '' }
    : { user: text.slice(0, colon), password: text.slice(colon + 1) };
}

/**
 * Who asks, as ClickHouse's clients say it: `X-ClickHouse-User` and `-Key`, Basic authentication, or `user` and
 * `password` in the URL; never two of these, as ClickHouse has it.
 * @throws TenancyError `unauthorized` where nothing or too much is said.
 */
export function givenLogin(
  { headers }: Pick<IncomingMessage, 'headers'>,
  url: ReadonlyMap<string, string>,
): Given {
  const ways = [
    named(one(headers['x-clickhouse-user']), one(headers['x-clickhouse-key'])),
    basic(headers.authorization),
    named(url.get('user'), url.get('password')),
  ].filter((way) => way !== undefined);
  const [given] = ways;
  if (!given) throw new TenancyError('unauthorized', 'Send the user and password of your team.');
  if (ways.length > 1) {
    throw new TenancyError('unauthorized', 'Send user and password in one way, not in several.');
  }
  return given;
}

function named(user: string | undefined, password: string | undefined): Given | undefined {
  if (user === undefined && password === undefined) return undefined;
  return { user: user ?? '', password: password ?? '' };
}

/** Tells whose a login at the query door is. */
export class Logins {
  private readonly failures = new FailedLogins(FAILURES);
  // Teams, not logins: a password that was replaced must not lock its team out behind HyperDX's one address.
  private readonly accepted = new LRUCache<string, true>({ max: MAX_ACCEPTED });

  constructor(private readonly tenants: Pick<DoorTenants, 'find'>) {}

  /**
   * Failures are counted by the caller's network. Over the limit it is listened to for teams alone that were let in
   * lately: their passwords have 256 random bits, and cost no look-up that is not made anyway.
   * @throws AuthenticationFailed; TenancyError `too_many_attempts`; as `DoorTenants.find`.
   */
  async check({ user, password }: Given, address: string | undefined): Promise<DoorTenant> {
    const teamId = parseDoorUserName(user);
    if (teamId === undefined || !this.accepted.has(teamId)) {
      const seconds = await this.failures.blockedSeconds(address);
      if (seconds > 0) {
        throw new TenancyError('too_many_attempts', 'Too many logins from this address failed.', {
          retryAfterSeconds: seconds,
        });
      }
    }
    const tenant = teamId === undefined ? undefined : await this.tenants.find(teamId);
    if (!tenant?.opensWith(password)) {
      await this.failures.add(address);
      throw new AuthenticationFailed(user);
    }
    this.accepted.set(tenant.teamId, true);
    return tenant;
  }
}
