import { KEPT_REVISIONS } from '@hyperdx-tenancy/domain/contracts/collectorRollout';
import type { RolloutView } from '@hyperdx-tenancy/domain/contracts/collectorRollout';
import { TenancyError } from '@hyperdx-tenancy/domain/errors';

import CollectorRevision from '../models/collectorRevision';
import type { ICollectorRevision } from '../models/collectorRevision';
import CollectorRollout from '../models/collectorRollout';
import type { ICollectorRollout } from '../models/collectorRollout';
import { faultPoint } from '../utils/faultPoint';
import { isDuplicateKey } from '../utils/mongoErrors';
import { hasRevision, markGoodRevision, writeRevision } from './collectorRevisions';
import type { NewRevision } from './collectorRevisions';
import type { Context } from './context';
import { announceChange } from './revisions';
import { isBlocked, isKept, newRollout, triedAgain } from './rolloutSteps';

/** What may be written of a rollout. */
export type RolloutFields = Partial<Omit<ICollectorRollout, '_id' | 'version'>>;

/** A shard as it stands; one that nothing was offered to yet stands as new. */
export async function readRollout(shard: string): Promise<ICollectorRollout> {
  return (await CollectorRollout.findById(shard).lean<ICollectorRollout>()) ?? newRollout(shard);
}

/** Writes to a rollout that nobody changed since it was read. @returns it as it is then; `undefined` where somebody did. */
async function compareAndSet(
  seen: ICollectorRollout,
  fields: RolloutFields,
): Promise<ICollectorRollout | undefined> {
  const { _id, version } = seen;
  if (version > 0) {
    const found = await CollectorRollout.findOneAndUpdate(
      { _id, version },
      { $set: fields, $inc: { version: 1 } },
      { returnDocument: 'after' },
    ).lean<ICollectorRollout>();
    return found ?? undefined;
  }
  const first: ICollectorRollout = { ...newRollout(_id), ...fields, version: 1 };
  try {
    await CollectorRollout.create(first);
    return first;
  } catch (error) {
    if (isDuplicateKey(error)) return undefined;
    throw error;
  }
}

/** Processes that change one rollout at a time: each gets its turn within a few tries. */
const TRIES = 10;

/**
 * Changes a rollout, whatever others do to it meanwhile.
 * @param change answers what to write; `undefined`: nothing.
 * @returns the rollout as it is then, and whether it was this call that wrote.
 * @throws TenancyError `operation_running` where others were faster again and again; what `change` throws.
 */
export async function changeRollout(
  shard: string,
  change: (
    rollout: ICollectorRollout,
  ) => RolloutFields | undefined | Promise<RolloutFields | undefined>,
): Promise<{ rollout: ICollectorRollout; written: boolean }> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const seen = await readRollout(shard);
    const fields = await change(seen);
    if (!fields) return { rollout: seen, written: false };
    const rollout = await compareAndSet(seen, fields);
    if (rollout) return { rollout, written: true };
  }
  throw new TenancyError('operation_running', `The rollout of ${shard} is being changed.`);
}

/** Whom a new revision goes to: everybody; those who try it first; those who tried the one that it replaces. */
export type Audience =
  { to: 'all' } | { to: 'canaries'; canaries: readonly string[] } | { to: 'asBefore' };

function offeredTo(audience: Audience, at: Date): RolloutFields {
  switch (audience.to) {
    case 'all':
      return { phase: 'steady', canaries: [], since: at, chosenAt: null, healthySince: null };
    case 'canaries':
      return {
        phase: 'canary',
        canaries: [...audience.canaries],
        since: at,
        chosenAt: at,
        healthySince: null,
      };
    case 'asBefore':
      return { healthySince: null };
  }
}

/**
 * Makes a config the present revision of its shard, before it is offered to anybody.
 * @param seen the rollout that it was compared with.
 * @returns the rollout as it is then; `undefined` where another process changed it since it was seen.
 */
export async function recordRevision(
  revision: Omit<NewRevision, 'number' | 'at'>,
  seen: ICollectorRollout,
  audience: Audience,
  context: Context,
): Promise<ICollectorRollout | undefined> {
  const { hashHex: hash } = revision.built;
  const at = context.now();
  const number = seen.latest + 1;
  faultPoint('before:collectorRevision.rollout');
  let rollout = await compareAndSet(seen, {
    ...offeredTo(audience, at),
    latest: number,
    current: { number, hash },
  });
  faultPoint('after:collectorRevision.rollout');
  // Another process that built the same may have recorded it, and died over writing it down.
  rollout ??= await readRollout(revision.shard);
  if (rollout.current?.hash !== hash) return undefined;
  await keepRevision(revision, rollout, at);
  faultPoint('after:collectorRevision.document');
  return rollout;
}

/** Writes down what the present revision was built from, where nobody has yet. */
export async function keepRevision(
  revision: Omit<NewRevision, 'number' | 'at'>,
  rollout: ICollectorRollout,
  at: Date,
): Promise<void> {
  const { current } = rollout;
  if (current?.hash !== revision.built.hashHex) return;
  if (await hasRevision(revision.shard, current.number)) return;
  await writeRevision({ ...revision, number: current.number, at }, rollout);
}

