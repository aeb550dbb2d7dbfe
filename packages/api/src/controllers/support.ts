import type { BeginSupport, SupportView } from '@hyperdx-tenancy/domain/contracts/support';
import { TenancyError } from '@hyperdx-tenancy/domain/errors';
import type { TenantId } from '@hyperdx-tenancy/domain/ids';
import { Types } from 'mongoose';

import Operator from '../models/operator';
import SupportEntry from '../models/supportEntry';
import type { ISupportEntry } from '../models/supportEntry';
import Team from '../models/team';
import User from '../models/user';
import { faultPoint } from '../utils/faultPoint';
import { recordChange, systemOrigin } from './audit';
import type { Context } from './context';
import { isMember } from './memberships';
import type { OperatorIdentity } from './operators';
import { findUser } from './users';
import type { KnownUser } from './users';
import { findTenant } from './tenantGrasp';

const MINUTE_MS = 60_000;
/** Entries in one answer. */
const LISTED = 100;
/** Entries that one round of the task looks at, those that end first: operators are few. */
const ENDED_AT_ONCE = 1_000;

function supportView(entry: ISupportEntry): SupportView {
  return {
    id: entry._id.toHexString(),
    tenant: entry.tenant.toHexString(),
    team: entry.team.toHexString(),
    user: entry.user.toHexString(),
    email: entry.email,
    reason: entry.reason,
    startedAt: entry.startedAt.toISOString(),
    expiresAt: entry.expiresAt.toISOString(),
    endedAt: entry.endedAt?.toISOString() ?? null,
  };
}

/** A team of a tenant: the one that was asked for, or its first. @throws TenancyError `tenant_not_found`, `not_found`. */
export async function teamOfTenant(
  tenant: TenantId,
  asked: string | undefined,
): Promise<Types.ObjectId> {
  const { members } = await findTenant(tenant);
  const _id = asked === undefined ? members.team : new Types.ObjectId(asked);
  // Both in one look-up: another tenant's team is not there.
  if (await Team.exists({ _id, tenant: new Types.ObjectId(tenant) })) return _id;
  throw new TenancyError('not_found', 'team: this tenant has no such team.');
}

/** @throws TenancyError `invalid_request` for who cannot be in a team. */
async function supporter(operator: OperatorIdentity): Promise<KnownUser> {
  const user = operator.kind === 'user' ? await findUser(operator.id) : null;
  if (user) return user;
  throw new TenancyError(
    'invalid_request',
    'Support is given by a person: sign in to HyperDX, or send the API key of your HyperDX user.',
  );
}

/**
 * Lets an operator into a team of a tenant for a while: their user's `team`, which both servers read, is that one until
 * time is up or somebody ends it. The tenant can look it up.
 * @throws TenancyError `tenant_not_found`, `not_found`, `invalid_request`, `operation_running` while they are in another.
 */
export async function beginSupport(
  tenant: TenantId,
  operator: OperatorIdentity,
  { reason, minutes, team: asked }: BeginSupport,
  context: Context,
): Promise<SupportView> {
  const user = await supporter(operator);
  const team = await teamOfTenant(tenant, asked);
  if (await isMember(user, team))
    throw new TenancyError('invalid_request', 'You are a member of this team already.');
  const startedAt = context.now();
  const entry = await SupportEntry.create({
    tenant: new Types.ObjectId(tenant),
    team,
    user: user._id,
    email: user.email,
    reason,
    startedAt,
    expiresAt: new Date(startedAt.getTime() + minutes * MINUTE_MS),
  });
  faultPoint('support.entry');
  const support = { entry: entry._id, home: user.team, until: entry.expiresAt };
  const { matchedCount } = await User.updateOne(
    { _id: user._id, team: user.team, tenancySupport: { $exists: false } },
    { $set: { team, tenancySupport: support } },
  );
  if (matchedCount === 0) {
    await SupportEntry.deleteOne({ _id: entry._id });
    throw new TenancyError(
      'operation_running',
      'You are in a team for support already, or were moved just now: end that first.',
    );
  }
  faultPoint('support.entered');
  return supportView(entry.toObject());
}

