import { TenancyError } from '@hyperdx-tenancy/domain/errors';

import type { Context } from '../controllers/context';
import { FailedLogins, Failures, networkOf } from './failedLogins';
import { RecentTokens } from './recentTokens';

/** Failures of one network within a minute: more than the people behind one address mistype. */
const BY_NETWORK = { limit: 20, windowSeconds: 60 } as const;
/** Failures at one account, from wherever: too few to search even the worst passwords that the rules allow. */
const BY_ACCOUNT = { limit: 10, windowSeconds: 300 } as const;

/**
 * Holds up who guesses passwords or tokens: by the client's network, and by the account, in this process. Who has lately
 * signed in from the same network is not locked out of their account by a stranger who tries it from another.
 */
export class LoginLimits {
  private readonly networks = new FailedLogins(BY_NETWORK);
  private readonly accounts = new Failures(BY_ACCOUNT);
  private readonly familiar = new RecentTokens();

  constructor(private readonly context: Pick<Context, 'metrics' | 'log'>) {}

  /** @param account an address in lower case; absent where none is named. @throws TenancyError `too_many_attempts`. */
  async assertMayTry(address: string | undefined, account?: string): Promise<void> {
    const isFamiliar = account === undefined || this.familiar.has(pair(address, account));
    const retryAfterSeconds = Math.max(
      await this.networks.blockedSeconds(address),
      isFamiliar ? 0 : await this.accounts.blockedSeconds(account),
    );
    if (retryAfterSeconds === 0) return;
    this.context.metrics.count('auth_failures_total', { server: 'api', reason: 'limited' });
    throw new TenancyError('too_many_attempts', 'Too many failed logins; try again later.', {
      retryAfterSeconds,
    });
  }

  async failed(address: string | undefined, account?: string): Promise<void> {
    this.context.metrics.count('auth_failures_total', { server: 'api', reason: 'unknown' });
    const limited = await this.networks.add(address);
    const locked = account !== undefined && (await this.accounts.add(account));
    if (limited)
      this.context.log.warn(BY_NETWORK, 'logins from an address are refused for a while');
    if (locked) this.context.log.warn(BY_ACCOUNT, 'logins to an account are refused for a while');
  }

  succeeded(address: string | undefined, account: string): void {
    this.familiar.add(pair(address, account));
  }
}

function pair(address: string | undefined, account: string): string {
  return `${networkOf(address)} ${account}`;
}
