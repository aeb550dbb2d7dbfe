import { TenancyError } from '@hyperdx-tenancy/domain/errors';
import { Types } from 'mongoose';

import Operator from '../models/operator';
import OperatorToken from '../models/operatorToken';
import User from '../models/user';
import type { Context } from './context';

/** How long a mark counts: one that a dead process left behind must not keep an admin from counting for good. */
const LEAVING_MS = 60_000;

/** How the admin API can be entered besides by operators. */
export interface WayBack {
  /** Whether `TENANCY_ADMIN_TOKEN` is set. */
  bootstrap: boolean;
}

/** True while at least one admin can get in by a token or as a HyperDX user, those who are leaving not counted. */
async function isAdminLeft(context: Context): Promise<boolean> {
  const now = context.now();
  const staying = {
    role: 'admin' as const,
    $or: [{ leavingAt: null }, { leavingAt: { $lt: new Date(now.getTime() - LEAVING_MS) } }],
  };
  const token = await OperatorToken.exists({
    ...staying,
    $and: [{ $or: [{ expiresAt: null }, { expiresAt: { $gt: now } }] }],
  });
  if (token) return true;
  const admins = await Operator.find(staying, { _id: 1 }).lean();
  return (await User.exists({ _id: { $in: admins.map(({ _id }) => _id) } })) !== null;
}

/**
 * Takes an admin's rights away, unless nobody could manage operators after it. Each of two admins who remove one another
 * at once is marked before either counts, so that at least one of them stays.
 * @param who has the rights now; nothing is checked where it is no admin.
 * @param remove takes them away.
 * @throws TenancyError `last_admin`.
 */
export async function withdraw<T>(
  who: { in: 'tokens' | 'users'; id: string },
  wayBack: WayBack,
  context: Context,
  remove: () => Promise<T>,
): Promise<T> {
  if (wayBack.bootstrap) return remove();
  const admin = { _id: new Types.ObjectId(who.id), role: 'admin' } as const;
  const mark = async (leavingAt: Date | null): Promise<boolean> => {
    const change = { $set: { leavingAt } };
    const { matchedCount } =
      who.in === 'tokens'
        ? await OperatorToken.updateOne(admin, change)
        : await Operator.updateOne(admin, change);
    return matchedCount > 0;
  };
  if (!(await mark(context.now()))) return remove();
  if (await isAdminLeft(context)) return remove();
  await mark(null);
  throw new TenancyError(
    'last_admin',
    'This is the last admin, and TENANCY_ADMIN_TOKEN is not set: make another admin first.',
  );
}

/** Says in the log that nobody can enter the admin API, where that is so. */
export async function warnWithoutAdmin(wayBack: WayBack, context: Context): Promise<void> {
  if (wayBack.bootstrap || (await isAdminLeft(context))) return;
  context.log.warn(
    'nobody can use the admin API: there is no admin among the operators, and TENANCY_ADMIN_TOKEN is not set',
  );
}
