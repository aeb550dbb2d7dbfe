import { TenancyError } from '@hyperdx-tenancy/domain/errors';
import type { RequestHandler } from 'express';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';

import { userOf } from './user';

/**
 * Lets each user make so many requests a minute, counted in this process. It stands behind `requireUser` or
 * `requireAccessKey`, so there are no more counters than users.
 */
export function requestRate(perMinute: number): RequestHandler {
  const limiter = new RateLimiterMemory({ points: perMinute, duration: 60 });
  return async function rateGate(_req, res, next) {
    const counted = await limiter.consume(userOf(res).id).catch((error: unknown) => {
      if (error instanceof RateLimiterRes) return error;
      throw error;
    });
    const seconds = Math.max(1, Math.ceil(counted.msBeforeNext / 1_000));
    // As HyperDX says it (draft-ietf-httpapi-ratelimit-headers-06).
    res.set({
      'RateLimit-Limit': String(perMinute),
      'RateLimit-Remaining': String(counted.remainingPoints),
      'RateLimit-Reset': String(seconds),
    });
    if (counted.consumedPoints > perMinute) {
      throw new TenancyError('too_many_requests', 'Too many requests; try again later.', {
        retryAfterSeconds: seconds,
      });
    }
    next();
  };
}
