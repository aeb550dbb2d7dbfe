import { TenancyError } from '@hyperdx-tenancy/domain/errors';

import type { ConfigSettings } from '../../../controllers/collectorConfigs';
import { liveInputs } from '../../../controllers/collectorConfigs';
import type { ShardBefore } from '../../../controllers/collectorBeginnings';
import type { ReportedFailure } from '../../../controllers/collectorFailures';
import type { ShardSource } from '../../../controllers/collectorShards';
import { fallbacksOf, isBlocked, newRollout, withFailure } from '../../../controllers/rolloutSteps';
import type { KnownRevisions } from '../../../controllers/rolloutSteps';
import type { ICollectorRollout } from '../../../models/collectorRollout';
import type { Offer } from '../../fleet';
import { AgentHolds } from './agentHolds';
import { isBuiltFrom, makeConfig, offerOf } from './shardConfig';
import type { ShardConfig } from './shardConfig';
import { Standings } from './standings';
import type { Verdict } from './standings';

/** Configs offered lately, of which a late report of failure is still taken. */
const MAX_RECENT = 20;
/** Failures for want of time say nothing for so long where not even what ran well before comes up in time. */
const DOUBT_MS = 10 * 60_000;
/** So often one process records the same again, where others record something else made from the same. */
const MAX_RECORDED = 3;

/** What a shard's offers follow from, found out by `settle`. */
export interface ShardFacts {
  source: ShardSource;
  rollout: ICollectorRollout;
  revisions: KnownRevisions;
  /** The present revision; `undefined`: it cannot be built now, or is not to be offered. */
  current: ShardConfig | undefined;
}

/** What the agents of one shard are offered, and how they fare with it. */
export class ShardOffers {
  readonly standings: Standings;
  /** Agents that are held back from what the others are given. */
  private readonly holds = new AgentHolds();
  /** Failures seen here that MongoDB does not know of yet, by hash. */
  readonly failures = new Map<string, ReportedFailure>();
  /** The number of the last change that may have been one of this shard's. */
  touchedAt = 0;
  /** Somebody asked for it since this was set to false. */
  asked = true;
  /** By instance UID. */
  private ran: ReadonlyMap<string, string> = new Map();
  private facts: ShardFacts | undefined;
  private settled = false;
  private current: Offer | undefined;
  private fallback: Offer | undefined;
  /** What was built last, to be taken again where nothing changed. */
  private built: ShardConfig[] = [];
  private canaries: ReadonlySet<string> = new Set();
  private readonly recent = new Map<string, number>();
  /** When the rollout was known to be the one in MongoDB, by `performance.now()`. */
  private confirmedAt = -Infinity;
  private recorded: { config: ShardConfig; times: number } | undefined;
  /** When it was seen that no config comes up in time. */
  private doubtedAt = -Infinity;

  constructor(
    readonly id: string,
    private readonly settings: ConfigSettings,
    maxAgents: number,
  ) {
    this.standings = new Standings(maxAgents);
  }

  get rollout(): ICollectorRollout {
    return this.facts?.rollout ?? newRollout(this.id);
  }

  get source(): ShardSource | undefined {
    return this.facts?.source;
  }

  /**
   * Whether the rollout that is known may be later than one that was read.
   * @param since when reading began, by `performance.now()`.
   */
  isConfirmed(since: number): boolean {
    return this.confirmedAt >= since;
  }

  /** The hash of the config that is offered as the present one. */
  get currentHash(): string | undefined {
    return this.current?.hashHex;
  }

  /** Whether it was found out once what it is offered. */
  get isSettled(): boolean {
    return this.settled;
  }

  /**
   * Whether other processes make something else of the same, as those of another version or configuration do: each then
   * offers its own, instead of recording it over the others' for ever.
   */
  isDisputed(config: ShardConfig): boolean {
    const { recorded } = this;
    return (
      recorded !== undefined &&
      recorded.times >= MAX_RECORDED &&
      isBuiltFrom(recorded.config, config.source, config.inputs)
    );
  }