/** Counts the present revision as one that runs well, if it is still the present one. */
export async function markGood(shard: string, hash: string): Promise<ICollectorRollout> {
  faultPoint('before:collectorRollout.good');
  const { rollout, written } = await changeRollout(shard, (seen) =>
    seen.phase === 'steady' && seen.current?.hash === hash && seen.good?.hash !== hash
      ? { good: seen.current }
      : undefined,
  );
  faultPoint('after:collectorRollout.good');
  if (written && rollout.good) await markGoodRevision(shard, rollout.good.number);
  return rollout;
}

/** Takes away what is kept of shards that there are no longer. */
export async function eraseRollouts(shards: readonly string[]): Promise<void> {
  await CollectorRevision.deleteMany({ shard: { $in: [...shards] } });
  await CollectorRollout.deleteMany({ _id: { $in: [...shards] } });
}

function rolloutView(rollout: ICollectorRollout): RolloutView {
  return {
    phase: rollout.phase,
    paused: rollout.paused,
    pauseReason: rollout.pauseReason ?? null,
    current: rollout.current?.number ?? null,
    good: rollout.good?.number ?? null,
    pinned: rollout.pinned,
    canaries: rollout.canaries,
    since: rollout.since?.toISOString() ?? null,
    blocked: rollout.blocked.map(({ hash, revision, reason, at }) => ({
      hash,
      revision,
      reason,
      at: at.toISOString(),
    })),
  };
}

/** How far the configs of these shards have come. */
export async function rolloutOf(shards: readonly string[]): Promise<Map<string, RolloutView>> {
  const found = await CollectorRollout.find({ _id: { $in: [...shards] } }).lean<
    ICollectorRollout[]
  >();
  const known = new Map(found.map((rollout) => [rollout._id, rollout]));
  return new Map(shards.map((id) => [id, rolloutView(known.get(id) ?? newRollout(id))]));
}

/** Tells every process; who did it is recorded by who asked for it. */
async function act(
  shard: string,
  change: Parameters<typeof changeRollout>[1],
  context: Context,
): Promise<RolloutView> {
  faultPoint('before:collectorRollout.steer');
  const { rollout, written } = await changeRollout(shard, change);
  faultPoint('after:collectorRollout.steer');
  if (written) await announceChange('collectors', context.log, { rollouts: [shard] });
  return rolloutView(rollout);
}

/** Holds back what changes from now on; a canary goes no further. Suspensions, keys and passwords go out all the same. */
export async function pauseRollout(shard: string, context: Context): Promise<RolloutView> {
  return act(
    shard,
    ({ paused }) => (paused ? undefined : { paused: true, pauseReason: null }),
    context,
  );
}

/** Lets changes go out again; the time that a canary has begins anew. */
export async function resumeRollout(shard: string, context: Context): Promise<RolloutView> {
  const at = context.now();
  return act(
    shard,
    ({ paused, phase }) =>
      paused
        ? {
            paused: false,
            pauseReason: null,
            ...(phase === 'canary' ? { since: at, chosenAt: at, healthySince: null } : {}),
          }
        : undefined,
    context,
  );
}

function notKept({ latest }: ICollectorRollout, revision: number): TenancyError {
  if (revision > latest) return new TenancyError('not_found', 'There is no such revision.');
  return new TenancyError(
    'not_found',
    `Revision ${revision} is kept no longer: of the last ${KEPT_REVISIONS}, and of those in use, one can be gone back to.`,
  );
}

/**
 * Goes back to the settings and tenants of a revision, for all agents at once, until {@link releaseRollout}. Never to its
 * secrets, nor to a tenant suspended since.
 * @throws TenancyError `not_found`, also for a revision that is kept no longer; `invalid_request` for one that failed.
 */
export async function rollbackRollout(
  shard: string,
  revision: number,
  context: Context,
): Promise<RolloutView> {
  const found = await CollectorRevision.findOne(
    { shard, number: revision },
    { state: 1, hash: 1 },
  ).lean<ICollectorRevision>();
  return act(
    shard,
    (rollout) => {
      // One that is there still may be about to be taken away by whoever recorded the latest.
      if (!found || !isKept(rollout, revision)) throw notKept(rollout, revision);
      if (found.state === 'failed' || isBlocked(rollout, found.hash)) {
        throw new TenancyError(
          'invalid_request',
          `revision: ${revision} failed, and is not offered again.`,
        );
      }
      // A canary under way ends with what is recorded for it.
      return { pinned: revision };
    },
    context,
  );
}

/** Ends a rollback: the group's settings and members count again. */
export async function releaseRollout(shard: string, context: Context): Promise<RolloutView> {
  return act(shard, ({ pinned }) => (pinned === null ? undefined : { pinned: null }), context);
}

/**
 * Forgets which configs failed, so that they may be offered again: where their collectors were at fault, or lied. What is
 * wanted now goes out as any change does, canaries first.
 */
export async function retryRollout(shard: string, context: Context): Promise<RolloutView> {
  return act(
    shard,
    (seen) => {
      if (seen.phase !== 'failed') return seen.blocked.length === 0 ? undefined : { blocked: [] };
      return { ...triedAgain(seen, context.now()), blocked: [] };
    },
    context,
  );
}
