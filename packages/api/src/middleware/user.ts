import { TenancyError } from '@hyperdx-tenancy/domain/errors';
import type { TenantId } from '@hyperdx-tenancy/domain/ids';
import type { Request, RequestHandler, Response } from 'express';
import type { Types } from 'mongoose';

import type { Context } from '../controllers/context';
import { withoutExpiredSupport } from '../controllers/support';
import { findUserByAccessKey, tenantOf } from '../controllers/users';
import type { KnownUser } from '../controllers/users';
import { bearerToken } from './bearerToken';
import { sessionUser } from './session';

/** A user who may act in a team of a tenant. */
export interface SignedIn {
  id: string;
  email: string;
  name: string;
  /** Their key for the external API. */
  accessKey: string;
  /** The team they are in at present. */
  team: Types.ObjectId;
  tenant: TenantId;
  /** In that team for support, and none of its people. */
  support: boolean;
  createdAt: Date;
}

/** Ten times what any access key has: it is not worth a look-up. */
const MAX_KEY_LENGTH = 512;

/** @throws TenancyError `forbidden` where the user's team is of no tenant: it has no tables, and nothing to show. */
async function inTenant(user: KnownUser): Promise<SignedIn> {
  const tenant = await tenantOf(user.team);
  if (tenant === null) {
    throw new TenancyError(
      'forbidden',
      'Your team belongs to no tenant. An operator of this installation can invite you into a team of one.',
    );
  }
  const { _id, email, name, accessKey, team, createdAt } = user;
  const support = user.tenancySupport !== undefined;
  return { id: _id.toHexString(), email, name, accessKey, team, tenant, support, createdAt };
}

async function accountFor(req: Request, context: Context): Promise<KnownUser | null> {
  const found = sessionUser(req);
  return found ? withoutExpiredSupport(found, context) : null;
}

/**
 * Lets those through who are signed in, whatever team they are in, and says who they are to {@link accountOf}. Others get
 * HyperDX's bare 401. It stands behind `sessionMiddleware`.
 */
export function requireAccount(context: Context): RequestHandler {
  return async function accountGate(req, res, next) {
    const account = await accountFor(req, context);
    if (!account) {
      res.sendStatus(401);
      return;
    }
    res.locals['account'] = account;
    next();
  };
}

/** The same for those whose team is a tenant's, who are then known to {@link userOf}. */
export function requireUser(context: Context): RequestHandler {
  return async function userGate(req, res, next) {
    const account = await accountFor(req, context);
    if (!account) {
      res.sendStatus(401);
      return;
    }
    res.locals['user'] = await inTenant(account);
    next();
  };
}

/** The same for HyperDX's external API (`/api/v2`), whose callers send their access key as a bearer token. */
export function requireAccessKey(context: Context): RequestHandler {
  return async function accessKeyGate(req, res, next) {
    const key = bearerToken(req.get('authorization'));
    const isKey = key !== undefined && key.length <= MAX_KEY_LENGTH;
    const found = isKey ? await findUserByAccessKey(key) : null;
    const user = found && (await withoutExpiredSupport(found, context));
    if (!user) {
      throw new TenancyError('unauthorized', 'Authorization: send "Bearer <your access key>".');
    }
    res.locals['user'] = await inTenant(user);
    next();
  };
}

/**
 * Keeps operators who are here for support from the team's invitations and members: whom they took in would outlast their
 * time, and nobody would have recorded it. It stands behind `requireUser` or `requireAccessKey`.
 */
export const requireOwnTeam: RequestHandler = (_req, res, next) => {
  if (userOf(res).support) {
    throw new TenancyError(
      'forbidden',
      'You are in this team for support: its people are its own to invite and remove. An operator invites by the admin API.',
    );
  }
  next();
};

/** What one of the gates left for the routes behind it. */
function leftBy<T>(gate: string, value: T | undefined): T {
  // A route outside the gate: nothing that a caller could cause.
  if (value === undefined) throw new Error(`this route is not behind ${gate}`);
  return value;
}

/** Who {@link requireAccount} let through. */
export function accountOf(res: Response): KnownUser {
  return leftBy('requireAccount', (res.locals as { account?: KnownUser }).account);
}

/** Who {@link requireUser} or {@link requireAccessKey} let through. */
export function userOf(res: Response): SignedIn {
  return leftBy('requireUser', (res.locals as { user?: SignedIn }).user);
}
