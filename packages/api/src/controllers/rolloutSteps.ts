import { isDeepStrictEqual } from 'node:util';

import { KEPT_REVISIONS } from '@hyperdx-tenancy/domain/contracts/collectorRollout';

import type { BlockedConfig, ICollectorRollout } from '../models/collectorRollout';
import type { ShardInputs } from './collectorConfigs';
import type { ShardSettings } from './collectorShards';

/** What revisions of a shard were built from, by number; those that are gone are not in it. */
export type KnownRevisions = ReadonlyMap<number, ShardInputs>;

/** Configs that failed which are kept in mind for one shard. */
export const MAX_BLOCKED = 100;

/** How a shard stands that nothing was ever offered to. */
export function newRollout(shard: string): ICollectorRollout {
  return {
    _id: shard,
    version: 0,
    latest: 0,
    phase: 'steady',
    paused: false,
    pauseReason: null,
    current: null,
    good: null,
    pinned: null,
    canaries: [],
    since: null,
    chosenAt: null,
    healthySince: null,
    blocked: [],
  };
}

export function isBlocked({ blocked }: ICollectorRollout, hash: string): boolean {
  return blocked.some((one) => one.hash === hash);
}

/** Numbers of the revisions that stay however old they are. */
export function numbersInUse({ current, good, pinned }: ICollectorRollout): number[] {
  return [current?.number, good?.number, pinned].filter((number) => number != null);
}

/**
 * Whether a revision stays as long as this is how the rollout stands. Whoever records the next one takes the others away, in
 * its own time: what is pinned in the meantime must not be among them.
 */
export function isKept(rollout: ICollectorRollout, number: number): boolean {
  const { latest } = rollout;
  if (numbersInUse(rollout).includes(number)) return true;
  return number <= latest && number > latest - KEPT_REVISIONS;
}

function sameSettings(a: ShardSettings, b: ShardSettings): boolean {
  return a.fragment === b.fragment && isDeepStrictEqual(a.options, b.options);
}

/** A revision without the tenants that the shard no longer has. */
function narrow(revision: ShardInputs, live: ShardInputs): ShardInputs {
  const still = new Set(live.tenants);
  return { ...revision, tenants: revision.tenants.filter((tenant) => still.has(tenant)) };
}

const revisionOf = (
  revisions: KnownRevisions,
  named: { number: number } | null,
): ShardInputs | undefined => (named ? revisions.get(named.number) : undefined);

/** Numbers of the revisions that decide what a shard is offered. */
export function revisionsNeeded(rollout: ICollectorRollout): number[] {
  const { current, good, pinned, phase, paused } = rollout;
  const isUnderWay =
    paused || pinned !== null || phase !== 'steady' || current?.number !== good?.number;
  return [
    ...(good ? [good.number] : []),
    ...(current && isUnderWay && current.number !== good?.number ? [current.number] : []),
    ...(pinned === null ? [] : [pinned]),
  ];
}

/** What a shard is to be offered, were nothing wrong with it. */
export interface Wanted {
  inputs: ShardInputs;
  cause: 'inputs' | 'rollback';
  /** It is not tried: its settings are those of a config that failed. */
  held: boolean;
  /** Settings and tenants are those of the present revision, whatever was changed since. */
  frozen: boolean;
}

/**
 * What a shard is to be offered: its settings and members; those of the revision that an operator went back to; while a
 * canary is under way or changes are paused, those of the present revision. Keys, passwords, who is suspended and who is
 * kept apart are always those of now.
 *
 * Where settings were changed and the config failed, it is not tried again with each new tenant: the settings have to change.
 */
export function wantedOf(
  rollout: ICollectorRollout,
  live: ShardInputs,
  revisions: KnownRevisions,
): Wanted {
  const pinned =
    rollout.pinned === null ? undefined : revisionOf(revisions, { number: rollout.pinned });
  if (pinned) {
    return { inputs: narrow(pinned, live), cause: 'rollback', held: false, frozen: false };
  }
  const failed = rollout.phase === 'failed';
  const current = revisionOf(revisions, rollout.current);
  // What an operator went back to is gone, as only a hand or a restored backup can do it: nothing else is put in its place.
  const isLost = rollout.pinned !== null;
  if (current && (isLost || rollout.paused || rollout.phase === 'canary')) {
    return { inputs: narrow(current, live), cause: 'inputs', held: failed, frozen: true };
  }
  if (isLost) return { inputs: live, cause: 'inputs', held: true, frozen: false };
  const held = failed && blamesSettings(rollout, revisions) && sameSettingsAs(current, live);
  return { inputs: live, cause: 'inputs', held, frozen: false };
}

