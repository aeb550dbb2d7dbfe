import { TenancyError } from '@hyperdx-tenancy/domain/errors';

import type { Context } from '../controllers/context';
import { Failures, networkOf } from './failedLogins';
import { RecentTokens } from './recentTokens';

/** Failures of one network within a minute: more than the people behind one address mistype. */
const BY_NETWORK = { limit: 20, windowSeconds: 60 } as const;
/** Failures at one account, from wherever: too few to search even the worst passwords that the rules allow. */
const BY_ACCOUNT = { limit: 10, windowSeconds: 300 } as const;

/** One try, which counts as failed until it is said to be otherwise. */
export interface LoginAttempt {
  failed(): void;
  /** It was none: nothing was guessed. */
  withdraw(): Promise<void>;
  succeeded(): Promise<void>;
}

/**
 * Holds up who guesses passwords or tokens: by the client's network, and by the account, in this process. Who has lately
 * signed in from the same network is not locked out of their account by a stranger who tries it from another.
 */
export class LoginLimits {
  private readonly networks = new Failures(BY_NETWORK);
  private readonly accounts = new Failures(BY_ACCOUNT);
  private readonly familiar = new RecentTokens();

  constructor(private readonly context: Pick<Context, 'metrics' | 'log'>) {}

  /**
   * Counts a try before its outcome is known, so that many at once are no way round the limit.
   * @param account an address in lower case; absent where none is named.
   * @throws TenancyError `too_many_attempts`.
   */
  async begin(address: string | undefined, account?: string): Promise<LoginAttempt> {
    const { metrics, log } = this.context;
    const network = networkOf(address);
    const pair = `${network} ${account ?? ''}`;
    // Counting and comparing are one step each: of many at once no more than the limit see a count within it.
    const atNetwork = await this.networks.add(network);
    const atAccount = account === undefined ? 0 : await this.accounts.add(account);
    const withdraw = async (): Promise<void> => {
      await this.networks.takeBack(network);
      if (account !== undefined) await this.accounts.takeBack(account);
    };
    const isLocked = atAccount > BY_ACCOUNT.limit && !this.familiar.has(pair);
    if (atNetwork > BY_NETWORK.limit || isLocked) {
      const retryAfterSeconds = Math.max(
        await this.networks.blockedSeconds(network),
        isLocked ? await this.accounts.blockedSeconds(account ?? '') : 0,
        1,
      );
      await withdraw();
      metrics.count('auth_failures_total', { server: 'api', reason: 'limited' });
      throw new TenancyError('too_many_attempts', 'Too many failed logins; try again later.', {
        retryAfterSeconds,
      });
    }
    return {
      failed() {
        metrics.count('auth_failures_total', { server: 'api', reason: 'unknown' });
        if (atNetwork === BY_NETWORK.limit)
          log.warn(BY_NETWORK, 'logins from an address are refused for a while');
        if (atAccount === BY_ACCOUNT.limit)
          log.warn(BY_ACCOUNT, 'logins to an account are refused for a while');
      },
      withdraw,
      succeeded: async () => {
        await withdraw();
        if (account !== undefined) this.familiar.add(pair);
      },
    };
  }
}
