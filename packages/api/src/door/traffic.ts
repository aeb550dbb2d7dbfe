import { TenancyError } from '@hyperdx-tenancy/domain/errors';
import type { TenantId } from '@hyperdx-tenancy/domain/ids';
import type { Settings } from '@hyperdx-tenancy/domain/plans';
import { LRUCache } from 'lru-cache';

/** The interval of a quota that is a rate. */
const WINDOW_SECONDS = 60;

/** Queries a minute where the tenant's quota states none: a hundred pages of HyperDX, each with dozens of queries. */
const DEFAULT_QUERIES_A_MINUTE = 6_000;

/** Tenants whose rate is counted at once; the one unheard for longest makes room. */
const MAX_WINDOWS = 10_000;

interface Window {
  endsAt: number;
  queries: number;
}

function queriesAMinute({ quota }: Settings): number {
  const interval = quota.reader.find(({ seconds }) => seconds === WINDOW_SECONDS);
  return interval?.queries ?? DEFAULT_QUERIES_A_MINUTE;
}

/**
 * Holds each tenant to its own limits, in this process: queries at once, and queries a minute. ClickHouse counts both over
 * all processes where it has users, and then has the last word.
 */
export class Traffic {
  private readonly running = new Map<TenantId, number>();
  private readonly windows = new LRUCache<TenantId, Window>({ max: MAX_WINDOWS });

  constructor(private readonly now: () => number = Date.now) {}

  /**
   * Lets a query in.
   * @returns what says that it has ended; to be called once.
   * @throws TenancyError `too_many_queries`.
   */
  enter(tenant: TenantId, settings: Settings): () => void {
    const running = this.running.get(tenant) ?? 0;
    const { maxConcurrentQueries } = settings.reader;
    if (running >= maxConcurrentQueries) {
      throw new TenancyError(
        'too_many_queries',
        `Too many simultaneous queries: ${maxConcurrentQueries} may run at once.`,
        { retryAfterSeconds: 1 },
      );
    }
    this.count(tenant, queriesAMinute(settings));
    this.running.set(tenant, running + 1);
    return () => {
      const left = (this.running.get(tenant) ?? 1) - 1;
      if (left > 0) this.running.set(tenant, left);
      else this.running.delete(tenant);
    };
  }

  private count(tenant: TenantId, limit: number): void {
    const now = this.now();
    const window = this.windows.get(tenant);
    if (!window || now >= window.endsAt) {
      this.windows.set(tenant, { endsAt: now + WINDOW_SECONDS * 1_000, queries: 1 });
      return;
    }
    if (window.queries >= limit) {
      throw new TenancyError('too_many_queries', `More than ${limit} queries within a minute.`, {
        retryAfterSeconds: Math.max(1, Math.ceil((window.endsAt - now) / 1_000)),
      });
    }
    window.queries += 1;
  }
}
