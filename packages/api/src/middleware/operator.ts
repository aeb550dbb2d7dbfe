import { isIP } from 'node:net';

import { TenancyError } from '@hyperdx-tenancy/domain/errors';
import type { Request, RequestHandler, Response } from 'express';

import type { Origin } from '../controllers/audit';
import type { Context } from '../controllers/context';
import { identifyOperator, identifyUser } from '../controllers/operators';
import type { OperatorIdentity } from '../controllers/operators';
import { identifyToken } from '../controllers/operatorTokens';
import { mongoNotReady } from '../utils/mongoErrors';
import { hashToken, sameToken } from '../utils/secrets';
import { bearerToken } from './bearerToken';
import { FailedLogins } from './failedLogins';
import { RecentTokens } from './recentTokens';
import { sessionUser } from './session';

/** Failures of one network within a minute: more than mistakes make, too few to search anything. */
const FAILURES = { limit: 20, windowSeconds: 60 } as const;

/** Look-ups of tokens at once that were not accepted lately: a flood must not take MongoDB's connections. */
const MAX_LOOKUPS = 100;

/** Ten times what any token has: headers may be far longer, and are not worth a look-up. */
const MAX_TOKEN_LENGTH = 512;

/** `stranger`: somebody HyperDX knows who is no operator; `expired`: a token that was good once. */
type Identified = OperatorIdentity | 'stranger' | 'expired' | undefined;

/** Why somebody is refused: for the log and the metrics, never for the caller. */
type RefusalReason = 'missing' | 'unknown' | 'expired' | 'forbidden' | 'limited';

function reasonOf(identified: Exclude<Identified, OperatorIdentity>): RefusalReason {
  if (identified === undefined) return 'unknown';
  return identified === 'stranger' ? 'forbidden' : identified;
}

/**
 * A way to tell whose a token is; `undefined` where it is not of this way's kind, or not good. Besides tokens there is
 * HyperDX's session, see {@link requireOperator}.
 */
type WayIn = (token: string) => Promise<Identified>;

function waysIn(context: Context): WayIn[] {
  return [(token) => identifyToken(token, context), identifyUser];
}

export interface OperatorGateOptions {
  /** `TENANCY_ADMIN_TOKEN`; `undefined`: switched off. */
  adminToken: string | undefined;
  /** Whether MongoDB was made ready for us. */
  isServing: () => boolean;
  context: Context;
}

const BOOTSTRAP: OperatorIdentity = {
  kind: 'bootstrap',
  id: 'bootstrap',
  name: 'TENANCY_ADMIN_TOKEN',
  role: 'admin',
};

/** One text for every token that is not good: whether it once was is nobody's business. */
function unauthorized(res: Response): TenancyError {
  res.setHeader('www-authenticate', 'Bearer realm="hyperdx-tenancy"');
  return new TenancyError(
    'unauthorized',
    'Authorization: send "Bearer <token>" with a valid token of an operator.',
  );
}

/**
 * Lets operators through, and names them in `res.locals`. It stands before any body is read. Who sends a token is taken by
 * it; who sends none by the session that they are signed in with, where `sessionMiddleware` found one.
 *
 * Only logins that fail are counted, by the client's network. Over the limit nothing is looked up for that network any
 * more, except tokens that this process has lately accepted and `TENANCY_ADMIN_TOKEN`, which is compared in memory: an
 * operator who shares an address with whoever guesses is not locked out, and 256 random bits are safe from the rest.
 */
