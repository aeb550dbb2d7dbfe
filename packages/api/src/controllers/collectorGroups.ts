import {
  groupId,
  parseGroupId,
  RolloutPolicy,
} from '@hyperdx-tenancy/domain/contracts/collectorGroup';
import type {
  CollectorGroup as GroupKey,
  CreateCollectorGroup,
  GroupOptions,
  UpdateCollectorGroup,
} from '@hyperdx-tenancy/domain/contracts/collectorGroup';
import { TenancyError } from '@hyperdx-tenancy/domain/errors';
import { Types } from 'mongoose';

import CollectorGroup from '../models/collectorGroup';
import type { ICollectorGroup } from '../models/collectorGroup';
import CollectorToken from '../models/collectorToken';
import Team from '../models/team';
import Tenant from '../models/tenant';
import { entityTag, matchesTag } from '../utils/entityTag';
import { isDuplicateKey } from '../utils/mongoErrors';
import { checkGroup } from './collectorGroupRules';
import { eraseRollouts } from './collectorRollouts';
import { isGood } from './collectorTokens';
import type { Context } from './context';
import { announceChange } from './revisions';

/** A group with its settings, those that nobody has set included. */
export interface GroupState {
  id: string;
  kind: GroupKey['kind'];
  target: string;
  members: 'all' | { tenants: string[] };
  shards: number | null;
  exclusive: boolean;
  options: GroupOptions;
  fragment: string | null;
  rollout: RolloutPolicy;
  /** Tenants kept apart by hand. */
  quarantine: string[];
  version: number;
}

/** Of all groups that operators made: each has a few configs, built in every process. */
const MAX_GROUPS = 1_000;
/** Who changes a group while others do tries again this many times. */
const ATTEMPTS = 5;

function noGroup(): TenancyError {
  return new TenancyError('not_found', 'There is no collector group with this id.');
}

function stateOf(
  key: GroupKey,
  exists: Pick<GroupState, 'target' | 'members'>,
  stored: ICollectorGroup | null,
): GroupState {
  return {
    id: groupId(key),
    kind: key.kind,
    ...exists,
    shards: stored?.shards ?? null,
    exclusive: stored?.exclusive ?? false,
    options: stored?.options ?? {},
    fragment: stored?.fragment ?? null,
    rollout: stored?.rollout ?? RolloutPolicy.parse({}),
    quarantine: (stored?.quarantine ?? []).map((id) => id.toHexString()),
    version: stored?.version ?? 0,
  };
}

/** Where a group is and whom it serves; `undefined` where there is no such group. */
async function placeOf(
  key: GroupKey,
  stored: ICollectorGroup | null,
  context: Context,
): Promise<Pick<GroupState, 'target' | 'members'> | undefined> {
  switch (key.kind) {
    case 'shared': {
      const exists = context.targets.all.some(({ name }) => name === key.target);
      return exists ? { target: key.target, members: 'all' } : undefined;
    }
    case 'dedicated': {
      const team = await Team.findById(key.team, { tenant: 1 }).lean();
      const tenant = team && (await Tenant.findById(team.tenant, { target: 1 }).lean());
      return tenant
        ? { target: tenant.target, members: { tenants: [tenant._id.toHexString()] } }
        : undefined;
    }
    case 'named':
      return stored
        ? { target: stored.target ?? 'default', members: stored.members ?? 'all' }
        : undefined;
  }
}

/** The group that an id names. @throws TenancyError `invalid_request` where it names one config of a group. */
export function groupKey(id: string): GroupKey {
  const key = parseGroupId(id);
  if (!key) throw noGroup();
  const isPart = key.kind !== 'dedicated' && (key.quarantine || ('shard' in key && key.shard));
  if (isPart) {
    throw new TenancyError(
      'invalid_request',
      'group: names one config of a group; name the group.',
    );
  }
  return key;
}

/** One group. @throws TenancyError `not_found`; `invalid_request` where the id names one config of it. */
export async function getGroup(id: string, context: Context): Promise<GroupState> {
  const key = groupKey(id);
  const stored = await CollectorGroup.findById(id).lean<ICollectorGroup>();
  const place = await placeOf(key, stored, context);
  if (!place) throw noGroup();
  return stateOf(key, place, stored);
}

