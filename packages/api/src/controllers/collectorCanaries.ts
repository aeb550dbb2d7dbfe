import { randomInt } from 'node:crypto';

import { parseGroupId, RolloutPolicy } from '@hyperdx-tenancy/domain/contracts/collectorGroup';

import CollectorAgent from '../models/collectorAgent';
import type { ICollectorAgent } from '../models/collectorAgent';
import CollectorGroup from '../models/collectorGroup';
import type { ICollectorGroup } from '../models/collectorGroup';
import CollectorRollout from '../models/collectorRollout';
import type { ICollectorRollout } from '../models/collectorRollout';
import { faultPoint } from '../utils/faultPoint';
import { blockConfig, holdRollout } from './collectorFailures';
import { changeRollout } from './collectorRollouts';
import type { RolloutFields } from './collectorRollouts';
import { markGoodRevision } from './collectorRevisions';
import { groupOf, keyShard } from './collectorShards';
import type { Context } from './context';
import { announceChange } from './revisions';

/** What is known of an agent that tries a change first. */
export type CanaryAgent = Pick<
  ICollectorAgent,
  'instanceUid' | 'hash' | 'status' | 'healthy' | 'aliveUntil' | 'goneAt'
>;

/** What becomes of a canary. */
export type CanaryStep =
  | { kind: 'wait' }
  /** From now on, or no longer, all canaries are healthy. */
  | { kind: 'note'; healthySince: Date | null }
  /** Everybody may have it. */
  | { kind: 'promote' }
  | { kind: 'fail'; reason: string }
  /** The time is over, and nobody had it long enough to say whether the change is good: an operator has to. */
  | { kind: 'hold'; reason: string }
  /** None of them is there any more. `late`: the time is over, nobody else is to try it. */
  | { kind: 'chooseAgain'; late: boolean };

const isAlive = ({ aliveUntil, goneAt }: CanaryAgent, now: Date): boolean =>
  goneAt === null && aliveUntil >= now;

/** Whether an agent runs the config and says that it is well; one that never says so, as soon as it has applied it. */
function isHealthy({ hash, status, healthy }: CanaryAgent, wanted: string): boolean {
  if (hash !== wanted) return false;
  return healthy ?? status === 'applied';
}

const tooShort = ({ timeoutSeconds }: RolloutPolicy): string =>
  `Its canaries came and went, or changed: none was healthy for long enough within ${timeoutSeconds} seconds.`;

/**
 * Decides how a canary goes on. Its time is that of the rollout: canaries that come and go do not begin it anew.
 * @param agents the canaries, as far as they are known.
 */
export function canaryStep(
  { canaries, current, since, chosenAt, healthySince, paused, pinned }: ICollectorRollout,
  agents: readonly CanaryAgent[],
  policy: RolloutPolicy,
  now: Date,
): CanaryStep {
  // An operator holds it, or has gone back: the fleet is about to record that.
  if (paused || pinned !== null || current === null) return { kind: 'wait' };
  const chosen = new Set(canaries);
  const alive = agents.filter((agent) => chosen.has(agent.instanceUid) && isAlive(agent, now));
  const begunAt = since ?? now;
  const lateMs = now.getTime() - begunAt.getTime() - policy.timeoutSeconds * 1_000;
  const late = lateMs >= 0;
  if (alive.length === 0) return { kind: 'chooseAgain', late };
  const wantedMs = policy.healthySeconds * 1_000;
  const healthy = alive.every((agent) => isHealthy(agent, current.hash));
  if (!healthy) {
    // Of those who came later than it began, not one had all of the time.
    if (late && chosenAt && chosenAt > begunAt) return { kind: 'hold', reason: tooShort(policy) };
    if (late) {
      const reason = `Its canaries were not healthy within ${policy.timeoutSeconds} seconds.`;
      return { kind: 'fail', reason };
    }
    return healthySince === null ? { kind: 'wait' } : { kind: 'note', healthySince: null };
  }
  // Healthy again and again, each time for too short: as where secrets change all the time.
  if (healthySince === null) {
    return lateMs >= wantedMs
      ? { kind: 'hold', reason: tooShort(policy) }
      : { kind: 'note', healthySince: now };
  }
  const healthyMs = now.getTime() - healthySince.getTime();
  return healthyMs >= wantedMs ? { kind: 'promote' } : { kind: 'wait' };
}

/** Canaries that one rollout has, at the most. */
const MAX_CANARIES = 1_000;

/** Agents that canaries are drawn from. */
const MAX_DRAWN_FROM = 50_000;
/** So many that no two agents mostly draw the same; the largest range of `randomInt`. */
const LOTS = 2 ** 48 - 1;

/**
 * Those that try a change first, drawn by lot from the agents that are connected: an agent cannot name itself so that it is one.
 * None where none is to.
 */
export async function chooseCanaries(
  shard: string,
  policy: RolloutPolicy | null,
  context: Context,
): Promise<string[]> {
  if (!policy?.canary) return [];
  const connected = await CollectorAgent.find(
    { shard, goneAt: null, aliveUntil: { $gte: context.now() } },
    { instanceUid: 1 },
  )
    .limit(MAX_DRAWN_FROM)
    .lean<{ instanceUid: string }[]>();
  const wanted =
    'count' in policy.canary
      ? policy.canary.count
      : Math.ceil((connected.length * policy.canary.percent) / 100);
  return connected
    .map(({ instanceUid }) => ({ instanceUid, lot: randomInt(LOTS) }))
    .sort((a, b) => a.lot - b.lot)
    .slice(0, Math.min(wanted, MAX_CANARIES))
    .map(({ instanceUid }) => instanceUid);
}

