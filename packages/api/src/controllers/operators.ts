import type {
  OperatorRole,
  OperatorView,
  SetOperator,
} from '@hyperdx-tenancy/domain/contracts/operator';
import type { AuditActor } from '@hyperdx-tenancy/domain/contracts/audit';
import { TenancyError } from '@hyperdx-tenancy/domain/errors';
import { Types } from 'mongoose';

import Operator from '../models/operator';
import type { IOperator } from '../models/operator';
import User from '../models/user';
import type { IUser } from '../models/user';
import type { Context } from './context';
import { withdraw } from './lastAdmin';
import type { WayBack } from './lastAdmin';

/** Who calls the admin API, and what they may do. */
export interface OperatorIdentity extends AuditActor {
  role: OperatorRole;
}

/** Operators are the few who run the installation: all of them fit one answer. */
const MAX_OPERATORS = 1_000;

type KnownUser = Pick<IUser, '_id' | 'email' | 'name'>;

function operatorView(operator: IOperator, user: KnownUser | undefined): OperatorView {
  return {
    id: operator._id.toHexString(),
    email: user?.email ?? operator.email,
    role: operator.role,
    userExists: user !== undefined,
    createdBy: operator.createdBy,
    createdAt: operator.createdAt.toISOString(),
    updatedAt: operator.updatedAt.toISOString(),
  };
}

/** @param user an id or an email address, as by the contract `OperatorUser`. */
async function findUser(user: string): Promise<KnownUser | null> {
  // HyperDX stores addresses in lower case.
  const which = user.includes('@') ? { email: user.toLowerCase() } : { _id: user };
  return User.findOne(which, { email: 1, name: 1 }).lean<KnownUser>();
}

function noOperator(): TenancyError {
  return new TenancyError('not_found', 'There is no operator with this id or email address.');
}

/** All HyperDX users who are operators, in the order of their ids. */
export async function listOperators(): Promise<OperatorView[]> {
  const operators = await Operator.find().sort({ _id: 1 }).limit(MAX_OPERATORS).lean<IOperator[]>();
  const users = await User.find(
    { _id: { $in: operators.map(({ _id }) => _id) } },
    { email: 1, name: 1 },
  ).lean<KnownUser[]>();
  const byId = new Map(users.map((user) => [user._id.toHexString(), user]));
  return operators.map((operator) => operatorView(operator, byId.get(operator._id.toHexString())));
}

/**
 * An operator, or `undefined` where there is none.
 * @param user an id or an email address; the address as it was where HyperDX has no such user any more.
 */
export async function findOperator(user: string): Promise<OperatorView | undefined> {
  const known = (await findUser(user)) ?? undefined;
  const which =
    known === undefined && user.includes('@')
      ? { email: user.toLowerCase() }
      : { _id: known?._id ?? user };
  const operator = await Operator.findOne(which).lean<IOperator>();
  return operator ? operatorView(operator, known) : undefined;
}

/** As {@link findOperator}. @throws TenancyError `not_found`. */
export async function getOperator(user: string): Promise<OperatorView> {
  const operator = await findOperator(user);
  if (!operator) throw noOperator();
  return operator;
}

/**
 * Makes a HyperDX user an operator, or changes the role of one. HyperDX's own document of the user stays untouched.
 * @throws TenancyError `not_found` where HyperDX has no such user, `limit_reached`, `last_admin`.
 */
export async function setOperator(
  user: string,
  { role }: SetOperator,
  createdBy: string,
  wayBack: WayBack,
  context: Context,
): Promise<OperatorView> {
  const known = await findUser(user);
  if (!known) {
    throw new TenancyError('not_found', 'HyperDX has no user with this id or email address.');
  }
  const _id = known._id;
  const isNew = !(await Operator.exists({ _id }));
  if (isNew && (await Operator.countDocuments()) >= MAX_OPERATORS) {
    throw new TenancyError(
      'limit_reached',
      `There are ${MAX_OPERATORS} operators; remove some first.`,
    );
  }
  const write = async (): Promise<void> => {
    await Operator.updateOne(
      { _id },
      { $set: { role, email: known.email, leavingAt: null }, $setOnInsert: { createdBy } },
      { upsert: true },
    );
  };
  if (role === 'admin') await write();
  else await withdraw({ in: 'users', id: _id.toHexString() }, wayBack, context, write);
  return getOperator(_id.toHexString());
}

/**
 * Makes an operator a mere HyperDX user again.
 * @throws TenancyError `not_found`, `last_admin`.
 */
export async function deleteOperator(
  id: string,
  wayBack: WayBack,
  context: Context,
): Promise<void> {
  await withdraw({ in: 'users', id }, wayBack, context, async () => {
    const { deletedCount } = await Operator.deleteOne({ _id: new Types.ObjectId(id) });
    if (deletedCount === 0) throw noOperator();
  });
}

/** What a HyperDX user may do here. @returns `stranger` where they are no operator. */
export async function identifyOperator(user: KnownUser): Promise<OperatorIdentity | 'stranger'> {
  const operator = await Operator.findById(user._id).lean<IOperator>();
  if (!operator) return 'stranger';
  return { kind: 'user', id: user._id.toHexString(), name: user.email, role: operator.role };
}

/**
 * Who holds a HyperDX user's access key.
 * @returns `stranger`: a user who is no operator; `undefined`: nobody's key.
 */
export async function identifyUser(
  accessKey: string,
): Promise<OperatorIdentity | 'stranger' | undefined> {
  const user = await User.findOne({ accessKey }, { email: 1 }).lean<KnownUser>();
  return user ? identifyOperator(user) : undefined;
}