function sameSettingsAs(revision: ShardInputs | undefined, live: ShardInputs): boolean {
  return revision !== undefined && sameSettings(revision, live);
}

/** Whether what failed had other settings than what ran well before it. */
function blamesSettings(rollout: ICollectorRollout, revisions: KnownRevisions): boolean {
  const current = revisionOf(revisions, rollout.current);
  const good = revisionOf(revisions, rollout.good);
  return current !== undefined && good !== undefined && !sameSettings(current, good);
}

/**
 * What those are offered who are not given the present revision, the best first: the last good one, for tenants that
 * are still there. Where it was the settings that failed, tenants that came since are served by those of before.
 */
export function fallbacksOf(
  rollout: ICollectorRollout,
  live: ShardInputs,
  revisions: KnownRevisions,
): ShardInputs[] {
  const good = revisionOf(revisions, rollout.good);
  if (!good) return [];
  const narrowed = narrow(good, live);
  const isAhead =
    rollout.phase === 'failed' && rollout.pinned === null && !rollout.paused
      ? blamesSettings(rollout, revisions)
      : false;
  return isAhead ? [{ ...good, tenants: live.tenants }, narrowed] : [narrowed];
}

/** What is to be done about what a shard is offered. */
export type RolloutStep =
  /** The present revision is what is wanted, or nothing is to be tried now. */
  | { kind: 'keep' }
  /** What is wanted has failed before. */
  | { kind: 'fail'; blocked: BlockedConfig }
  /** It is a new revision: to be recorded, then offered. */
  | { kind: 'offer'; to: 'all' | 'canaries' | 'asBefore' };

/**
 * Compares what is wanted with what is on offer.
 * @param hash of the config that is wanted; `undefined`: it cannot be built now.
 * @param fallbackHash of the config of those who are not canaries.
 */
export function nextStep(
  rollout: ICollectorRollout,
  { cause, held, frozen }: Wanted,
  {
    hash,
    fallbackHash,
    canary,
  }: { hash: string | undefined; fallbackHash: string | undefined; canary: boolean },
): RolloutStep {
  const { current, phase } = rollout;
  if (hash === undefined || held) return { kind: 'keep' };
  const blocked = rollout.blocked.find((one) => one.hash === hash);
  if (hash === current?.hash) {
    // Back to what canaries try: it is for everybody now.
    const widens = cause === 'rollback' && phase === 'canary' && !blocked;
    return widens ? { kind: 'offer', to: 'all' } : { kind: 'keep' };
  }
  if (blocked) return { kind: 'fail', blocked };
  if (frozen && phase === 'canary') return { kind: 'offer', to: 'asBefore' };
  // Where everybody is given the same anyway, there is nothing to try: a suspended tenant, a new password.
  const tries = canary && cause === 'inputs' && fallbackHash !== undefined && fallbackHash !== hash;
  return { kind: 'offer', to: tries ? 'canaries' : 'all' };
}

/** How a rollout stands that failed, for what is wanted to be a change against what ran well last. */
export function triedAgain(
  { good }: Pick<ICollectorRollout, 'good'>,
  since: Date,
): Pick<ICollectorRollout, 'phase' | 'current' | 'since' | 'canaries' | 'chosenAt'> {
  return { phase: 'steady', current: good, since, canaries: [], chosenAt: null };
}

/** A config that failed for a shard. */
export interface Failure {
  hash: string;
  revision: number | null;
  reason: string;
  at: Date;
}

/**
 * A rollout with a config of it blocked: who has the present one is to go back.
 * @param before what ran well before the one that counts as good, for where it is that one that failed.
 */
export function withFailure(
  rollout: ICollectorRollout,
  failure: Failure,
  before: ICollectorRollout['good'],
): ICollectorRollout {
  const { current, good } = rollout;
  const ends = current?.hash === failure.hash;
  return {
    ...rollout,
    blocked: [failure, ...rollout.blocked.filter(({ hash }) => hash !== failure.hash)].slice(
      0,
      MAX_BLOCKED,
    ),
    good: good?.hash === failure.hash ? before : good,
    ...(ends ? { phase: 'failed', canaries: [], healthySince: null, since: failure.at } : {}),
  };
}