function groupIdOf(shard: string): string {
  const parsed = parseGroupId(shard);
  if (parsed) return groupOf(parsed);
  const team = shard.slice(keyShard('').length);
  return groupOf({ kind: 'dedicated', team });
}

/** After a start of ours all agents are heard of again within this time: three polls of a supervisor that keeps its 30 s. */
const GATHER_MS = 90_000;

/** Carries out a step, if the canary is still the one that it was decided on. */
async function carryOut(
  seen: ICollectorRollout,
  step: CanaryStep,
  policy: RolloutPolicy | null,
  { context, heardSince }: { context: Context; heardSince: Date },
): Promise<void> {
  const { _id: shard, current } = seen;
  if (step.kind === 'wait' || !current) return;
  if (step.kind === 'fail') {
    await blockConfig(
      {
        shard,
        hash: current.hash,
        revision: current.number,
        reason: step.reason,
        at: context.now(),
        agent: null,
        evenIfGood: true,
      },
      context,
    );
    return;
  }
  if (step.kind === 'hold') {
    await holdRollout(seen, step.reason, context);
    return;
  }
  const still = (rollout: ICollectorRollout): boolean => rollout.version === seen.version;
  if (step.kind === 'note') {
    const { healthySince } = step;
    await changeRollout(shard, (rollout) => (still(rollout) ? { healthySince } : undefined));
    return;
  }
  const ended: RolloutFields = {
    phase: 'steady',
    canaries: [],
    chosenAt: null,
    healthySince: null,
  };
  let fields: RolloutFields = { ...ended, good: current };
  if (step.kind === 'chooseAgain') {
    const again = await chooseCanaries(shard, policy, context);
    const isGathering = context.now().getTime() - heardSince.getTime() < GATHER_MS;
    if (again.length === 0 && isGathering) return;
    if (again.length > 0 && step.late) {
      await holdRollout(seen, tooShort(policy ?? RolloutPolicy.parse({})), context);
      return;
    }
    // With nobody left to try it, nobody is there to be harmed by it.
    fields =
      again.length > 0 ? { canaries: again, chosenAt: context.now(), healthySince: null } : ended;
  }
  faultPoint('before:collectorRollout.advance');
  const { written } = await changeRollout(shard, (rollout) =>
    still(rollout) ? fields : undefined,
  );
  if (!written) return;
  faultPoint('after:collectorRollout.advance');
  if (step.kind === 'promote') await markGoodRevision(shard, current.number);
  faultPoint('marked:collectorRollout.advance');
  await announceChange('collectors', context.log, { rollouts: [shard] });
}

/** Whether the target of a shard's tenants answered whenever it was asked for so long, milliseconds, and does now. */
export type TargetAnswered = (shard: string, forMs: number) => Promise<boolean>;

/**
 * Takes all canaries one step on: one look at those under way, one at their agents. Any process may do it, and several at
 * once.
 * @param heardSince since when agents could be heard: just after a start of ours none is connected yet, and none is gone.
 * @param targetAnswered who is asked before canaries that were not healthy in time end a change.
 */
export async function advanceRollouts(
  context: Context,
  heardSince = new Date(0),
  targetAnswered: TargetAnswered = () => Promise.resolve(true),
): Promise<void> {
  const rollouts = await CollectorRollout.find({ phase: 'canary' }).lean<ICollectorRollout[]>();
  if (rollouts.length === 0) return;
  const keys = rollouts.flatMap(({ _id, canaries }) => canaries.map((uid) => `${_id}/${uid}`));
  const [agents, groups] = await Promise.all([
    CollectorAgent.find(
      { _id: { $in: keys } },
      { shard: 1, instanceUid: 1, hash: 1, status: 1, healthy: 1, aliveUntil: 1, goneAt: 1 },
    ).lean<ICollectorAgent[]>(),
    CollectorGroup.find(
      { _id: { $in: rollouts.map(({ _id }) => groupIdOf(_id)) } },
      { rollout: 1 },
    ).lean<ICollectorGroup[]>(),
  ]);
  const policies = new Map(groups.map(({ _id, rollout }) => [_id, rollout]));
  const now = context.now();
  for (const rollout of rollouts) {
    const policy = policies.get(groupIdOf(rollout._id)) ?? null;
    const mine = agents.filter(({ shard }) => shard === rollout._id);
    const followed = policy ?? RolloutPolicy.parse({});
    const step = canaryStep(rollout, mine, followed, now);
    try {
      // None comes up in time whose ClickHouse never answers: that says nothing of the change.
      const isBlamed =
        step.kind !== 'fail' ||
        (await targetAnswered(rollout._id, followed.timeoutSeconds * 1_000));
      if (!isBlamed) continue;
      await carryOut(rollout, step, policy, { context, heardSince });
    } catch (error) {
      // One that cannot be changed now must not hold up the others.
      context.log.warn({ group: rollout._id, err: error }, 'a canary could not go on');
    }
  }
}
