import { parseTenantId } from '@hyperdx-tenancy/domain/ids';
import type { TenantId } from '@hyperdx-tenancy/domain/ids';
import { isValidObjectId } from 'mongoose';

import Team from '../models/team';
import User from '../models/user';
import type { IUser } from '../models/user';

/** A user as they are read: never with what their password is checked by. */
export type KnownUser = Omit<IUser, 'hash' | 'salt'>;

/** The user of this id, as a session keeps it; `null` where HyperDX has none (any more). */
export async function findUser(id: unknown): Promise<KnownUser | null> {
  if (typeof id !== 'string' || !isValidObjectId(id)) return null;
  return User.findById(id).lean<KnownUser>();
}

/** The user whose key for the external API this is. */
export async function findUserByAccessKey(accessKey: string): Promise<KnownUser | null> {
  return User.findOne({ accessKey }).lean<KnownUser>();
}

/** The tenant of a team; `null` for a team that is gone, or that HyperDX made by itself. */
export async function tenantOf(team: IUser['team']): Promise<TenantId | null> {
  const found = await Team.findById(team, { tenant: 1 }).lean();
  const tenant = found?.tenant as IUser['team'] | undefined;
  return tenant ? parseTenantId(tenant.toHexString()) : null;
}
