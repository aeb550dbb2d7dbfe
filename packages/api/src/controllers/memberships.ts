import type { MyTeams } from '@hyperdx-tenancy/domain/contracts/me';
import { TenancyError } from '@hyperdx-tenancy/domain/errors';
import mongoose from 'mongoose';
import type { Types } from 'mongoose';

import Membership from '../models/membership';
import Operator from '../models/operator';
import Team from '../models/team';
import User from '../models/user';
import { faultPoint } from '../utils/faultPoint';
import { isDuplicateKey } from '../utils/mongoErrors';
import type { KnownUser } from './users';

/** People of one team: more than HyperDX's page of them can show. */
const MAX_MEMBERS = 1_000;
/** Teams of one person. */
const MAX_TEAMS = 100;

/** Where a user belongs at present; an operator in another's team for support does not belong there. */
export function homeOf(user: Pick<KnownUser, 'team' | 'tenancySupport'>): Types.ObjectId {
  return user.tenancySupport?.home ?? user.team;
}

/** Ids of the teams that a user belongs to, in the order in which they came to them. */
async function teamIdsOf(user: KnownUser): Promise<Types.ObjectId[]> {
  const rows = await Membership.find({ user: user._id }).sort({ _id: 1 }).limit(MAX_TEAMS).lean();
  const ids = rows.map(({ team }) => team);
  // Who has one team alone has no rows.
  return ids.length > 0 ? ids : [homeOf(user)];
}

/** Whether a user belongs to a team. */
export async function isMember(user: KnownUser, team: Types.ObjectId): Promise<boolean> {
  return (await teamIdsOf(user)).some((id) => id.equals(team));
}

async function addRow(user: Types.ObjectId, team: Types.ObjectId): Promise<void> {
  try {
    await Membership.updateOne({ user, team }, { $setOnInsert: { user, team } }, { upsert: true });
  } catch (error) {
    // Written by another call at the same time.
    if (!isDuplicateKey(error)) throw error;
  }
}

/** Makes a user a member of one more team. @throws TenancyError `limit_reached`. */
export async function addMembership(user: KnownUser, team: Types.ObjectId): Promise<void> {
  const ids = await teamIdsOf(user);
  if (ids.some((id) => id.equals(team))) return;
  if (ids.length >= MAX_TEAMS)
    throw new TenancyError('limit_reached', `A person can be in ${MAX_TEAMS} teams at the most.`);
  // The one they have first: with a row for the new one alone, it would be lost.
  for (const id of [...ids, team]) {
    await addRow(user._id, id);
    faultPoint('membership.row');
  }
}

/** The teams that a person may be in, the one they are in for support included. */
export async function listMyTeams(user: KnownUser): Promise<MyTeams> {
  const ids = await teamIdsOf(user);
  const { tenancySupport: support } = user;
  const teams = await Team.find({ _id: { $in: support ? [...ids, user.team] : ids } }, { name: 1 })
    .sort({ _id: 1 })
    .lean();
  return {
    data: teams.map(({ _id, name }) => {
      const current = _id.equals(user.team);
      return {
        id: _id.toHexString(),
        name,
        current,
        supportUntil: (current && support?.until.toISOString()) || null,
      };
    }),
  };
}

/**
 * Makes another of their teams the one that a person is in: what both servers show of it, from the next request on.
 * @throws TenancyError `not_found` for a team that is not theirs, `operation_running` while they are in one for support.
 */
export async function switchTeam(user: KnownUser, to: string): Promise<void> {
  const ids = await teamIdsOf(user);
  const team = ids.find((id) => id.toHexString() === to);
  if (!team) throw new TenancyError('not_found', 'team: is none of yours.');
  if (user.tenancySupport) {
    throw new TenancyError('operation_running', 'You are in a team for support: end that first.');
  }
  await User.updateOne(
    { _id: user._id, team: user.team, tenancySupport: { $exists: false } },
    { $set: { team } },
  );
  faultPoint('switch.written');
  // Taken out of that team meanwhile: whoever did so has not seen them in it.
  if (ids.length > 1 && !(await Membership.exists({ user: user._id, team }))) {
    await User.updateOne({ _id: user._id, team }, { $set: { team: user.team } });
    throw new TenancyError('not_found', 'team: is none of yours.');
  }
}

type Member = Pick<KnownUser, '_id' | 'email' | 'name'>;

/** Who belongs to a team, whichever of theirs they are in at present. Operators who are in it for support do not. */
export async function listMembers(team: Types.ObjectId): Promise<Member[]> {
  const rows = await Membership.find({ team }, { user: 1 }).limit(MAX_MEMBERS).lean();
  return User.find(
    {
      $or: [
        { team, tenancySupport: { $exists: false } },
        { 'tenancySupport.home': team },
        { _id: { $in: rows.map(({ user }) => user) } },
      ],
    },
    { email: 1, name: 1 },
  )
    .sort({ _id: 1 })
    .limit(MAX_MEMBERS)
    .lean<Member[]>();
}

/** What a person made stays, in the name of who removes them (HyperDX 2.36: alerts, which need a living creator). */
async function handOver(team: Types.ObjectId, from: Types.ObjectId, to: Types.ObjectId) {
  await mongoose.connection
    .collection('alerts')
    .updateMany({ team, createdBy: from }, { $set: { createdBy: to } });
}

/** Where a person is in this team, at present or at the end of their support elsewhere, they are in another of theirs. */
async function moveOut(user: Types.ObjectId, team: Types.ObjectId, to: Types.ObjectId) {
  await User.updateOne(
    { _id: user, team, tenancySupport: { $exists: false } },
    { $set: { team: to } },
  );
  await User.updateOne(
    { _id: user, 'tenancySupport.home': team },
    { $set: { 'tenancySupport.home': to } },
  );
}

/**
 * Takes a person out of a team. It is at once: whoever has no other team is deleted, as HyperDX does, and every session of
 * theirs is nobody's from then on; whoever has one finds themselves there. What was cut short is completed by a second call.
 * @param by who does it.
 * @throws TenancyError `not_found` where they are not in that team, `invalid_request` for oneself, `forbidden` for an
 *   operator whose account would be lost with it: a tenant's people cannot take the installation from who runs it.
 */
export async function removeMember(
  team: Types.ObjectId,
  id: string,
  by: Types.ObjectId,
): Promise<void> {
  const user = await User.findById(id).lean<KnownUser>();
  // Who is in it without belonging to it was left there by a process that died over a switch.
  if (!user || !(homeOf(user).equals(team) || (await isMember(user, team))))
    throw new TenancyError('not_found', 'There is no member with this id in your team.');
  if (user._id.equals(by))
    throw new TenancyError('invalid_request', 'You cannot remove yourself from a team.');
  const others = (await teamIdsOf(user)).filter((one) => !one.equals(team));
  const [next] = others;
  if (!next) {
    if (await Operator.exists({ _id: user._id }))
      throw new TenancyError('forbidden', 'Operators of this installation cannot be removed here.');
    await handOver(team, user._id, by);
    faultPoint('removal.handedOver');
    await User.deleteOne({ _id: user._id });
    faultPoint('removal.deleted');
    await Membership.deleteMany({ user: user._id });
    return;
  }
  await handOver(team, user._id, by);
  faultPoint('removal.handedOver');
  // Before, so that nobody stays in a team that they do not belong to should this end here.
  await moveOut(user._id, team, next);
  faultPoint('removal.movedOut');
  await Membership.deleteOne({ user: user._id, team });
  faultPoint('removal.row');
  // And after, for they may have gone back while it was still theirs.
  await moveOut(user._id, team, next);
}
