import { MAX_TOKEN_DAYS } from '@hyperdx-tenancy/domain/contracts/operator';
import type {
  CreateOperatorToken,
  NewOperatorToken,
  OperatorTokenView,
} from '@hyperdx-tenancy/domain/contracts/operator';
import { TenancyError } from '@hyperdx-tenancy/domain/errors';

import OperatorToken from '../models/operatorToken';
import type { IOperatorToken } from '../models/operatorToken';
import { hashToken, newToken } from '../utils/secrets';
import type { Context } from './context';
import { withdraw } from './lastAdmin';
import type { WayBack } from './lastAdmin';
import type { OperatorIdentity } from './operators';

/** Pipelines and people: all of them fit one answer. */
const MAX_TOKENS = 1_000;
const DAY_MS = 86_400_000;
const PREFIX = 'hdxo';

/** The least time between two records of a token's use. */
const USE_RECORDED_EVERY_MS = 60_000;
/** Records of use being written at once; beyond that one is left to the next request. */
const MAX_USES_IN_FLIGHT = 16;

const usesInFlight = new Set<string>();

function isExpired(token: IOperatorToken, now: Date): boolean {
  return token.expiresAt !== null && token.expiresAt <= now;
}

function tokenView(token: IOperatorToken, now: Date): OperatorTokenView {
  return {
    id: token._id.toHexString(),
    name: token.name,
    role: token.role,
    expiresAt: token.expiresAt?.toISOString() ?? null,
    expired: isExpired(token, now),
    createdBy: token.createdBy,
    createdAt: token.createdAt.toISOString(),
    lastUsedAt: token.lastUsedAt?.toISOString() ?? null,
  };
}

function parseExpiry(text: string | undefined, now: Date): Date | null {
  if (text === undefined) return null;
  const expiresAt = new Date(text);
  const ahead = expiresAt.getTime() - now.getTime();
  if (ahead > 0 && ahead <= MAX_TOKEN_DAYS * DAY_MS) return expiresAt;
  throw new TenancyError(
    'invalid_request',
    `expiresAt: must lie in the future, at most ${MAX_TOKEN_DAYS} days ahead`,
  );
}

/**
 * Makes a token for the admin API. The answer holds it; afterwards only its hash exists.
 * @param createdBy the name of who makes it.
 * @throws TenancyError `invalid_request`, `limit_reached`.
 */
export async function createOperatorToken(
  input: CreateOperatorToken,
  createdBy: string,
  context: Context,
): Promise<NewOperatorToken> {
  const now = context.now();
  const expiresAt = parseExpiry(input.expiresAt, now);
  if ((await OperatorToken.countDocuments()) >= MAX_TOKENS) {
    throw new TenancyError(
      'limit_reached',
      `There are ${MAX_TOKENS} operator tokens; revoke some first.`,
    );
  }
  const token = newToken(PREFIX);
  const { name, role } = input;
  const created = await OperatorToken.create({
    name,
    role,
    expiresAt,
    createdBy,
    hash: hashToken(token),
  });
  return { ...tokenView(created, now), token };
}

/** All tokens, expired ones too, without the secret part, oldest first. */
export async function listOperatorTokens(context: Context): Promise<OperatorTokenView[]> {
  const tokens = await OperatorToken.find()
    .sort({ _id: 1 })
    .limit(MAX_TOKENS)
    .lean<IOperatorToken[]>();
  return tokens.map((token) => tokenView(token, context.now()));
}

function noToken(): TenancyError {
  return new TenancyError('not_found', 'There is no operator token with this id.');
}

/** One token. @throws TenancyError `not_found`. */
export async function getOperatorToken(id: string, context: Context): Promise<OperatorTokenView> {
  const token = await OperatorToken.findById(id).lean<IOperatorToken>();
  if (!token) throw noToken();
  return tokenView(token, context.now());
}

/**
 * Revokes a token by deleting it: its hash is of no more use, and who made and who revoked it is in the audit.
 * @throws TenancyError `not_found`, `last_admin`.
 */
export async function deleteOperatorToken(
  id: string,
  wayBack: WayBack,
  context: Context,
): Promise<void> {
  await withdraw({ in: 'tokens', id }, wayBack, context, async () => {
    const { deletedCount } = await OperatorToken.deleteOne({ _id: id });
    if (deletedCount === 0) throw noToken();
  });
}

/** Records that a token was used. Nobody waits for it, and that it fails is no reason to refuse the request. */
function recordUse({ _id, lastUsedAt }: IOperatorToken, now: Date, context: Context): void {
  const id = _id.toHexString();
  const due = new Date(now.getTime() - USE_RECORDED_EVERY_MS);
  const recently = lastUsedAt !== null && lastUsedAt > due;
  if (recently || usesInFlight.has(id) || usesInFlight.size >= MAX_USES_IN_FLIGHT) return;
  usesInFlight.add(id);
  // Another process may have recorded one since the token was read.
  const isDue = { _id, $or: [{ lastUsedAt: null }, { lastUsedAt: { $lte: due } }] };
  OperatorToken.updateOne(isDue, { $set: { lastUsedAt: now } }, { timestamps: false })
    .catch((error: unknown) => {
      context.log.warn({ operatorToken: id, err: error }, "a token's use was not recorded");
    })
    .finally(() => usesInFlight.delete(id));
}

/**
 * Who holds an operator's token.
 * @returns `expired`: it was good once; `undefined`: it is unknown, or was revoked.
 */
export async function identifyToken(
  token: string,
  context: Context,
): Promise<OperatorIdentity | 'expired' | undefined> {
  // No other secret begins so, and a look-up is spared.
  if (!token.startsWith(`${PREFIX}_`)) return undefined;
  const known = await OperatorToken.findOne({ hash: hashToken(token) }).lean<IOperatorToken>();
  const now = context.now();
  if (!known) return undefined;
  if (isExpired(known, now)) return 'expired';
  recordUse(known, now, context);
  return { kind: 'token', id: known._id.toHexString(), name: known.name, role: known.role };
}
