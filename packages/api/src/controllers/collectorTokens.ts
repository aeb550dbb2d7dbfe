import { groupId } from '@hyperdx-tenancy/domain/contracts/collectorGroup';
import type {
  CollectorTokenView,
  CreateCollectorToken,
  NewCollectorToken,
} from '@hyperdx-tenancy/domain/contracts/collectorToken';
import { TenancyError } from '@hyperdx-tenancy/domain/errors';

import CollectorToken from '../models/collectorToken';
import type { ICollectorToken } from '../models/collectorToken';
import Team from '../models/team';
import { hashToken, newToken } from '../utils/secrets';
import { defaultContext } from './context';
import type { Context } from './context';
import { announceChange } from './revisions';

/** Tokens are made by operators, one or a few a group: all of them fit one answer and every process's memory. */
const MAX_TOKENS = 10_000;

function tokenView(token: ICollectorToken): CollectorTokenView {
  return {
    id: token._id.toHexString(),
    name: token.name,
    group: token.group,
    groupId: groupId(token.group),
    state: 'active',
    createdAt: token.createdAt.toISOString(),
    expiresAt: token.expiresAt?.toISOString() ?? null,
    revokedAt: token.revokedAt?.toISOString() ?? null,
    replacedBy: token.replacedBy?.toHexString() ?? null,
  };
}

/**
 * Makes a token that opens one group's config. The answer holds it; afterwards only its hash exists.
 * @throws TenancyError `invalid_request` where a dedicated group's team does not exist.
 */
export async function createCollectorToken(
  input: CreateCollectorToken,
  context: Context = defaultContext(),
): Promise<NewCollectorToken> {
  if (input.group.kind === 'dedicated' && !(await Team.exists({ _id: input.group.team }))) {
    throw new TenancyError('invalid_request', 'group.team: there is no team with this id.');
  }
  if ((await CollectorToken.countDocuments()) >= MAX_TOKENS) {
    throw new TenancyError(
      'limit_reached',
      `There are ${MAX_TOKENS} collector tokens; revoke some first.`,
    );
  }
  const token = newToken('hdxc');
  const created = await CollectorToken.create({ ...input, hash: hashToken(token) });
  await announceChange('collectors', context.log);
  return { ...tokenView(created), token };
}

function noToken(): TenancyError {
  return new TenancyError('not_found', 'There is no collector token with this id.');
}

/** All tokens, without the secret part, oldest first. */
export async function listCollectorTokens(): Promise<CollectorTokenView[]> {
  const tokens = await CollectorToken.find()
    .sort({ _id: 1 })
    .limit(MAX_TOKENS)
    .lean<ICollectorToken[]>();
  return tokens.map(tokenView);
}

/** One token. @throws TenancyError `not_found`. */
export async function getCollectorToken(id: string): Promise<CollectorTokenView> {
  const token = await CollectorToken.findById(id).lean<ICollectorToken>();
  if (!token) throw noToken();
  return tokenView(token);
}

/** Revokes a token: collectors that hold it keep their last config and get no other. */
export async function deleteCollectorToken(
  id: string,
  context: Context = defaultContext(),
): Promise<void> {
  const { deletedCount } = await CollectorToken.deleteOne({ _id: id });
  if (deletedCount === 0) throw noToken();
  await announceChange('collectors', context.log);
}
