import { randomUUID } from 'node:crypto';

import { parseTenantId } from '@hyperdx-tenancy/domain/ids';
import type { TenantId } from '@hyperdx-tenancy/domain/ids';
import { LRUCache } from 'lru-cache';
import { isValidObjectId } from 'mongoose';

import Team from '../models/team';
import User from '../models/user';
import type { IUser } from '../models/user';
import { isPassword } from '../utils/passwordHash';

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

/** Each signed-in request asks; a team is of one tenant for as long as there is either. */
const tenants = new LRUCache<string, TenantId>({ max: 10_000, ttl: 30_000 });

/** The tenant of a team; `null` for a team that is gone, or that HyperDX made by itself. */
export async function tenantOf(team: IUser['team']): Promise<TenantId | null> {
  const id = team.toHexString();
  const known = tenants.get(id);
  if (known !== undefined) return known;
  const found = await Team.findById(team, { tenant: 1 }).lean();
  const tenant = found?.tenant;
  if (!tenant) return null;
  const tenantId = parseTenantId(tenant.toHexString());
  tenants.set(id, tenantId);
  return tenantId;
}

/** The user with this address, in lower case as HyperDX stores it. */
export async function findUserByEmail(email: string): Promise<KnownUser | null> {
  return User.findOne({ email: email.toLowerCase() }).lean<KnownUser>();
}

/**
 * The user whose address and password these are.
 * @throws TenancyError `overloaded`.
 */
export async function checkLogin(email: string, password: string): Promise<KnownUser | null> {
  const user = await User.findOne({ email: email.toLowerCase() })
    .select('+hash +salt')
    .lean<IUser>();
  if (!(await isPassword(password, user ?? undefined)) || !user) return null;
  const { hash: _hash, salt: _salt, ...known } = user;
  return known;
}

/** Gives a user a new key for the external API; the one before opens nothing any more. */
export async function renewAccessKey(id: string): Promise<string> {
  const accessKey = randomUUID();
  await User.updateOne({ _id: id }, { $set: { accessKey } });
  return accessKey;
}
