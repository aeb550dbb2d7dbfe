import type { UpdateCollectorGroup } from '@hyperdx-tenancy/domain/contracts/collectorGroup';
import type {
  GroupConfig,
  GroupPreview,
  PartPreview,
} from '@hyperdx-tenancy/domain/contracts/collectorRollout';
import { TenancyError } from '@hyperdx-tenancy/domain/errors';
import { Types } from 'mongoose';

import type { ICollectorGroup } from '../models/collectorGroup';
import type { ICollectorRollout } from '../models/collectorRollout';
import { chooseCanaries } from './collectorCanaries';
import { buildShard, liveInputs, readableConfig } from './collectorConfigs';
import type { BuiltShard, ShardInputs } from './collectorConfigs';
import { faultsOf } from './collectorDesk';
import type { CollectorDesk } from './collectorDesk';
import { oneShardMeant, planGroup } from './collectorGroups';
import type { GroupState } from './collectorGroups';
import { readInputs, revisionKey, unifiedDiff } from './collectorRevisions';
import { readRollout } from './collectorRollouts';
import type { ShardSource } from './collectorShards';
import { fallbacksOf, isBlocked, nextStep, revisionsNeeded, wantedOf } from './rolloutSteps';
import type { Wanted } from './rolloutSteps';

/** Whether a change is about to go to canaries first, as soon as a process records it. */
async function isToBeTried(
  source: ShardSource,
  rollout: ICollectorRollout,
  wanted: Wanted,
  fallback: ShardInputs | undefined,
  { settings, context }: CollectorDesk,
): Promise<boolean> {
  if (source.policy?.canary === undefined || rollout.current === null || !fallback) return false;
  const hash = buildShard(source, wanted.inputs, settings)?.hashHex;
  if (hash === rollout.current.hash) return false;
  const fallbackHash = buildShard(source, fallback, settings)?.hashHex;
  const step = nextStep(rollout, wanted, { hash, fallbackHash, canary: true });
  if (step.kind !== 'offer' || step.to !== 'canaries') return false;
  return (await chooseCanaries(source.id, source.policy, context)).length > 0;
}

/**
 * What a shard is to be offered, the best first: what failed before is passed over. While canaries try a config, or are
 * about to, what the others run comes first: collectors without OpAMP say nothing of how they fare.
 */
async function candidates(
  source: ShardSource,
  rollout: ICollectorRollout,
  desk: CollectorDesk,
): Promise<ShardInputs[]> {
  const numbers = revisionsNeeded(rollout);
  const found = await readInputs(numbers.map((number) => ({ shard: source.id, number })));
  const revisions = new Map(
    numbers.flatMap((number): [number, ShardInputs][] => {
      const inputs = found.get(revisionKey(source.id, number));
      return inputs ? [[number, inputs]] : [];
    }),
  );
  const live = liveInputs(source);
  const wanted = wantedOf(rollout, live, revisions);
  const fallbacks = fallbacksOf(rollout, live, revisions);
  const tried = wanted.held ? [] : [wanted.inputs];
  const isTried =
    rollout.phase === 'canary' || (await isToBeTried(source, rollout, wanted, fallbacks[0], desk));
  return isTried ? [...fallbacks, ...tried] : [...tried, ...fallbacks];
}

/** The config that a shard is offered now. @throws TenancyError `not_found` where there is none. */
async function offered(shard: string, desk: CollectorDesk): Promise<BuiltShard> {
  const look = await desk.look();
  const source = look.membership.sourceOf(shard);
  // Not the one looked at before: a canary begins and ends without that anybody is told.
  const rollout = await readRollout(shard);
  for (const inputs of source ? await candidates(source, rollout, desk) : []) {
    const built = source && buildShard(source, inputs, desk.settings);
    if (built && !isBlocked(rollout, built.hashHex)) return built;
  }
  throw new TenancyError('not_found', 'Nothing is offered to its collectors now.');
}

/**
 * The config of a group or shard.
 * @param secrets whether it is to hold them: then it is what a collector without OpAMP can run.
 * @throws TenancyError `not_found`; `invalid_request` where the group has several configs.
 */
export async function getGroupConfig(
  id: string,
  { secrets }: { secrets: boolean },
  desk: CollectorDesk,
): Promise<GroupConfig> {
  const shard = await oneShardMeant(id, desk.context);
  const built = await offered(shard, desk);
  return {
    id: shard,
    hash: built.hashHex,
    bytes: Buffer.byteLength(built.body),
    config: secrets ? built.body : readableConfig(built),
    ...faultsOf(built),
  };
}

function documentOf(group: GroupState): ICollectorGroup {
  const { id, kind, target, members, shards, exclusive, quarantine, ...settings } = group;
  const now = new Date();
  return {
    _id: id,
    ...settings,
    ...(kind === 'named' ? { target, members, exclusive } : {}),
    ...(shards === null ? {} : { shards }),
    quarantine: quarantine.map((tenant) => new Types.ObjectId(tenant)),
    createdAt: now,
    updatedAt: now,
  };
}

/** Configs of one group whose difference is shown; of the others it is said that there is one. */
const MAX_DIFFS = 10;

/**
 * How the configs of a group would differ after a change of its settings; nothing is changed.
 * @throws as `updateGroup`.
 */
export async function previewGroup(
  id: string,
  patch: UpdateCollectorGroup,
  ifMatch: string | undefined,
  desk: CollectorDesk,
): Promise<GroupPreview> {
  const { after } = await planGroup(id, patch, ifMatch, desk.context);
  const now = await desk.look();
  const then = now.with(documentOf(after));
  const shards = [now, then].flatMap(({ membership }) => membership.shardsOf(id) ?? []);
  const parts: PartPreview[] = [];
  let diffs = 0;
  for (const shard of new Set(shards)) {
    const [old, next] = [await now.build(shard), await then.build(shard)];
    const changed = old?.hashHex !== next?.hashHex;
    if (changed) diffs += 1;
    parts.push({
      id: shard,
      changed,
      diff: changed && diffs <= MAX_DIFFS ? differenceOf(old, next) : null,
      ...faultsOf(next),
    });
  }
  return { dryRun: true, parts };
}

function differenceOf(old: BuiltShard | undefined, next: BuiltShard | undefined): string | null {
  return unifiedDiff(
    { name: 'now', text: old ? readableConfig(old) : '' },
    { name: 'then', text: next ? readableConfig(next) : '' },
  );
}