  /** Notes that a config was made the present revision by this process. */
  noteRecorded(config: ShardConfig): void {
    const { recorded } = this;
    const again =
      recorded !== undefined && isBuiltFrom(recorded.config, config.source, config.inputs);
    this.recorded = { config, times: again ? recorded.times + 1 : 1 };
  }

  /** The config meant for an agent: look-ups alone. */
  offerFor(instanceUid: string): Offer | undefined {
    this.asked = true;
    const offer = this.meantFor(instanceUid);
    if (!offer || !this.holds.holds(instanceUid, offer.hashHex)) return offer;
    const { fallback } = this;
    return fallback && !this.holds.holds(instanceUid, fallback.hashHex) ? fallback : undefined;
  }

  private meantFor(instanceUid: string): Offer | undefined {
    switch (this.rollout.phase) {
      case 'steady':
        return this.current;
      case 'canary':
        return this.canaries.has(instanceUid) ? this.current : (this.fallback ?? this.current);
      case 'failed':
        return this.fallback;
    }
  }

  /** Of what was built, that which would be built again. */
  known(source: ShardSource, inputs: ShardConfig['inputs']): ShardConfig | undefined {
    return this.built.find((config) => isBuiltFrom(config, source, inputs));
  }

  /** The last good config, as it is for the tenants and with the secrets of now; `undefined` where there is none. */
  fallbackOf({ source, rollout, revisions }: Omit<ShardFacts, 'current'>): ShardConfig | undefined {
    for (const inputs of fallbacksOf(rollout, liveInputs(source), revisions)) {
      const config = this.known(source, inputs) ?? this.remake(source, inputs);
      if (config && !isBlocked(rollout, config.hashHex)) return config;
    }
    return undefined;
  }

  /** A fragment may be taken no longer that was when it ran well: its agents keep what they have. */
  private remake(source: ShardSource, inputs: ShardConfig['inputs']): ShardConfig | undefined {
    try {
      return makeConfig(source, inputs, this.settings)?.config;
    } catch (error) {
      if (error instanceof TenancyError) return undefined;
      throw error;
    }
  }

  /** Takes in what was found out; `undefined`: there is nothing to offer. @returns whether any offer changed. */
  apply(facts: ShardFacts | undefined): boolean {
    const before = this.signature();
    this.facts = facts;
    this.settled = true;
    this.canaries = new Set(facts?.rollout.canaries);
    const rollout = facts?.rollout;
    const needed = facts !== undefined && (rollout?.phase !== 'steady' || !this.holds.isEmpty);
    const fallback = needed ? this.fallbackOf(facts) : undefined;
    const current =
      facts?.current && !isBlocked(facts.rollout, facts.current.hashHex)
        ? facts.current
        : undefined;
    this.current = current && offerOf(current, rollout?.current?.number ?? 0);
    this.fallback = fallback && offerOf(fallback, rollout?.good?.number ?? 0);
    this.built = [facts?.current, fallback].filter((config) => config !== undefined);
    for (const offer of [this.current, this.fallback]) if (offer) this.remember(offer);
    return this.signature() !== before;
  }

  /** Takes in the rollout as it was written or read just now, if it is no older than what is known. */
  takeIn(rollout: ICollectorRollout): void {
    if (!this.facts || rollout.version < this.rollout.version) return;
    if (rollout.version > this.rollout.version) this.facts = { ...this.facts, rollout };
    this.confirm();
  }

  /** What is known of the rollout is what MongoDB holds now. */
  confirm(): void {
    this.confirmedAt = performance.now();
  }

  /** Forgets all that was known of a rollout in whose place there is another, of a group made again under the same name. */
  forget(): void {
    this.facts = undefined;
    this.current = undefined;
    this.fallback = undefined;
    this.built = [];
    this.failures.clear();
    this.recent.clear();
    this.holds.forget();
    this.recorded = undefined;
  }

  /** The number of the revision that a hash stands for, where it is or was on offer here. */
  offered(hash: string): number | undefined {
    const { current } = this.rollout;
    return current?.hash === hash ? current.number : this.recent.get(hash);
  }