/** Ids of the configs that serve a group's members; the quarantine's is another one, `<group>:quarantine`. */
export function shardIds({ id, shards }: Pick<GroupState, 'id' | 'shards'>): string[] {
  if (shards === null) return [id];
  return Array.from({ length: shards }, (_, index) => `${id}:${index + 1}`);
}

/**
 * Ids of the configs that are meant by the id of a group or of one of them.
 * @throws TenancyError `not_found` where there is no such group, or it has no such shard.
 */
export async function shardsMeant(id: string, context: Context): Promise<string[]> {
  const key = parseGroupId(id);
  if (!key) throw noGroup();
  const whole: GroupKey =
    key.kind === 'named'
      ? { kind: 'named', name: key.name }
      : key.kind === 'shared'
        ? { kind: 'shared', target: key.target }
        : key;
  const group = await getGroup(groupId(whole), context);
  if (id === group.id) return shardIds(group);
  if (key.kind !== 'dedicated' && key.quarantine) return [id];
  if (shardIds(group).includes(id)) return [id];
  throw new TenancyError('not_found', 'The group has no such shard.');
}

/** The one config that is meant. @throws as {@link shardsMeant}; `invalid_request` where the group has several. */
export async function oneShardMeant(id: string, context: Context): Promise<string> {
  const [first, ...others] = await shardsMeant(id, context);
  if (first !== undefined && others.length === 0) return first;
  throw new TenancyError(
    'invalid_request',
    `group: has ${others.length + 1} shards; choose one, from ${first ?? id} on.`,
  );
}

const toIds = (ids: readonly string[]): Types.ObjectId[] =>
  [...new Set(ids)].map((id) => new Types.ObjectId(id));

/**
 * Makes a group.
 * @throws TenancyError `invalid_request`, `target_unknown`, `group_exists`, `limit_reached`.
 */
export async function createGroup(
  input: CreateCollectorGroup,
  context: Context,
): Promise<GroupState> {
  const { name, target, members, shards, exclusive, options = {}, fragment = null } = input;
  context.targets.get(target);
  const quarantine = toIds(input.quarantine ?? []);
  const settings = { members, options, fragment, quarantine, ...(shards && { shards }) };
  await checkGroup({ kind: 'named', target, ...settings });
  if ((await CollectorGroup.countDocuments({ target: { $exists: true } })) >= MAX_GROUPS) {
    throw new TenancyError('limit_reached', `There are ${MAX_GROUPS} groups; delete some first.`);
  }
  const _id = groupId({ kind: 'named', name });
  try {
    await CollectorGroup.create({
      _id,
      target,
      exclusive,
      ...settings,
      rollout: input.rollout ?? null,
      version: 1,
    });
  } catch (error) {
    if (!isDuplicateKey(error)) throw error;
    throw new TenancyError('group_exists', `name: there is a group "${name}".`);
  }
  await announceChange('collectors', context.log, { groups: [_id] });
  return getGroup(_id, context);
}

/** A group after a change. @throws TenancyError `invalid_request` where it has no place for it. */
export function patchGroup(group: GroupState, patch: UpdateCollectorGroup): GroupState {
  if (group.kind !== 'named') {
    const field = (['members', 'shards', 'exclusive'] as const).find(
      (name) => patch[name] !== undefined,
    );
    if (field) {
      throw new TenancyError(
        'invalid_request',
        `${field}: only groups that operators made have it.`,
      );
    }
  }
  return {
    ...group,
    members: patch.members ?? group.members,
    shards: patch.shards === undefined ? group.shards : patch.shards,
    exclusive: patch.exclusive ?? group.exclusive,
    options: patch.options ?? group.options,
    fragment: patch.fragment === undefined ? group.fragment : patch.fragment,
    rollout: patch.rollout ?? group.rollout,
    quarantine: patch.quarantine ? [...new Set(patch.quarantine)] : group.quarantine,
  };
}

/** @throws TenancyError `group_in_use` where tokens open shards that would be gone. */
async function assertNoTokens(
  before: GroupState,
  after: GroupState | undefined,
  context: Context,
): Promise<void> {
  const key = groupKey(before.id);
  if (key.kind !== 'named') return;
  const staying = new Set(after ? shardIds(after) : []);
  const tokens = await CollectorToken.find(
    { 'group.kind': 'named', 'group.name': key.name, ...isGood(context.now()) },
    { group: 1 },
  ).lean();
  const lost = tokens.filter(({ group }) => {
    const isQuarantine = group.kind === 'named' && group.quarantine === true;
    return !(isQuarantine && after) && !staying.has(groupId(group));
  });
  if (lost.length === 0) return;
  const [opens, them] =
    lost.length === 1
      ? ['1 collector token opens', 'it']
      : [`${lost.length} collector tokens open`, 'them'];
  const [what = '', ...others] = [...new Set(lost.map(({ group }) => groupId(group)))].sort();
  const more = others.length > 0 ? ` and ${others.length} more` : '';
  throw new TenancyError(
    'group_in_use',
    `${opens} ${what}${more}, which would be gone; revoke ${them} first.`,
  );
}

