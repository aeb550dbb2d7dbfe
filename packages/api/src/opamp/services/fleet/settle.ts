import { liveInputs, logFaults } from '../../../controllers/collectorConfigs';
import type { BuiltShard, ConfigSettings } from '../../../controllers/collectorConfigs';
import type { ShardBefore } from '../../../controllers/collectorBeginnings';
import { chooseCanaries } from '../../../controllers/collectorCanaries';
import { failAgain } from '../../../controllers/collectorFailures';
import { keepRevision, recordRevision } from '../../../controllers/collectorRollouts';
import type { Audience } from '../../../controllers/collectorRollouts';
import type { ShardSource } from '../../../controllers/collectorShards';
import type { Context } from '../../../controllers/context';
import {
  isBlocked,
  newRollout,
  nextStep,
  wantedOf,
  withFailure,
} from '../../../controllers/rolloutSteps';
import type { RolloutStep, Wanted } from '../../../controllers/rolloutSteps';
import { measureConfig } from '../../../metrics';
import type { ICollectorRollout } from '../../../models/collectorRollout';
import type { RevisionCache } from './revisionCache';
import { makeConfig } from './shardConfig';
import type { ShardConfig } from './shardConfig';
import type { ShardOffers } from './shardOffers';

/** What settling needs of its surroundings. */
export interface Surroundings {
  settings: ConfigSettings;
  context: Context;
  revisions: Pick<RevisionCache, 'of' | 'remember' | 'forget'>;
  /** Looks whether everybody of a target can be written for. @returns whether that changed who is kept apart. */
  checkTarget(target: string): Promise<boolean>;
}

/** A shard's rollout as it was read, before what its config is made from was. */
export interface StoredRollout {
  /** `undefined`: there is none yet. */
  rollout: ICollectorRollout | undefined;
  /** When reading it began, by `performance.now()`. */
  readAt: number;
  /** What others found out about the shard; `undefined`: this process has settled it before. */
  before: ShardBefore | undefined;
  /** All that it is compared with was read after it, not only what was said to have changed. */
  isWhole: boolean;
}

/**
 * `again`: what it was compared with is no longer so; it is to be read once more. `behind`: others know more than what was
 * read here; everything is to be read.
 */
export type Settled = 'changed' | 'same' | 'again' | 'behind';

interface Candidate {
  config: ShardConfig;
  /** Only where it was built just now. */
  built: BuiltShard | undefined;
}

/** A rollout with the failures that are still to be written. */
function withFailures(shard: ShardOffers, rollout: ICollectorRollout): ICollectorRollout {
  let failed = rollout;
  for (const [hash, failure] of shard.failures) {
    if (!isBlocked(failed, hash)) failed = withFailure(failed, failure, null);
  }
  return failed;
}

/** A shard's rollout as it stands: of what was read or written just now and what this process knew of, the later. */
function rolloutOf(shard: ShardOffers, stored: ICollectorRollout): ICollectorRollout {
  // These are written.
  for (const { hash } of stored.blocked) shard.failures.delete(hash);
  return withFailures(shard, shard.rollout.version > stored.version ? shard.rollout : stored);
}

/** A rollout that was read is older than what is known of it, and not for having been read before that was written. */
function isAnother(shard: ShardOffers, { rollout, readAt }: StoredRollout): boolean {
  return shard.rollout.version > (rollout?.version ?? 0) && !shard.isConfirmed(readAt);
}

/**
 * Whether another process made something else of what is on offer here, where nothing is known to have changed: it has seen a
 * change that was not said yet, whose writer may have died over saying it.
 */
function isOvertaken(shard: ShardOffers, { current }: ICollectorRollout, hash: string): boolean {
  const offered = shard.offered(hash);
  return shard.currentHash === hash && offered !== undefined && (current?.number ?? 0) > offered;
}

/** Builds the config that is wanted, if it is not at hand. A fragment that is no longer taken costs its group the next offer. */
function candidateOf(
  shard: ShardOffers,
  source: ShardSource,
  { inputs }: Wanted,
  { settings, context }: Surroundings,
): Candidate | undefined {
  const known = shard.known(source, inputs);
  if (known) return { config: known, built: undefined };
  try {
    const made = makeConfig(source, inputs, settings);
    if (!made) return undefined;
    logFaults(source, made.built, context.log);
    measureConfig(context.metrics, source.kind, made.built.body);
    return made;
  } catch (error) {
    context.log.error({ group: shard.id, err: error }, 'a config could not be built');
    return undefined;
  }
}