/** Brings a user back to their own team, if they are still where this entry let them in. */
async function goHome(user: Types.ObjectId, entry: Types.ObjectId): Promise<void> {
  const where = { _id: user, 'tenancySupport.entry': entry };
  for (;;) {
    const found = await User.findOne(where, { tenancySupport: 1 }).lean<KnownUser>();
    const home = found?.tenancySupport?.home;
    if (!home) return;
    // Home may change between the two, where they lose one of their own teams.
    const { matchedCount } = await User.updateOne(
      { ...where, 'tenancySupport.home': home },
      { $set: { team: home }, $unset: { tenancySupport: 1 } },
    );
    if (matchedCount > 0) return;
  }
}

/** Whether an operator may still be in a team for support: until time is up, and as long as they are one. */
async function isOver(user: Types.ObjectId, until: Date, context: Pick<Context, 'now'>) {
  return until <= context.now() || (await Operator.exists({ _id: user, role: 'admin' })) === null;
}

/**
 * The user as they may act now: one whose time for support is over is back in their own team, whatever the task is at.
 * @returns `null` where they were removed meanwhile.
 */
export async function withoutExpiredSupport(
  user: KnownUser,
  context: Pick<Context, 'now'>,
): Promise<KnownUser | null> {
  const { _id, tenancySupport: support } = user;
  if (!support || !(await isOver(_id, support.until, context))) return user;
  await goHome(_id, support.entry);
  return findUser(_id.toHexString());
}

async function endEntry(entry: ISupportEntry, context: Context): Promise<SupportView> {
  // Access first: what is left after a crash is only the record, and the task writes it.
  await goHome(entry.user, entry._id);
  faultPoint('support.left');
  const endedAt = context.now();
  await SupportEntry.updateOne({ _id: entry._id, endedAt: null }, { $set: { endedAt } });
  return supportView({ ...entry, endedAt: entry.endedAt ?? endedAt });
}

async function findEntry(tenant: TenantId, entry: string): Promise<ISupportEntry> {
  const found = await SupportEntry.findOne({
    _id: new Types.ObjectId(entry),
    tenant: new Types.ObjectId(tenant),
  }).lean<ISupportEntry>();
  if (!found) throw new TenancyError('not_found', 'This tenant has no support entry with this id.');
  return found;
}

/** One entry of a tenant. @throws TenancyError `not_found`. */
export async function getSupport(tenant: TenantId, entry: string): Promise<SupportView> {
  return supportView(await findEntry(tenant, entry));
}

/** Ends an operator's time in a tenant; one that has ended stays so. @throws TenancyError `not_found`. */
export async function endSupport(
  tenant: TenantId,
  entry: string,
  context: Context,
): Promise<SupportView> {
  return endEntry(await findEntry(tenant, entry), context);
}

/** The last entries of a tenant, newest first. */
export async function listSupport(tenant: TenantId): Promise<SupportView[]> {
  const entries = await SupportEntry.find({ tenant: new Types.ObjectId(tenant) })
    .sort({ _id: -1 })
    .limit(LISTED)
    .lean<ISupportEntry[]>();
  return entries.map(supportView);
}

/** Ends every entry that is over. HyperDX knows nothing of its time: until this is done, its own routes go on. */
export async function endExpiredSupport(context: Context): Promise<void> {
  const entries = await SupportEntry.find({ endedAt: null })
    .sort({ expiresAt: 1 })
    .limit(ENDED_AT_ONCE)
    .lean<ISupportEntry[]>();
  for (const entry of entries) {
    if (!(await isOver(entry.user, entry.expiresAt, context))) continue;
    const before = supportView(entry);
    await recordChange(
      systemOrigin('support'),
      { action: 'support.end', tenant: before.tenant, subject: before.id, before },
      () => endEntry(entry, context),
      (after) => ({ after }),
      context,
    );
  }
}
