import type { Quarantine } from '../../../controllers/collectorQuarantine';
import {
  blockConfig,
  blockForAgent,
  readAgentBlocks,
} from '../../../controllers/collectorFailures';
import { markGood } from '../../../controllers/collectorRollouts';
import { Membership } from '../../../controllers/collectorShards';
import { loadCollectorSnapshot } from '../../../controllers/collectorSnapshot';
import type { CollectorSnapshot } from '../../../controllers/collectorSnapshot';
import type { Context } from '../../../controllers/context';
import { onLocalChange, readRevision } from '../../../controllers/revisions';
import type { Config } from '../../../config';
import { isBlocked } from '../../../controllers/rolloutSteps';
import { inParallel } from '../../../utils/inParallel';
import { isMongoUnavailable } from '../../../utils/mongoErrors';
import type { Admitted, ConfigReport, Fleet, Offer } from '../../fleet';
import { isCrash } from '../failures';
import { Admission } from './admission';
import { Follower } from './follower';
import { KnownSecrets } from './knownSecrets';
import { RevisionCache } from './revisionCache';
import { settle } from './settle';
import type { Surroundings } from './settle';
import { ShardOffers } from './shardOffers';
import type { Verdict } from './standings';

export interface FleetOptions {
  config: Pick<
    Config,
    'secret' | 'collectorToken' | 'collectorMemoryLimitMiB' | 'collectorStorageDirectory' | 'opamp'
  >;
  context: Context;
  /** Looks after tenants for whom writing fails; without it nobody looks before a change is offered. */
  quarantine?: Pick<Quarantine, 'check'>;
  pollMs?: number;
  gatherMs?: number;
  reloadMs?: number;
}

/** Shards that are brought up to date at once: MongoDB is waited for more than is built. */
const SHARDS_AT_ONCE = 8;
/** What time alone decides is looked at so often: verdicts on agents, tokens that expire. */
const TICK_MS = 1_000;
/** A shard that nobody asked for within this time is forgotten, until somebody asks. */
const IDLE_MS = 10 * 60_000;
/** Shards that this process holds configs of, at the most; each takes up to a few MB. */
const MAX_SHARDS = 10_000;

type Listener = (shards: ReadonlySet<string> | undefined) => void;

/**
 * The configs on offer, kept as bytes, and what becomes of them. A shard's config is built when somebody asks for it first,
 * and again when what it is made from changes; in between an agent costs look-ups. While MongoDB is away the last ones stay.
 */
export class CollectorFleet implements Fleet {
  private snapshot: CollectorSnapshot | undefined;
  /** When reading it began, by `performance.now()`. */
  private snapshotAt = -Infinity;
  private membership: Membership | undefined;
  private offeredRevision = 0;
  private readonly shards = new Map<string, ShardOffers>();
  private readonly settling = new Map<string, Promise<void>>();
  private readonly persisting = new Set<string>();
  private readonly listeners = new Set<Listener>();
  private readonly secrets = new KnownSecrets();
  private readonly revisions = new RevisionCache();
  private readonly admission: Admission;
  private readonly follower: Follower;
  private readonly around: Surroundings;
  private ticker: NodeJS.Timeout | undefined;
  private sweptAt = 0;

  constructor(private readonly options: FleetOptions) {
    const { config, context, quarantine } = options;
    this.admission = new Admission({
      hasUsers: (target) =>
        context.targets.all.some(({ name, hasUsers }) => hasUsers && name === target),
      acceptKeys: config.opamp.acceptIngestionKey,
      now: () => this.now(),
    });
    this.around = {
      settings: config,
      context,
      revisions: this.revisions,
      checkTarget: async (target) => (await quarantine?.check(target)) ?? false,
    };
    this.follower = new Follower({
      read: () => this.read(),
      revision: () => readRevision('collectors'),
      onChange: (listener) => onLocalChange('collectors', listener),
      log: context.log,
      ...options,
    });
  }

  get ready(): boolean {
    return this.snapshot !== undefined;
  }

  get revision(): number {
    return this.offeredRevision;
  }

