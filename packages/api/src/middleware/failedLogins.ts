import { createHmac, randomBytes } from 'node:crypto';
import { isIPv4, isIPv6 } from 'node:net';

import { RateLimiterMemory } from 'rate-limiter-flexible';

/** Counters that there are. Keys share them, so that a flood of ever new ones takes no more memory. */
const BUCKETS = 16_384;

/** The eight groups of an IPv6 address in order; its parts before and after `::` are filled up with zeros. */
function groupsOf(address: string): string[] {
  const [head = '', tail] = address.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const missing = tail === undefined ? 0 : 8 - before.length - after.length;
  return [...before, ...Array.from({ length: missing }, () => '0'), ...after];
}

/**
 * Whom an address belongs to, as far as it tells: an IPv4 address as it is, of an IPv6 address its first 64 bits,
 * since a single host may use any address below them (RFC 4291, section 2.5.4).
 */
export function networkOf(address: string | undefined): string {
  const text = (address ?? '').replace(/%.*$/, '').toLowerCase();
  const mapped = /^::ffff:(?=\d+\.)/.test(text) ? text.slice(7) : text;
  if (isIPv4(mapped)) return mapped;
  // What a proxy passed on that is no address counts as one client.
  if (!isIPv6(text)) return 'unknown';
  const network = groupsOf(text)
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16));
  return `${network.join(':')}::/64`;
}

export interface FailureOptions {
  /** Failures that one key may have within the window. */
  limit: number;
  windowSeconds: number;
}

/** Counts failures by a key, in this process. */
export class Failures {
  private readonly limiter: RateLimiterMemory;
  // Drawn at start: nobody can look for a key that shares its counter with somebody else's.
  private readonly seed = randomBytes(16);

  constructor(private readonly options: FailureOptions) {
    this.limiter = new RateLimiterMemory({
      points: options.limit,
      duration: options.windowSeconds,
    });
  }

  /** Seconds until this key may try again; 0: it may now. */
  async blockedSeconds(key: string): Promise<number> {
    const counted = await this.limiter.get(this.bucket(key));
    if (counted === null || counted.consumedPoints < this.options.limit) return 0;
    // A counter that has just run out is about to be dropped.
    return Math.max(0, Math.ceil(counted.msBeforeNext / 1_000));
  }

  /** Counts a failure. @returns how many there are within the window, this one included. */
  async add(key: string): Promise<number> {
    return (await this.limiter.penalty(this.bucket(key))).consumedPoints;
  }

  /** Takes one back that turned out to be none. */
  async takeBack(key: string): Promise<void> {
    await this.limiter.reward(this.bucket(key));
  }

  /** Counters in use, at most as many as there are. */
  get counters(): number {
    return this.limiter.dump().storage.length;
  }

  private bucket(key: string): number {
    return createHmac('sha256', this.seed).update(key).digest().readUInt32BE() % BUCKETS;
  }
}

/** Counts logins that failed, by the client's network, in this process. */
export class FailedLogins {
  private readonly failures: Failures;

  constructor(private readonly options: FailureOptions) {
    this.failures = new Failures(options);
  }

  /** Seconds until this network may try again; 0: it may now. */
  async blockedSeconds(address: string | undefined): Promise<number> {
    return this.failures.blockedSeconds(networkOf(address));
  }

  /** Counts a failure. @returns true where it is the one that reaches the limit. */
  async add(address: string | undefined): Promise<boolean> {
    return (await this.failures.add(networkOf(address))) === this.options.limit;
  }

  /** Counters in use, at most as many as there are. */
  get counters(): number {
    return this.failures.counters;
  }
}
