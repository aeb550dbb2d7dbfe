import CollectorAgent from '../models/collectorAgent';
import type { ICollectorRollout } from '../models/collectorRollout';
import { faultPoint } from '../utils/faultPoint';
import { recordChange, systemOrigin } from './audit';
import { lastGood, markRevision } from './collectorRevisions';
import { changeRollout } from './collectorRollouts';
import type { Context } from './context';
import { announceChange } from './revisions';
import { isBlocked, triedAgain, withFailure } from './rolloutSteps';
import type { Failure } from './rolloutSteps';

/** Says that the present revision is one that failed before, so that the last good one is offered. */
export async function failAgain(
  shard: string,
  { hash, revision }: { hash: string; revision: number | null },
  context: Context,
): Promise<ICollectorRollout> {
  const { rollout } = await changeRollout(shard, (seen) =>
    seen.current?.hash === hash && seen.phase === 'failed'
      ? undefined
      : {
          current: { number: revision ?? seen.latest, hash },
          phase: 'failed',
          canaries: [],
          since: context.now(),
          healthySince: null,
        },
  );
  return rollout;
}

/** A failure that an agent, or the wait for one, made known. */
export interface ReportedFailure extends Failure {
  shard: string;
  /** Instance UID; `null` where it was not one agent. */
  agent: string | null;
  /** Id of the token that the agent came with, where it is known. */
  tokenId?: string | null;
  /**
   * Whether a config that ran well somewhere is blocked too: a canary failed it, or too many agents. Otherwise that is known
   * to another process than the one which asks, and the fault is the agent's.
   */
  evenIfGood: boolean;
}

/**
 * Blocks a config for its shard, for good: status, audit, metric; every process offers the last good one.
 * @returns the rollout, and whether the config is blocked now.
 */
export async function blockConfig(
  failure: ReportedFailure,
  context: Context,
): Promise<{ rollout: ICollectorRollout; blocked: boolean }> {
  const { shard, agent, tokenId = null, evenIfGood, ...rest } = failure;
  const { hash, revision, reason } = rest;
  faultPoint('before:collectorRollout.fail');
  const { rollout, written } = await changeRollout(shard, async (seen) => {
    if (isBlocked(seen, hash)) return undefined;
    const isGood = seen.good?.hash === hash;
    if (isGood && !evenIfGood) return undefined;
    const { _id, version, ...fields } = withFailure(
      seen,
      rest,
      isGood ? await lastGood(seen, hash) : null,
    );
    return fields;
  });
  if (!written) return { rollout, blocked: isBlocked(rollout, hash) };
  faultPoint('after:collectorRollout.fail');
  await markRevision(shard, hash, 'failed', reason);
  faultPoint('marked:collectorRollout.fail');
  await announceChange('collectors', context.log, { rollouts: [shard] });
  context.log.error(
    { group: shard, revision, hash, agent, token: tokenId, reason },
    'a config failed: it is not offered again, and the last good one is',
  );
  const asked = { id: shard, revision, hash, reason, agent, tokenId };
  await audited('collectorRollout.fail', asked, { phase: 'failed' }, context);
  return { rollout, blocked: true };
}

/**
 * Takes back that a config failed, where it was not the config's fault: it is offered again as any change is. Only where it
 * is still the present one.
 */
export async function acquitConfig(
  shard: string,
  { hash, revision, reason }: Pick<Failure, 'hash' | 'revision' | 'reason'>,
  context: Context,
): Promise<ICollectorRollout> {
  const { rollout, written } = await changeRollout(shard, (seen) => {
    const isCurrent = seen.phase === 'failed' && seen.current?.hash === hash;
    return isCurrent && isBlocked(seen, hash)
      ? { ...triedAgain(seen, context.now()), blocked: without(seen, hash) }
      : undefined;
  });
  if (!written) return rollout;
  await announceChange('collectors', context.log, { rollouts: [shard] });
  context.log.warn(
    { group: shard, revision, hash, reason },
    'a config that failed is offered again: those before it do not come up in time either',
  );
  const asked = { id: shard, revision, hash, reason };
  await audited('collectorRollout.acquit', asked, { phase: rollout.phase }, context);
  return rollout;
}

const without = ({ blocked }: ICollectorRollout, hash: string): ICollectorRollout['blocked'] =>
  blocked.filter((one) => one.hash !== hash);

/**
 * Holds a change that its canaries cannot decide on, until an operator does; if nobody changed the rollout since it was seen.
 */
export async function holdRollout(
  { _id: shard, version, current }: ICollectorRollout,
  reason: string,
  context: Context,
): Promise<void> {
  const { written } = await changeRollout(shard, (rollout) =>
    rollout.version === version ? { paused: true, pauseReason: reason } : undefined,
  );
  if (!written) return;
  const [revision, hash] = [current?.number, current?.hash];
  context.log.error({ group: shard, revision, hash, reason }, 'a rollout was paused');
  await announceChange('collectors', context.log, { rollouts: [shard] });
  const asked = { id: shard, revision, hash, reason };
  await audited('collectorRollout.pause', asked, { paused: true }, context);
}

/** What keeps agents safe does not wait for the audit: where that cannot be written, the log has it. */
async function audited(
  action: 'collectorRollout.fail' | 'collectorRollout.acquit' | 'collectorRollout.pause',
  asked: { id: string },
  after: object,
  context: Context,
): Promise<void> {
  const { id: shard } = asked;
  try {
    await recordChange(
      systemOrigin('rollout'),
      { action, subject: shard, asked },
      () => Promise.resolve(),
      () => ({ after }),
      context,
    );
  } catch (error) {
    context.log.error({ group: shard, action, err: error }, 'a rollout could not be audited');
  }
}

/** Configs that one agent alone is kept from, the latest. */
export const MAX_BLOCKS_OF_AGENT = 5;

/** Keeps a config from one agent, on which alone it failed. */
export async function blockForAgent(
  shard: string,
  instanceUid: string,
  hash: string,
): Promise<void> {
  const _id = `${shard}/${instanceUid}`;
  const agent = await CollectorAgent.findOneAndUpdate(
    { _id },
    { $addToSet: { blocked: hash } },
    { returnDocument: 'after' },
  ).lean<{ blocked: string[] }>();
  const tooOld = agent?.blocked.slice(0, -MAX_BLOCKS_OF_AGENT) ?? [];
  if (tooOld.length === 0) return;
  // Not by `$slice` in the same write, which FerretDB 1 ignores.
  await CollectorAgent.updateOne({ _id }, { $pullAll: { blocked: tooOld } });
}