  /** Begins to read and to watch. */
  start(): void {
    this.sweptAt = this.now();
    this.follower.start();
    this.ticker = setInterval(() => this.tick(), TICK_MS).unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.ticker);
    await this.follower.stop();
    await Promise.all(this.settling.values());
  }

  /** Reads everything again, and brings all configs up to date. */
  refresh(): Promise<void> {
    return this.follower.refresh();
  }

  admit(tokenHash: string): Admitted | 'revoked' | undefined {
    return this.admission.admit(tokenHash);
  }

  admitKey(key: string): Admitted | undefined {
    return this.admission.admitKey(key);
  }

  ensure(shard: string): Promise<void> | undefined {
    if (this.shards.get(shard)?.isSettled === true) return undefined;
    const running = this.settling.get(shard);
    if (running) return running;
    if (!this.snapshot) return undefined;
    const offers = this.shards.get(shard) ?? this.newShard(shard);
    return this.bringUpToDate(offers).then(
      () => undefined,
      // Said by the next full read, which tries it again.
      () => undefined,
    );
  }

  offerFor(shard: string, instanceUid: string): Offer | undefined {
    return this.shards.get(shard)?.offerFor(instanceUid);
  }

  reported(shard: string, instanceUid: string, report: ConfigReport): void {
    const offers = this.shards.get(shard);
    if (!offers) return;
    const verdict = offers.standings.report(instanceUid, report, this.now());
    if (verdict) this.onVerdict(offers, verdict);
    this.noteGood(offers);
  }

  health(shard: string, instanceUid: string, healthy: boolean): void {
    const offers = this.shards.get(shard);
    if (!offers) return;
    const verdict = offers.standings.health(instanceUid, healthy, this.now());
    if (verdict) this.onVerdict(offers, verdict);
    this.noteGood(offers);
  }

  /** Forgets how an agent fared that is gone. */
  gone(shard: string, instanceUid: string): void {
    this.shards.get(shard)?.standings.gone(instanceUid);
  }

  redact(text: string): string {
    return this.secrets.redact(text);
  }

  /** Whether a text is one of the secrets that configs hold, or held. */
  isSecret(text: string): boolean {
    return this.secrets.has(text);
  }

  onChange(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private now(): number {
    return this.options.context.now().getTime();
  }

  private newShard(id: string): ShardOffers {
    if (this.shards.size >= MAX_SHARDS) {
      const [oldest] = this.shards.keys();
      if (oldest !== undefined) this.shards.delete(oldest);
    }
    const { opamp } = this.options.config;
    const shard = new ShardOffers(id, this.options.config, opamp.maxAgentsPerToken);
    this.shards.set(id, shard);
    return shard;
  }

  /** @returns the number of the last change that all offers know of; `undefined` where one could not be brought up to date. */
  private async read(): Promise<number | undefined> {
    const { config, context } = this.options;
    const begunAt = performance.now();
    const snapshot = await loadCollectorSnapshot(config, context, this.snapshot);
    this.snapshot = snapshot;
    this.snapshotAt = begunAt;
    this.membership = new Membership(snapshot);
    this.secrets.update(snapshot.teams);
    if (this.admission.update(snapshot)) this.tell(undefined);
    let behind = 0;
    const failures: unknown[] = [];
    await inParallel(this.shards.values(), SHARDS_AT_ONCE, async (shard) => {
      // Others have their turn: a build takes milliseconds.
      await new Promise((resolve) => setImmediate(resolve));
      try {
        if (!(await this.bringUpToDate(shard))) behind += 1;
      } catch (error) {
        if (isMongoUnavailable(error)) throw error;
        // What is wrong with one is no reason to leave the others as they were.
        failures.push(error);
      }
    });
    if (failures.length > 0) throw failures[0];
    // Not before: who has this number counts as knowing of all that came before it.
    if (behind > 0) return undefined;
    this.offeredRevision = snapshot.revision;
    return snapshot.revision;
  }

  /** One after the other for each shard. @returns whether it is. @throws what MongoDB throws. */
  private async bringUpToDate(shard: ShardOffers): Promise<boolean> {
    const before = this.settling.get(shard.id);
    const work = (before ?? Promise.resolve()).then(() => this.settleOnce(shard));
    const ended = work.then(
      () => undefined,
      () => undefined,
    );
    this.settling.set(shard.id, ended);
    try {
      return await work;
    } finally {
      if (this.settling.get(shard.id) === ended) this.settling.delete(shard.id);
    }
  }

  private async settleOnce(shard: ShardOffers): Promise<boolean> {
    const { snapshot, membership } = this;
    if (!snapshot || !membership) return false;
    if (!shard.isSettled) shard.setAgentBlocks(await readAgentBlocks(shard.id));
    const source = membership.sourceOf(shard.id);
    const stored = { rollout: snapshot.rollouts.get(shard.id), readAt: this.snapshotAt };
    const settled = await settle(shard, source, stored, this.around);
    if (settled === 'changed') this.tell(new Set([shard.id]));
    if (settled === 'again') this.follower.readSoon();
    return settled !== 'again';
  }

  private onVerdict(shard: ShardOffers, verdict: Verdict): void {
    if (verdict.verdict === 'well') return;
    const { instanceUid, hash, reason } = verdict;
    const revision = shard.offered(hash);
    // Not of ours, or long past, or known.
    if (revision === undefined || isBlocked(shard.rollout, hash)) return;
    if (isCrash(reason) && shard.stumble(instanceUid, hash, this.now())) {
      const { log } = this.options.context;
      const fields = { group: shard.id, agent: instanceUid, hash };
      log.warn(fields, 'a collector crashed with a new config; it is tried once more');
      this.tellSoon(shard.id);
      return;
    }
    const { configsFault, evenIfGood } = shard.judge(verdict, this.now());
    const at = this.options.context.now();
    if (configsFault) {
      const failure = { shard: shard.id, hash, revision, reason, at, agent: instanceUid };
      if (shard.fail({ ...failure, evenIfGood })) this.tellSoon(shard.id);
      this.count(shard, 'group');
      this.persistFailures(shard);
    } else this.failFor(shard, instanceUid, hash);
  }

  /** One agent's fault: it alone goes back. */
  private failFor(shard: ShardOffers, instanceUid: string, hash: string): void {
    // It may say so again and again.
    if (shard.isKeptFrom(instanceUid, hash)) return;
    if (shard.failFor(instanceUid, hash)) this.tellSoon(shard.id);
    this.count(shard, 'agent');
    const { log } = this.options.context;
    log.warn({ group: shard.id, agent: instanceUid, hash }, 'a config failed on one agent alone');
    blockForAgent(shard.id, instanceUid, hash).catch((error: unknown) => {
      // Forgotten with this process; the agent would fail it once more then.
      log.warn({ group: shard.id, agent: instanceUid, err: error }, 'it could not be written down');
    });
  }

  private count(shard: ShardOffers, scope: 'group' | 'agent'): void {
    const group = shard.source?.kind ?? 'dedicated';
    this.options.context.metrics.count('opamp_configs_failed_total', { group, scope });
  }

  /** Tells all processes of what failed; where MongoDB is away, again with each tick. */
  private persistFailures(shard: ShardOffers): void {
    for (const failure of shard.failures.values()) {
      this.once(`fail ${shard.id} ${failure.hash}`, async () => {
        const { rollout, blocked } = await blockConfig(failure, this.options.context);
        shard.failures.delete(failure.hash);
        if (blocked) {
          shard.takeIn(rollout);
          return;
        }
        // It runs well where others see it.
        if (failure.agent !== null) this.failFor(shard, failure.agent, failure.hash);
        await this.bringUpToDate(shard);
      });
    }
  }

  /** Counts the present revision as good once it has proved so. */
  private noteGood(shard: ShardOffers): void {
    const { phase, current, good } = shard.rollout;
    if (phase !== 'steady' || !current || current.hash === good?.hash) return;
    if (!shard.standings.isProven(current.hash, this.now())) return;
    this.once(`good ${shard.id} ${current.hash}`, async () => {
      shard.takeIn(await markGood(shard.id, current.hash));
    });
  }

  /** Does some work on MongoDB, not twice at once. What fails is done again by who asks for it again. */
  private once(name: string, work: () => Promise<void>): void {
    if (this.persisting.has(name)) return;
    this.persisting.add(name);
    work()
      .catch((error: unknown) => {
        this.options.context.log.warn({ err: error }, 'a rollout could not be written');
      })
      .finally(() => this.persisting.delete(name));
  }

  private tick(): void {
    const now = this.now();
    if (this.admission.hasExpired()) this.tell(undefined);
    for (const shard of this.shards.values()) {
      if (shard.standings.waits) {
        for (const verdict of shard.standings.sweep(now)) this.onVerdict(shard, verdict);
      }
      if (shard.tryAgain(now)) this.tell(new Set([shard.id]));
      this.noteGood(shard);
      if (shard.failures.size > 0) this.persistFailures(shard);
    }
    if (now - this.sweptAt >= IDLE_MS) this.forgetIdle(now);
  }

  private forgetIdle(now: number): void {
    this.sweptAt = now;
    for (const [id, shard] of this.shards) {
      const isIdle = !shard.asked && shard.standings.size === 0 && shard.failures.size === 0;
      if (isIdle) this.shards.delete(id);
      shard.asked = false;
    }
  }

  private tell(shards: ReadonlySet<string> | undefined): void {
    for (const listener of this.listeners) listener(shards);
  }

  /** Not from within the call that made it known: who made it is in the midst of an answer. */
  private tellSoon(shard: string): void {
    setImmediate(() => this.tell(new Set([shard])));
  }
}

/** The configs on offer. To be started once MongoDB is there. */
export function createFleet(options: FleetOptions): CollectorFleet {
  return new CollectorFleet(options);
}