  /**
   * Whether a failure is the config's fault: nobody is known to run it, a canary failed it, or more than a tenth did.
   * @returns also whether it would be so of a config that runs well elsewhere.
   */
  judge(
    { instanceUid, hash }: Pick<Verdict, 'instanceUid' | 'hash'>,
    now: number,
  ): { configsFault: boolean; evenIfGood: boolean } {
    const { rollout, standings } = this;
    const isCanary = rollout.phase === 'canary' && this.canaries.has(instanceUid);
    const isGood = rollout.good?.hash === hash;
    // After a restart the first that come are no measure of a config that ran well before it.
    const isMeasure = !isGood || !standings.isGathering(now);
    const evenIfGood =
      (isCanary && rollout.current?.hash === hash) || (isMeasure && standings.tooManyFailed(hash));
    const runsSomewhere = standings.runs(hash) || isGood;
    return { configsFault: evenIfGood || !runsSomewhere, evenIfGood };
  }

  /** Whether a config is what those are offered who are not given the present one, or ran well before. */
  isProven(hash: string): boolean {
    return hash === this.rollout.good?.hash || hash === this.fallback?.hashHex;
  }

  /** Whether collectors that are slow say nothing of their configs now. */
  isDoubtful(now: number): boolean {
    return now - this.doubtedAt < DOUBT_MS;
  }

  /** Notes that a config which ran well does not come up in time either. */
  doubt(now: number): void {
    this.doubtedAt = now;
  }

  /** Notes that a collector came up. */
  trust(): void {
    this.doubtedAt = -Infinity;
  }

  /** Blocks a config at once, in this process. @returns whether any offer changed. */
  fail(failure: ReportedFailure): boolean {
    this.failures.set(failure.hash, failure);
    if (!this.facts) return false;
    const rollout = withFailure(this.facts.rollout, failure, null);
    return this.apply({ ...this.facts, rollout });
  }

  /**
   * Takes in that a collector crashed with a config.
   * @returns whether that is no reason to judge the config yet: it is tried once more, after a while.
   */
  stumble(instanceUid: string, hash: string, now: number): boolean {
    const { current } = this;
    const hasDiskQueues = current?.requires['extensions']?.includes('file_storage') === true;
    if (current?.hashHex !== hash || !hasDiskQueues) return false;
    if (!this.holds.stumble(instanceUid, hash, now)) return false;
    this.apply(this.facts);
    return true;
  }

  /** Gives agents that crashed a while ago the config once more. @returns whether there were any. */
  tryAgain(now: number): boolean {
    return this.holds.tryAgain(now);
  }

  /** Whether one agent is kept from a config. */
  isKeptFrom(instanceUid: string, hash: string): boolean {
    return this.holds.isKeptFrom(instanceUid, hash);
  }

  /** Keeps one agent from a config. @returns whether its offer changed. */
  failFor(instanceUid: string, hash: string): boolean {
    const before = this.offerFor(instanceUid);
    this.holds.keepFrom(instanceUid, hash);
    // From now on somebody may need the one before.
    if (!this.fallback) this.apply(this.facts);
    return this.offerFor(instanceUid) !== before;
  }

  /** Takes in what others found out about the agents. */
  begin({ blocks, running }: Pick<ShardBefore, 'blocks' | 'running'>): void {
    this.holds.restore(blocks);
    this.ran = running;
  }

  /**
   * Whether an agent was seen to run a config before this process began, which it had yet to say that it is applied: the
   * supervisor says so only when `config_apply_timeout` is over.
   */
  ranBefore(instanceUid: string, hash: string): boolean {
    return this.ran.get(instanceUid) === hash;
  }

  private remember({ hashHex, revision }: Offer): void {
    this.recent.delete(hashHex);
    this.recent.set(hashHex, revision);
    const [oldest] = this.recent.keys();
    if (this.recent.size > MAX_RECENT && oldest !== undefined) this.recent.delete(oldest);
  }

  private signature(): string {
    const { rollout, current, fallback } = this;
    return [
      rollout.phase,
      current?.hashHex,
      fallback?.hashHex,
      current?.revision,
      ...this.canaries,
    ].join();
  }
}