/** What was built, once more where only the offer was kept. */
function builtOf({ config, built }: Candidate, { settings }: Surroundings): BuiltShard | undefined {
  return built ?? makeConfig(config.source, config.inputs, settings)?.built;
}

async function audienceOf(
  step: Extract<RolloutStep, { kind: 'offer' }>,
  source: ShardSource,
  context: Context,
): Promise<Audience> {
  if (step.to !== 'canaries') return { to: step.to };
  const canaries = await chooseCanaries(source.id, source.policy, context);
  // Nobody is connected that it could harm.
  return canaries.length > 0 ? { to: 'canaries', canaries } : { to: 'all' };
}

/**
 * Finds out what a shard is offered, and records it where it is new. Any number of processes may do so at once: what one of
 * them records is what all of them offer.
 * @param source what its config is made from; `undefined` where there is no such group.
 * @throws what MongoDB throws: the offers stay as they are.
 */
export async function settle(
  shard: ShardOffers,
  source: ShardSource | undefined,
  stored: StoredRollout,
  around: Surroundings,
): Promise<Settled> {
  const { context } = around;
  // Numbers begin anew in a group that is made again, as versions do.
  if (!source || !shard.isSettled) around.revisions.forget(shard.id);
  for (const [number, inputs] of stored.before?.inputs ?? []) {
    around.revisions.remember(shard.id, number, inputs);
  }
  if (!source) return shard.apply(undefined) ? 'changed' : 'same';
  if (isAnother(shard, stored)) {
    shard.forget();
    around.revisions.forget(shard.id);
  }
  let rollout = rolloutOf(shard, stored.rollout ?? newRollout(shard.id));
  let revisions = await around.revisions.of(rollout);
  const wanted = wantedOf(rollout, liveInputs(source), revisions);
  const candidate = candidateOf(shard, source, wanted, around);
  const hash = candidate?.config.hashHex;
  const canary = source.policy?.canary !== undefined;
  const isNew = hash !== undefined && hash !== rollout.current?.hash;
  const fallbackHash =
    canary && isNew ? shard.fallbackOf({ source, rollout, revisions })?.hashHex : undefined;
  const step = nextStep(rollout, wanted, { hash, fallbackHash, canary });

  if (step.kind === 'offer' && candidate && !shard.isDisputed(candidate.config)) {
    if (!stored.isWhole && isOvertaken(shard, rollout, candidate.config.hashHex)) return 'behind';
    // Whom writing fails for is kept apart from others: where there are others.
    if (source.kind !== 'dedicated' && (await around.checkTarget(source.target))) return 'again';
    const built = builtOf(candidate, around);
    if (!built) return 'again';
    const recorded = await recordRevision(
      { shard: shard.id, cause: wanted.cause, inputs: wanted.inputs, built },
      rollout,
      await audienceOf(step, source, context),
      context,
    );
    if (!recorded) return 'again';
    shard.noteRecorded(candidate.config);
    shard.confirm();
    if (recorded.current) {
      around.revisions.remember(shard.id, recorded.current.number, wanted.inputs);
    }
    rollout = rolloutOf(shard, recorded);
    revisions = await around.revisions.of(rollout);
  } else if (step.kind === 'fail') {
    rollout = rolloutOf(shard, await failAgain(shard.id, step.blocked, context));
    shard.confirm();
    revisions = await around.revisions.of(rollout);
  } else if (stored.before?.isRecorded === false && candidate && hash === rollout.current?.hash) {
    // Recorded before this process began: by one that may have died over it.
    const built = builtOf(candidate, around);
    const revision = { shard: shard.id, cause: wanted.cause, inputs: wanted.inputs };
    if (built) await keepRevision({ ...revision, built }, rollout, context.now());
  }
  const current = wanted.held ? undefined : candidate?.config;
  // What failed while this was found out is not lost over it.
  rollout = withFailures(shard, rollout);
  return shard.apply({ source, rollout, revisions, current }) ? 'changed' : 'same';
}
