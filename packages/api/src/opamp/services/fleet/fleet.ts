import type { Quarantine } from '../../../controllers/collectorQuarantine';
import { readBeginnings } from '../../../controllers/collectorBeginnings';
import { CollectorReader } from '../../../controllers/collectorReader';
import { Membership } from '../../../controllers/collectorShards';
import type { CollectorSnapshot } from '../../../controllers/collectorSnapshot';
import type { Context } from '../../../controllers/context';
import { onLocalChange, readRevision } from '../../../controllers/revisions';
import type { Config } from '../../../config';
import { Gathering } from '../../../utils/gathering';
import { inParallel } from '../../../utils/inParallel';
import { isMongoUnavailable } from '../../../utils/mongoErrors';
import type { Admitted, ConfigReport, Fleet, Offer } from '../../fleet';
import { Admission } from './admission';
import { Follower } from './follower';
import { KnownSecrets } from './knownSecrets';
import { RevisionCache } from './revisionCache';
import { settle } from './settle';
import type { Surroundings } from './settle';
import { ShardOffers } from './shardOffers';
import { Shards } from './shards';
import { touchedBy } from './touched';
import { Verdicts } from './verdicts';

export interface FleetOptions {
  config: Pick<
    Config,
    'secret' | 'collectorToken' | 'collectorMemoryLimitMiB' | 'collectorStorageDirectory' | 'opamp'
  >;
  context: Context;
  /** Looks after tenants for whom writing fails; without it nobody looks before a change is offered. */
  quarantine?: Pick<Quarantine, 'check' | 'answered'>;
  /** Id of the token that an agent came with last. */
  tokenOf?: (shard: string, instanceUid: string) => string | undefined;
  pollMs?: number;
  gatherMs?: number;
  reloadMs?: number;
}

/** Shards that are brought up to date at once: MongoDB is waited for more than is built. */
const SHARDS_AT_ONCE = 8;
/** Shards that are asked for the first time and read together; each may name a hundred revisions. */
const SHARDS_A_READ = 100;
/** What time alone decides is looked at so often: verdicts on agents, tokens that expire. */
const TICK_MS = 1_000;

type Listener = (shards: ReadonlySet<string> | undefined) => void;

/**
 * The configs on offer, kept as bytes, and what becomes of them. A shard's config is built when somebody asks for it first,
 * and again when what it is made from changes; in between an agent costs look-ups. While MongoDB is away the last ones stay.
 */
export class CollectorFleet implements Fleet {
  private snapshot: CollectorSnapshot | undefined;
  private membership: Membership | undefined;
  private offeredRevision = 0;
  private readonly shards: Shards;
  private readonly settling = new Map<string, Promise<void>>();
  private readonly listeners = new Set<Listener>();
  private readonly secrets: KnownSecrets;
  private readonly beginnings = new Gathering(readBeginnings, SHARDS_A_READ);
  private readonly revisions = new RevisionCache();
  private readonly admission: Admission;
  private readonly reader: CollectorReader;
  private readonly follower: Follower;
  /** Shards that could not be brought up to date with what was read. */
  private readonly behind = new Set<string>();
  private readonly verdicts: Verdicts;
  private readonly around: Surroundings;
  private ticker: NodeJS.Timeout | undefined;

