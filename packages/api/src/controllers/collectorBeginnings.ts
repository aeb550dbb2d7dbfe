import CollectorAgent from '../models/collectorAgent';
import type { ICollectorAgent } from '../models/collectorAgent';
import CollectorRevision from '../models/collectorRevision';
import type { ICollectorRevision } from '../models/collectorRevision';
import type { ICollectorRollout } from '../models/collectorRollout';
import type { ShardInputs } from './collectorConfigs';
import { inputsOf, markRevision, revisionKey } from './collectorRevisions';
import { revisionsNeeded } from './rolloutSteps';

/** Agents that are remembered of one shard: nearly half as many as one token lets in, by default. */
const MAX_AGENTS = 10_000;

/** A shard that a process begins to look after. */
export interface Beginning {
  shard: string;
  /** `undefined`: nothing was ever offered to it. */
  rollout: ICollectorRollout | undefined;
}

/** What the processes before this one found out about a shard. Agents by their instance UIDs. */
export interface ShardBefore {
  /** Configs that each of these agents alone is kept from. */
  blocks: Map<string, string[]>;
  /** What these were seen to run that had yet to say that it is applied. */
  running: Map<string, string>;
  /** What the revisions that decide on its offers were built from, by number. */
  inputs: Map<number, ShardInputs>;
  /** Whether its present revision was written down. */
  isRecorded: boolean;
}

type Found = Pick<ICollectorRevision, 'state' | 'hash' | 'options' | 'fragment' | 'tenants'>;

/** What became of revisions, as their rollout has it: `reason` only of those that failed. */
function endedOf({
  good,
  blocked,
}: ICollectorRollout): { number: number; hash: string; reason: string | null }[] {
  const ended = blocked.flatMap(({ revision, hash, reason }) =>
    revision === null ? [] : [{ number: revision, hash, reason }],
  );
  const isGood = good && !blocked.some(({ hash }) => hash === good.hash);
  return isGood ? [...ended, { ...good, reason: null }] : ended;
}

async function readAgents(before: ReadonlyMap<string, ShardBefore>): Promise<void> {
  const found = CollectorAgent.find(
    {
      shard: { $in: [...before.keys()] },
      $or: [{ blocked: { $nin: [null, []] } }, { state: 'in_step', status: 'applying' }],
    },
    { shard: 1, instanceUid: 1, blocked: 1, state: 1, status: 1, hash: 1 },
  )
    .lean<ICollectorAgent[]>()
    .cursor();
  for await (const agent of found) {
    const { shard, instanceUid, blocked, state, status, hash } = agent;
    const known = before.get(shard);
    if (!known || known.blocks.size + known.running.size >= MAX_AGENTS) continue;
    // A document that was made before there was such a field has none.
    if ((blocked as string[] | undefined)?.length) known.blocks.set(instanceUid, blocked);
    if (state === 'in_step' && status === 'applying' && hash !== null) {
      known.running.set(instanceUid, hash);
    }
  }
}

async function readRevisions(
  rollouts: readonly ICollectorRollout[],
): Promise<ReadonlyMap<string, Found>> {
  const keys = rollouts.flatMap((rollout) => {
    const numbers = new Set([
      ...revisionsNeeded(rollout),
      ...endedOf(rollout).map(({ number }) => number),
      ...(rollout.current ? [rollout.current.number] : []),
    ]);
    return [...numbers].map((number) => revisionKey(rollout._id, number));
  });
  if (keys.length === 0) return new Map();
  const found = await CollectorRevision.find(
    { _id: { $in: keys } },
    { hash: 1, state: 1, options: 1, fragment: 1, tenants: 1 },
  ).lean<ICollectorRevision[]>();
  return new Map(found.map((revision) => [revision._id, revision]));
}

/** Notes what became of revisions, where a process died between writing it into their rollout and noting it. */
async function mend(
  rollout: ICollectorRollout,
  revisions: ReadonlyMap<string, Found>,
): Promise<void> {
  const shard = rollout._id;
  for (const { number, hash, reason } of endedOf(rollout)) {
    const state = reason === null ? 'good' : 'failed';
    const one = revisions.get(revisionKey(shard, number));
    if (one?.hash === hash && one.state !== state) await markRevision(shard, hash, state, reason);
  }
}

/**
 * Reads what a process has to know of shards before it offers them anything, with two queries for all of them: after a restart
 * they are all asked for at once. Mends what a process left undone that was killed.
 * @returns one for each, in their order.
 */
export async function readBeginnings(beginnings: readonly Beginning[]): Promise<ShardBefore[]> {
  const before = new Map<string, ShardBefore>();
  for (const { shard } of beginnings) {
    before.set(shard, {
      blocks: new Map(),
      running: new Map(),
      inputs: new Map(),
      isRecorded: false,
    });
  }
  const rollouts = beginnings.flatMap(({ rollout }) => rollout ?? []);
  const [revisions] = await Promise.all([readRevisions(rollouts), readAgents(before)]);
  for (const rollout of rollouts) {
    const { _id: shard, current } = rollout;
    const known = before.get(shard);
    if (!known) continue;
    for (const number of revisionsNeeded(rollout)) {
      const revision = revisions.get(revisionKey(shard, number));
      if (revision) known.inputs.set(number, inputsOf(revision));
    }
    known.isRecorded = current !== null && revisions.has(revisionKey(shard, current.number));
    await mend(rollout, revisions);
  }
  return beginnings.flatMap(({ shard }) => before.get(shard) ?? []);
}
