import { randomBytes } from 'node:crypto';

import { passwordFault } from '@hyperdx-tenancy/domain/contracts/account';
import type { Invitation } from '@hyperdx-tenancy/domain/contracts/account';
import { TenancyError } from '@hyperdx-tenancy/domain/errors';
import { Types } from 'mongoose';

import Team from '../models/team';
import TeamInvite, { INVITE_SECONDS } from '../models/teamInvite';
import type { ITeamInvite } from '../models/teamInvite';
import User from '../models/user';
import type { IUser } from '../models/user';
import { faultPoint } from '../utils/faultPoint';
import { isDuplicateKey } from '../utils/mongoErrors';
import { hashPassword, isPassword } from '../utils/passwordHash';
import type { PasswordHash } from '../utils/passwordHash';
import type { Context } from './context';
import { addMembership, isMember, switchTeam } from './memberships';
import { findUser, findUserByEmail } from './users';
import type { KnownUser } from './users';

/** Invitations of one team that nobody has taken yet. */
const MAX_INVITES = 1_000;
const TOKEN_BYTES = 32;

/** What was made before is too old by now. The server may not age invitations out by itself. */
function oldest({ now }: Pick<Context, 'now'>): Date {
  return new Date(now().getTime() - INVITE_SECONDS * 1_000);
}

/** Invitations that are still good. */
function living(context: Pick<Context, 'now'>): { createdAt: { $gt: Date } } {
  return { createdAt: { $gt: oldest(context) } };
}

/** Where the one who was invited goes; HyperDX's page for it. */
export function inviteUrl(frontendUrl: string, { token }: Pick<ITeamInvite, 'token'>): string {
  return `${frontendUrl}/join-team?token=${token}`;
}

/** When an invitation stops being good. */
export function inviteExpiry({ createdAt }: Pick<ITeamInvite, 'createdAt'>): Date {
  return new Date(createdAt.getTime() + INVITE_SECONDS * 1_000);
}

/**
 * Invites an address into a team; an invitation that is still good stays the one there is.
 * @throws TenancyError `invalid_request` for who is in that team already, `limit_reached`.
 */
export async function createInvite(
  team: Types.ObjectId,
  { email, name }: Invitation,
  context: Context,
): Promise<ITeamInvite> {
  const known = await findUserByEmail(email);
  // Who has an account in another team is invited as anybody is: whether they have one is not told.
  if (known && (await isMember(known, team)))
    throw new TenancyError('invalid_request', 'User already exists: they are in your team.');
  const same = { teamId: team, email };
  const found = await TeamInvite.findOne({ ...same, ...living(context) }).lean<ITeamInvite>();
  if (found) return found;
  // One that is good was made by somebody else just now, and has been handed out.
  await TeamInvite.deleteOne({ ...same, createdAt: { $lte: oldest(context) } });
  if ((await TeamInvite.countDocuments({ teamId: team })) >= MAX_INVITES)
    throw new TenancyError('limit_reached', `Your team has ${MAX_INVITES} open invitations.`);
  const token = randomBytes(TOKEN_BYTES).toString('hex');
  try {
    const made = await TeamInvite.create({
      ...same,
      token,
      ...(name === undefined ? {} : { name }),
    });
    return made.toObject();
  } catch (error) {
    // Invited by somebody else at the same time.
    const other = isDuplicateKey(error) && (await TeamInvite.findOne(same).lean<ITeamInvite>());
    if (other) return other;
    throw error;
  }
}

/** A team's invitations that are still good, oldest first. */
export async function listInvites(team: Types.ObjectId, context: Context): Promise<ITeamInvite[]> {
  return TeamInvite.find({ teamId: team, ...living(context) })
    .sort({ _id: 1 })
    .limit(MAX_INVITES)
    .lean<ITeamInvite[]>();
}

/** Takes an invitation of a team back. @throws TenancyError `not_found`. */
export async function deleteInvite(team: Types.ObjectId, id: string): Promise<void> {
  const { deletedCount } = await TeamInvite.deleteOne({
    _id: new Types.ObjectId(id),
    teamId: team,
  });
  if (deletedCount === 0)
    throw new TenancyError('not_found', 'Your team has no invitation with this id.');
}

/** An invitation by its token; `null` where there is none, or it is too old, or its team is gone. */
export async function findInvite(token: string, context: Context): Promise<ITeamInvite | null> {
  const invite = await TeamInvite.findOne({ token, ...living(context) }).lean<ITeamInvite>();
  return invite && (await Team.exists({ _id: invite.teamId })) ? invite : null;
}

/** How an invitation was taken: by whom; or why not, in words for who tried. */
export type Acceptance = { user: KnownUser } | { refused: string; wrongPassword: boolean };

/** @returns `undefined` where somebody has the address by now. */
async function newUser(
  { email, name, teamId }: ITeamInvite,
  hash: PasswordHash,
): Promise<KnownUser | undefined> {
  try {
    const user = await User.create({ email, name: name ?? email, team: teamId, ...hash });
    return (await findUser(user.id)) ?? undefined;
  } catch (error) {
    if (isDuplicateKey(error)) return undefined;
    throw error;
  }
}

/** Checking a password takes a while, in which an invitation may be taken, or taken back. */
async function isOpen({ _id }: ITeamInvite): Promise<boolean> {
  return (await TeamInvite.exists({ _id })) !== null;
}

const takenBack: Acceptance = { refused: 'This invitation is gone', wrongPassword: false };

/** One who has an account, and has shown that it is theirs, is a member of one more team. */
async function join(user: IUser, invite: ITeamInvite): Promise<Acceptance> {
  // Who sent it twice is a member by now.
  if (!(await isMember(user, invite.teamId)) && !(await isOpen(invite))) return takenBack;
  await addMembership(user, invite.teamId);
  // In a team for support they stay there; the new one is theirs all the same.
  if (!user.tenancySupport) await switchTeam(user, invite.teamId.toHexString());
  const joined = await findUser(user._id.toHexString());
  return joined ? { user: joined } : { refused: 'This account is gone', wrongPassword: false };
}

/** Makes the user of an invitation, or lets the one in who has its address by now. */
async function enter(invite: ITeamInvite, password: string): Promise<Acceptance> {
  const hash = await hashPassword(password);
  const user = (await isOpen(invite)) ? await newUser(invite, hash) : undefined;
  if (user) return { user };
  return (await User.exists({ email: invite.email })) ? acceptInvite(invite, password) : takenBack;
}

/**
 * Takes an invitation: makes the user in its team, or takes the one with that address into it. It can be taken once.
 * Whoever invites has its link as well, and is not to try out by it which addresses have an account: a password that can
 * only be wrong is answered in the same words, and after the same time, for each.
 * @throws TenancyError `overloaded`, `limit_reached`.
 */
export async function acceptInvite(invite: ITeamInvite, password: string): Promise<Acceptance> {
  const known = await User.findOne({ email: invite.email }).select('+hash +salt').lean<IUser>();
  const fault = passwordFault(password);
  const mustMatch = known !== null || fault !== undefined;
  if (mustMatch && !(await isPassword(password, known ?? undefined))) {
    const rule =
      fault === undefined ? 'This address has an account: ' : `${fault}; with an account, `;
    return { refused: `${rule}enter its password`, wrongPassword: true };
  }
  const accepted = known ? await join(known, invite) : await enter(invite, password);
  faultPoint('invite.accepted');
  if ('user' in accepted) await TeamInvite.deleteOne({ _id: invite._id });
  return accepted;
}