  constructor(private readonly options: FleetOptions) {
    const { config, context, quarantine } = options;
    const { maxAgentsPerToken } = config.opamp;
    this.shards = new Shards((id) => new ShardOffers(id, config, maxAgentsPerToken));
    this.secrets = new KnownSecrets(
      config.collectorToken === undefined ? [] : [config.collectorToken],
    );
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
    this.verdicts = new Verdicts({
      context,
      tokenOf: options.tokenOf ?? (() => undefined),
      changed: (shard) => this.tell(new Set([shard])),
      bringUpToDate: (shard) => this.bringUpToDate(shard),
      ...(quarantine
        ? { targetAnswered: (target: string, forMs: number) => quarantine.answered(target, forMs) }
        : {}),
    });
    this.reader = new CollectorReader({ config, context });
    this.follower = new Follower({
      read: (everything) => this.read(everything),
      prepare: () => this.reader.prepare(),
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

  touchedAt(shard: string): number {
    return this.shards.get(shard)?.touchedAt ?? 0;
  }

  /** Begins to read and to watch. */
  start(): void {
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

  isOpen(admitted: Admitted): boolean {
    return this.admission.isOpen(admitted);
  }

  ensure(shard: string): Promise<void> | undefined {
    if (this.shards.get(shard)?.isSettled === true) return undefined;
    const running = this.settling.get(shard);
    if (running) return running;
    if (!this.snapshot) return undefined;
    const offers = this.shards.add(shard);
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
    const now = this.now();
    const verdict = offers.standings.report(instanceUid, report, now);
    if (verdict) this.verdicts.take(offers, verdict, now);
    this.verdicts.noteGood(offers, now);
  }

  health(shard: string, instanceUid: string, healthy: boolean): void {
    const offers = this.shards.get(shard);
    if (!offers) return;
    const now = this.now();
    const verdict = offers.standings.health(instanceUid, healthy, now);
    if (verdict) this.verdicts.take(offers, verdict, now);
    this.verdicts.noteGood(offers, now);
  }

  /** Name of the target of a shard's tenants; `undefined`: it is not known here. */
  targetOf(shard: string): string | undefined {
    return this.membership?.sourceOf(shard)?.target;
  }

  /** Forgets how an agent fared that is gone. */
  gone(shard: string, instanceUid: string): void {
    this.shards.get(shard)?.standings.gone(instanceUid);
  }

  ranBefore(shard: string, instanceUid: string, hash: string): boolean {
    return this.shards.get(shard)?.ranBefore(instanceUid, hash) === true;
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

  /** @returns the number of the last change that all offers know of; `undefined` where one could not be brought up to date. */
  private async read(everything: boolean): Promise<number | undefined> {
    const { reader, snapshot: before } = this;
    const { snapshot, changed } = await (everything ? reader.readAll() : reader.readChanges());
    this.snapshot = snapshot;
    this.membership = new Membership(snapshot, this.membership);
    this.secrets.update(snapshot.teams);
    if (this.admission.update(snapshot)) this.tell(undefined);
    const isTouched = before && changed ? touchedBy(before, snapshot) : () => true;
    if (snapshot.revision > this.offeredRevision) {
      for (const shard of this.shards) {
        if (isTouched(shard.id)) shard.touchedAt = snapshot.revision;
      }
    }
    const due = [...this.shards].filter(
      (shard) => !shard.isSettled || this.behind.has(shard.id) || isTouched(shard.id),
    );
    const failures: unknown[] = [];
    await inParallel(due, SHARDS_AT_ONCE, async (shard) => {
      // Others have their turn: a build takes milliseconds.
      await new Promise((resolve) => setImmediate(resolve));
      try {
        await this.bringUpToDate(shard);
      } catch (error) {
        if (isMongoUnavailable(error)) throw error;
        // What is wrong with one is no reason to leave the others as they were.
        failures.push(error);
      }
    });
    if (failures.length > 0) throw failures[0];
    for (const id of this.behind) if (!this.shards.get(id)) this.behind.delete(id);
    // Not before: who has this number counts as knowing of all that came before it.
    if (this.behind.size > 0) return undefined;
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
    const rollout = snapshot.rollouts.get(shard.id);
    const before = shard.isSettled
      ? undefined
      : await this.beginnings.of({ shard: shard.id, rollout });
    if (before) shard.begin(before);
    const source = membership.sourceOf(shard.id);
    const stored = {
      rollout,
      before,
      readAt: this.reader.rolloutReadAt(shard.id),
      isWhole: this.reader.isWhole(shard.id),
    };
    const settled = await settle(shard, source, stored, this.around);
    if (settled === 'changed') this.tell(new Set([shard.id]));
    if (settled === 'changed' || settled === 'same') {
      this.behind.delete(shard.id);
      return true;
    }
    this.behind.add(shard.id);
    this.reader.doubt(shard.id);
    if (settled === 'behind') this.follower.readAside();
    else this.follower.readSoon();
    return false;
  }

  private tick(): void {
    const now = this.now();
    if (this.admission.hasExpired()) this.tell(undefined);
    for (const shard of this.shards) {
      if (shard.standings.waits) {
        for (const verdict of shard.standings.sweep(now)) this.verdicts.take(shard, verdict, now);
      }
      if (shard.tryAgain(now)) this.tell(new Set([shard.id]));
      this.verdicts.noteGood(shard, now);
      if (shard.failures.size > 0) this.verdicts.persist(shard);
    }
    this.shards.sweep(now);
  }

  private tell(shards: ReadonlySet<string> | undefined): void {
    for (const listener of this.listeners) listener(shards);
  }
}

/** The configs on offer. To be started once MongoDB is there. */
export function createFleet(options: FleetOptions): CollectorFleet {
  return new CollectorFleet(options);
}
