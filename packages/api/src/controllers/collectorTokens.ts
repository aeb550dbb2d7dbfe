import { groupId } from '@hyperdx-tenancy/domain/contracts/collectorGroup';
import type {
  CollectorTokenView,
  CreateCollectorToken,
  NewCollectorToken,
  RotateCollectorToken,
} from '@hyperdx-tenancy/domain/contracts/collectorToken';
import { TenancyError } from '@hyperdx-tenancy/domain/errors';
import { Types } from 'mongoose';

import CollectorToken from '../models/collectorToken';
import type { ICollectorToken } from '../models/collectorToken';
import { hashToken, newToken } from '../utils/secrets';
import { recordRevoked } from './collectorAgents';
import { assertTokenGroup } from './collectorGroupRules';
import { defaultContext } from './context';
import type { Context } from './context';
import { announceChange } from './revisions';

/** Tokens are made by operators, one or a few a group: all of them fit one answer and every process's memory. */
const MAX_TOKENS = 10_000;
const MINUTE_MS = 60_000;

/** Whether a token opens nothing any more: it was revoked, or its time beside its successor is over. */
function isOver(now: Date): object {
  return { $or: [{ revokedAt: { $ne: null } }, { expiresAt: { $lte: now } }] };
}

/** The opposite: tokens that open their group's config. */
export function isGood(now: Date): object {
  return { revokedAt: null, $or: [{ expiresAt: null }, { expiresAt: { $gt: now } }] };
}

function stateOf(
  { revokedAt, expiresAt }: ICollectorToken,
  now: Date,
): CollectorTokenView['state'] {
  if (revokedAt) return 'revoked';
  if (!expiresAt) return 'active';
  return expiresAt <= now ? 'expired' : 'replaced';
}

function tokenView(token: ICollectorToken, now: Date): CollectorTokenView {
  return {
    id: token._id.toHexString(),
    name: token.name,
    group: token.group,
    groupId: groupId(token.group),
    state: stateOf(token, now),
    createdAt: token.createdAt.toISOString(),
    expiresAt: token.expiresAt?.toISOString() ?? null,
    revokedAt: token.revokedAt?.toISOString() ?? null,
    replacedBy: token.replacedBy?.toHexString() ?? null,
  };
}

/** Those that open nothing any more give way to new ones. @throws TenancyError `limit_reached`. */
async function makeRoom(context: Context): Promise<void> {
  if ((await CollectorToken.countDocuments()) < MAX_TOKENS) return;
  const oldest = await CollectorToken.findOneAndDelete(isOver(context.now()), { sort: { _id: 1 } });
  if (oldest) return;
  throw new TenancyError(
    'limit_reached',
    `There are ${MAX_TOKENS} collector tokens; revoke some first.`,
  );
}

async function make(
  { name, group }: CreateCollectorToken,
  context: Context,
): Promise<NewCollectorToken> {
  await makeRoom(context);
  const token = newToken('hdxc');
  const { _id } = await CollectorToken.create({ name, group, hash: hashToken(token) });
  return { ...(await getCollectorToken(_id.toHexString(), context)), token };
}

/**
 * Makes a token that opens one group's config, or that of one of its shards. The answer holds it; afterwards only its
 * hash exists.
 * @throws TenancyError `invalid_request`, `target_unknown` where there is no such group; `limit_reached`.
 */
export async function createCollectorToken(
  input: CreateCollectorToken,
  context: Context = defaultContext(),
): Promise<NewCollectorToken> {
  await assertTokenGroup(input.group, context);
  const made = await make(input, context);
  await announceChange('collectors', context.log, { tokens: [made.id] });
  return made;
}

function noToken(): TenancyError {
  return new TenancyError('not_found', 'There is no collector token with this id.');
}

/** All tokens, those remembered that are no longer good too, without the secret part, oldest first. */
export async function listCollectorTokens(
  context: Context = defaultContext(),
): Promise<CollectorTokenView[]> {
  const tokens = await CollectorToken.find()
    .sort({ _id: 1 })
    .limit(MAX_TOKENS)
    .lean<ICollectorToken[]>();
  return tokens.map((token) => tokenView(token, context.now()));
}

/** One token. @throws TenancyError `not_found`. */
export async function getCollectorToken(
  id: string,
  context: Context = defaultContext(),
): Promise<CollectorTokenView> {
  const token = await CollectorToken.findById(id).lean<ICollectorToken>();
  if (!token) throw noToken();
  return tokenView(token, context.now());
}

/**
 * Makes a token that takes another's place: both open the same config until the time given is over, then the one before
 * opens nothing any more.
 * @throws TenancyError `not_found`, `limit_reached`; `token_not_active` where it is not the present token of anything.
 */
export async function rotateCollectorToken(
  id: string,
  { overlapMinutes }: RotateCollectorToken,
  context: Context = defaultContext(),
): Promise<NewCollectorToken> {
  const { state, name, group } = await getCollectorToken(id, context);
  if (state !== 'active') throw notActive();
  // First: of a crash in between remains a token that nobody knows, and none that ends without a successor.
  const made = await make({ name, group }, context);
  const { matchedCount } = await CollectorToken.updateOne(
    { _id: id, revokedAt: null, expiresAt: null },
    {
      expiresAt: new Date(context.now().getTime() + overlapMinutes * MINUTE_MS),
      replacedBy: new Types.ObjectId(made.id),
    },
  );
  if (matchedCount === 0) {
    await CollectorToken.deleteOne({ _id: made.id });
    throw notActive();
  }
  if (overlapMinutes === 0) await recordRevoked(id, context.now());
  await announceChange('collectors', context.log, { tokens: [id, made.id] });
  return made;
}

function notActive(): TenancyError {
  return new TenancyError(
    'token_not_active',
    'The collector token was replaced, has expired or was revoked; rotate the one in its place, or make another.',
  );
}

/**
 * Revokes a token: collectors that hold it keep their last config and get no other. It is remembered for a while, so that
 * they hear that it was revoked; revoking it again changes nothing.
 * @throws TenancyError `not_found`.
 */
export async function deleteCollectorToken(
  id: string,
  context: Context = defaultContext(),
): Promise<void> {
  const { state } = await getCollectorToken(id, context);
  if (state === 'revoked') return;
  const now = context.now();
  await CollectorToken.updateOne({ _id: id, revokedAt: null }, { revokedAt: now });
  // Each process ends those that speak to it once it knows; who looks before that sees it too.
  await recordRevoked(id, now);
  await announceChange('collectors', context.log, { tokens: [id] });
}