/** The entity tag of a group's settings: how far its configs have come is no part of it. */
export function groupEtag(group: GroupState): string {
  return entityTag(group);
}

/**
 * A group after a change that is known to be possible.
 * @param ifMatch the entity tag that its settings must have.
 * @throws as {@link updateGroup}.
 */
export async function planGroup(
  id: string,
  patch: UpdateCollectorGroup,
  ifMatch: string | undefined,
  context: Context,
): Promise<{ before: GroupState; after: GroupState }> {
  const before = await getGroup(id, context);
  if (!matchesTag(ifMatch, groupEtag(before))) {
    throw new TenancyError(
      'precondition_failed',
      'If-Match: the group has changed since; read it again.',
    );
  }
  const after = patchGroup(before, patch);
  const { kind, target, members, shards, options, fragment } = after;
  await checkGroup({
    kind,
    target,
    members,
    options,
    fragment,
    quarantine: toIds(after.quarantine),
    ...(shards === null ? {} : { shards }),
  });
  if (after.shards !== before.shards) await assertNoTokens(before, after, context);
  return { before, after };
}

/** @returns false where somebody else changed the group since it was read. */
async function store(after: GroupState): Promise<boolean> {
  const { id, kind, members, shards, exclusive, options, fragment, rollout, version } = after;
  try {
    const { matchedCount, upsertedCount } = await CollectorGroup.updateOne(
      { _id: id, version },
      {
        $set: {
          options,
          fragment,
          rollout,
          quarantine: toIds(after.quarantine),
          ...(kind === 'named' && { members, exclusive, ...(shards !== null && { shards }) }),
        },
        ...(kind === 'named' && shards === null && { $unset: { shards: 1 } }),
        $inc: { version: 1 },
      },
      // Groups that exist by themselves have no document before something is set of them.
      { upsert: version === 0 },
    );
    return matchedCount + upsertedCount > 0;
  } catch (error) {
    if (isDuplicateKey(error)) return false;
    throw error;
  }
}

/**
 * Changes settings of a group; each that is given takes the place of the whole one before.
 * @param ifMatch the entity tag that its settings must have.
 * @throws TenancyError `not_found`, `invalid_request`, `precondition_failed`, `group_in_use`; `operation_running` where
 *   others change it too.
 */
export async function updateGroup(
  id: string,
  patch: UpdateCollectorGroup,
  ifMatch: string | undefined,
  context: Context,
): Promise<GroupState> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const { before, after } = await planGroup(id, patch, ifMatch, context);
    if (!(await store(after))) continue;
    const staying = new Set(shardIds(after));
    // Shards that come back one day begin anew: neither paused, nor gone back, nor with what failed then.
    const erased = shardIds(before).filter((shard) => !staying.has(shard));
    await eraseRollouts(erased);
    await announceChange('collectors', context.log, { groups: [id], rollouts: erased });
    return getGroup(id, context);
  }
  throw new TenancyError('operation_running', 'The group is being changed; try again.', {
    retryAfterSeconds: 1,
  });
}

/**
 * Takes a group away that operators made, with all that is remembered of its configs.
 * @throws TenancyError `not_found`, `group_in_use`; `invalid_request` for one that exists by itself.
 */
export async function deleteGroup(id: string, context: Context): Promise<void> {
  const group = await getGroup(id, context);
  if (group.kind !== 'named') {
    throw new TenancyError(
      'invalid_request',
      'group: exists by itself; its settings can be changed, it cannot be deleted.',
    );
  }
  await assertNoTokens(group, undefined, context);
  await CollectorGroup.deleteOne({ _id: id });
  const erased = [...shardIds(group), `${id}:quarantine`];
  await eraseRollouts(erased);
  await announceChange('collectors', context.log, { groups: [id], rollouts: erased });
}