export function requireOperator(options: OperatorGateOptions): RequestHandler {
  const { adminToken, isServing, context } = options;
  const failures = new FailedLogins(FAILURES);
  const accepted = new RecentTokens();
  const ways = waysIn(context);
  let lookups = 0;

  async function identify(token: string): Promise<Identified> {
    if (token.length > MAX_TOKEN_LENGTH) return undefined;
    for (const way of ways) {
      const identified = await way(token);
      if (identified !== undefined) return identified;
    }
    return undefined;
  }

  // Without its unique indexes, two tenants made at once could share a name or a key.
  function requireServing(): void {
    if (isServing()) return;
    throw mongoNotReady();
  }

  async function lookUp(token: string, isKnown: boolean): Promise<Identified> {
    if (isKnown) return identify(token);
    if (lookups >= MAX_LOOKUPS) {
      throw new TenancyError('overloaded', 'Too many logins at once.', { retryAfterSeconds: 1 });
    }
    lookups += 1;
    try {
      return await identify(token);
    } finally {
      lookups -= 1;
    }
  }

  function count(reason: RefusalReason): void {
    context.metrics.count('auth_failures_total', { server: 'api', reason });
  }

  /** Refuses a token that was looked up, as one that failed. */
  async function refuse(reason: RefusalReason, req: Request, res: Response): Promise<never> {
    const { requestId } = res.locals as { requestId?: string };
    count(reason);
    context.log.info({ requestId, address: addressOf(req), reason }, 'login refused');
    if (await failures.add(req.ip)) {
      context.log.warn(
        { requestId, address: addressOf(req), ...FAILURES },
        'logins from this address are refused for a while',
      );
    }
    throw reason === 'forbidden'
      ? new TenancyError('forbidden', 'You are no operator.')
      : unauthorized(res);
  }

  /** By HyperDX's session. @returns false where nobody is signed in. */
  async function admitSession(req: Request, res: Response): Promise<boolean> {
    const user = sessionUser(req);
    if (!user) return false;
    const identified = await identifyOperator(user);
    if (identified === 'stranger') {
      // A member of a tenant who followed a link: no failure that could block anybody.
      count('forbidden');
      throw new TenancyError('forbidden', 'You are no operator.');
    }
    res.locals['operator'] = identified;
    return true;
  }

  return async function operatorGate(req, res, next) {
    const token = bearerToken(req.get('authorization'));
    if (token === undefined) {
      if (await admitSession(req, res)) {
        next();
        return;
      }
      // Nothing was guessed, and nothing looked up: no failure that could block anybody.
      count('missing');
      throw unauthorized(res);
    }
    if (adminToken !== undefined && sameToken(token, adminToken)) {
      requireServing();
      res.locals['operator'] = BOOTSTRAP;
      next();
      return;
    }
    const hash = hashToken(token);
    const isKnown = accepted.has(hash);
    const retryAfterSeconds = isKnown ? 0 : await failures.blockedSeconds(req.ip);
    if (retryAfterSeconds > 0) {
      // Without a line in the log: a flood of these must not fill it.
      count('limited');
      throw new TenancyError('too_many_attempts', 'Too many failed logins; try again later.', {
        retryAfterSeconds,
      });
    }
    requireServing();
    const identified = await lookUp(token, isKnown);
    if (typeof identified === 'object') {
      accepted.add(hash);
      res.locals['operator'] = identified;
      next();
      return;
    }
    accepted.delete(hash);
    await refuse(reasonOf(identified), req, res);
  };
}

/** The client's address, for the audit and the log. */
export function addressOf(req: Request): string | null {
  // Behind a proxy it is a text that was sent to us.
  return req.ip !== undefined && isIP(req.ip) !== 0 ? req.ip : null;
}

/** The operator that {@link requireOperator} let through. */
export function operatorOf(res: Response): OperatorIdentity {
  const { operator } = res.locals as { operator?: OperatorIdentity };
  // A route outside the gate: nothing that a caller could cause.
  if (operator === undefined) throw new Error('this route is not behind requireOperator');
  return operator;
}

/** Who makes a change with this request, and from where: for `recordChange`. */
export function originOf(req: Request, res: Response): Origin {
  const { kind, id, name } = operatorOf(res);
  const { requestId } = res.locals as { requestId?: string };
  return { actor: { kind, id, name }, address: addressOf(req), requestId: requestId ?? null };
}
