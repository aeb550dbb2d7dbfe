import type { Registration as Wish } from '@hyperdx-tenancy/domain/contracts/account';
import type { TenantView } from '@hyperdx-tenancy/domain/contracts/tenant';
import { TenancyError } from '@hyperdx-tenancy/domain/errors';
import { Types } from 'mongoose';

import Operator from '../models/operator';
import Registration from '../models/registration';
import type { IRegistration } from '../models/registration';
import Team from '../models/team';
import User from '../models/user';
import { faultPoint } from '../utils/faultPoint';
import { isDuplicateKey } from '../utils/mongoErrors';
import { hashPassword } from '../utils/passwordHash';
import { recordChange } from './audit';
import type { Origin } from './audit';
import type { Context } from './context';
import { beginTenant } from './tenant';
import { findUser } from './users';
import type { KnownUser } from './users';

const FIRST = 'first';
/** How long one registration may take before another may take it up: far longer than making a tenant takes. */
const WORK_MS = 120_000;
/** HyperDX limits the name of a team to so many characters. */
const NAME_LENGTH = 100;

/**
 * Whether there is a team already: from then on people come by invitation. One whose registration was cut short before it
 * had a user does not count: it is to be completed.
 */
export async function isTeamExisting(): Promise<boolean> {
  if (!(await Team.exists({}))) return false;
  const cutShort = await Registration.exists({ _id: FIRST, done: false });
  return cutShort === null || (await User.exists({})) !== null;
}

/**
 * The sole right to make the first tenant and user; one that came to nothing can be taken up again.
 * @returns `null` where somebody has it, or there is nothing to be made any more.
 */
async function claim(email: string, context: Context): Promise<IRegistration | null> {
  if (await User.exists({})) return null;
  const now = context.now();
  const until = new Date(now.getTime() + WORK_MS);
  const begun = await Registration.findOneAndUpdate(
    { _id: FIRST, done: false, until: { $lte: now } },
    { $set: { until } },
    { returnDocument: 'after' },
  ).lean<IRegistration>();
  if (begun) return begun;
  // A team that no registration of ours has begun is somebody's.
  if (await isTeamExisting()) return null;
  try {
    const made = await Registration.create({
      _id: FIRST,
      // HyperDX's name for the first team.
      name: `${email}'s Team`.slice(0, NAME_LENGTH),
      user: new Types.ObjectId(),
      until,
    });
    return made.toObject();
  } catch (error) {
    if (isDuplicateKey(error)) return null;
    throw error;
  }
}

/**
 * The registration's tenant: whatever became of one that it had begun before, that one and no other of its name.
 * @throws TenancyError `operation_running` while it is still being made, `tenant_exists` where its name is another's.
 */
async function makeTenant({ name, user }: IRegistration, context: Context): Promise<TenantView> {
  const idempotencyKey = `registration ${user.toHexString()}`;
  const tenant = await beginTenant({ name }, { idempotencyKey }, context);
  if (tenant.status !== 'provisioning') return tenant;
  throw new TenancyError('operation_running', 'The tenant is still being made; try again.', {
    retryAfterSeconds: 5,
  });
}

async function makeUser(
  { user: _id }: IRegistration,
  { email, password }: Wish,
  team: Types.ObjectId,
): Promise<KnownUser> {
  // The operator first: without a user it opens nothing, and no user is left without it.
  await Operator.updateOne(
    { _id },
    { $set: { email, role: 'admin', leavingAt: null }, $setOnInsert: { createdBy: email } },
    { upsert: true },
  );
  faultPoint('registration.operator');
  await User.create({ _id, email, name: email, team, ...(await hashPassword(password)) });
  const user = await findUser(_id.toHexString());
  if (!user) throw new Error('a user was removed while it was made');
  return user;
}

/**
 * Makes the installation's first tenant, its team, and its first user, who becomes an operator.
 * @param origin from where; the user made is who did it.
 * @returns `null` where there is a team already, or another call is making one.
 * @throws TenancyError what stopped it (`clickhouse_unavailable`, ...): called again, it goes on.
 */
export async function registerFirst(
  wish: Wish,
  origin: Omit<Origin, 'actor'>,
  context: Context,
): Promise<KnownUser | null> {
  const work = await claim(wish.email, context);
  if (!work) return null;
  faultPoint('registration.claimed');
  const actor = { kind: 'user', id: work.user.toHexString(), name: wish.email } as const;
  try {
    const tenant = await recordChange(
      { ...origin, actor },
      { action: 'tenant.create', asked: { name: work.name } },
      () => makeTenant(work, context),
      (after) => ({ tenant: after.id, after }),
      context,
    );
    const [team] = tenant.teams;
    if (!team) throw new TenancyError('internal', 'The tenant was made without a team.');
    faultPoint('registration.tenant');
    const user = await makeUser(work, wish, new Types.ObjectId(team.id));
    faultPoint('registration.user');
    await Registration.updateOne({ _id: FIRST }, { $set: { done: true } });
    return user;
  } catch (error) {
    // Whoever tries again need not wait until this one counts as dead.
    await Registration.updateOne(
      { _id: FIRST, until: work.until },
      { $set: { until: context.now() } },
    ).catch(() => undefined);
    if (isDuplicateKey(error)) return null;
    throw error;
  }
}
