import { setImmediate as turn } from 'node:timers/promises';

import { acquitConfig, blockConfig, blockForAgent } from '../../../controllers/collectorFailures';
import { markGood } from '../../../controllers/collectorRollouts';
import type { Context } from '../../../controllers/context';
import { isBlocked } from '../../../controllers/rolloutSteps';
import { Budget } from '../../../utils/budget';
import { isCrash, isSlow } from '../failures';
import { AgentBlocks } from './agentBlocks';
import type { ShardOffers } from './shardOffers';
import { GRACE_MS } from './standing';
import type { Verdict } from './standings';

/** What verdicts need of the fleet. */
export interface VerdictsOptions {
  context: Context;
  /** Id of the token that an agent came with last; `undefined` where it is not known any more. */
  tokenOf(shard: string, instanceUid: string): string | undefined;
  /** A shard's offers changed. */
  changed(shard: string): void;
  bringUpToDate(shard: ShardOffers): Promise<unknown>;
  /** Whether a target answered whenever it was asked for so long, and does now; without it nobody can tell. */
  targetAnswered?: (target: string, forMs: number) => Promise<boolean>;
}

/** A collector that is slow was so for as long: `config_apply_timeout` of our supervisor file, and what it is given after it. */
const SLOW_MS = 2 * GRACE_MS;

const LINES_A_MINUTE = 20;

/**
 * What becomes of what agents say of their configs: one that failed is taken back at once in this process, and then written
 * down for all; one that runs well is written down as good.
 */
export class Verdicts {
  private readonly persisting = new Set<string>();

  private readonly blocks: AgentBlocks;
  /** What is said in the log of each shard's agents. */
  private readonly lines: Budget;

  constructor(private readonly options: VerdictsOptions) {
    const { context } = options;
    const { log } = context;
    const clock = (): number => context.now().getTime();
    this.blocks = new AgentBlocks({
      write: ({ shard, instanceUid, hash }) => blockForAgent(shard, instanceUid, hash),
      log,
      now: clock,
    });
    this.lines = new Budget({ amount: LINES_A_MINUTE, periodMs: 60_000, now: clock });
  }

  /** Takes in a verdict that has just fallen. */
  take(shard: ShardOffers, verdict: Verdict, now: number): void {
    if (verdict.verdict === 'well') {
      shard.trust();
      return;
    }
    const { instanceUid, hash, reason } = verdict;
    const revision = shard.offered(hash);
    // Not of ours, or long past, or known.
    if (revision === undefined || isBlocked(shard.rollout, hash)) return;
    const { log } = this.options.context;
    if (isCrash(reason) && shard.stumble(instanceUid, hash, now)) {
      const fields = { group: shard.id, agent: instanceUid, hash };
      if (this.lines.take(shard.id)) {
        log.warn(fields, 'a collector crashed with a new config; it is tried once more');
      }
      this.changedSoon(shard.id);
      return;
    }
    if (isSlow(reason)) this.weigh(shard, verdict, revision, now);
    else this.condemn(shard, verdict, revision, now);
  }

  /**
   * A collector that is slow to come up may wait for a ClickHouse that takes connections and never answers, as it would with any
   * config. So it counts only where the target answered all the time, and never against a config that ran well; where not
   * even that one comes up, what failed for want of time before it is taken back.
   */
  private weigh(shard: ShardOffers, verdict: Verdict, revision: number, now: number): void {
    const { instanceUid, hash } = verdict;
    const { targetAnswered } = this.options;
    const isProven = shard.isProven(hash);
    if (isProven || shard.isDoubtful(now)) {
      shard.standings.excuse(instanceUid, hash, now);
      if (isProven && !shard.standings.runsAny) this.acquit(shard, now);
      return;
    }
    const { target } = shard.source ?? {};
    if (target === undefined || !targetAnswered) {
      this.condemn(shard, verdict, revision, now);
      return;
    }
    void targetAnswered(target, SLOW_MS)
      // Nobody can tell: as where it does not answer.
      .catch(() => false)
      .then((answered) => {
        if (isBlocked(shard.rollout, hash)) return;
        if (answered) {
          this.condemn(shard, verdict, revision, now);
          return;
        }
        shard.standings.excuse(instanceUid, hash, now);
        if (!this.lines.take(shard.id)) return;
        const fields = { group: shard.id, agent: instanceUid, hash, target };
        this.options.context.log.warn(
          fields,
          'a collector is slow to come up, and so is its ClickHouse: its config is not blamed',
        );
      });
  }

  /** Takes back that the present config failed for want of time: those before it do not come up either. */
  private acquit(shard: ShardOffers, now: number): void {
    shard.doubt(now);
    const { current, blocked } = shard.rollout;
    const failure = blocked.find(({ hash }) => hash === current?.hash);
    if (!failure || !isSlow(failure.reason)) return;
    this.once(`acquit ${shard.id}`, async () => {
      shard.takeIn(await acquitConfig(shard.id, failure, this.options.context));
      await this.options.bringUpToDate(shard);
    });
  }

  /** What failed is taken back: for all, or for the one agent whose fault it is. */
  private condemn(shard: ShardOffers, verdict: Verdict, revision: number, now: number): void {
    const { instanceUid, hash, reason } = verdict;
    const { configsFault, evenIfGood } = shard.judge(verdict, now);
    if (!configsFault) {
      this.failFor(shard, instanceUid, hash);
      return;
    }
    const at = new Date(now);
    const failure = { shard: shard.id, hash, revision, reason, at, agent: instanceUid };
    if (shard.fail({ ...failure, evenIfGood })) this.changedSoon(shard.id);
    this.count(shard, 'group');
    this.persist(shard);
  }

  /** Tells all processes of what failed; where MongoDB is away, whoever calls this again does. */
  persist(shard: ShardOffers): void {
    const { context } = this.options;
    for (const failure of shard.failures.values()) {
      const { agent, hash } = failure;
      this.once(`fail ${shard.id} ${hash}`, async () => {
        // The message that said so is noted by then, and with it the token.
        await turn();
        const tokenId = agent === null ? undefined : this.options.tokenOf(shard.id, agent);
        const { rollout, blocked } = await blockConfig(
          { ...failure, tokenId: tokenId ?? null },
          context,
        );
        shard.failures.delete(hash);
        if (blocked) {
          shard.takeIn(rollout);
          return;
        }
        // It runs well where others see it.
        if (agent !== null) this.failFor(shard, agent, hash);
        await this.options.bringUpToDate(shard);
      });
    }
  }

  /** Counts the present revision as good once it has proved so. */
  noteGood(shard: ShardOffers, now: number): void {
    const { phase, current, good } = shard.rollout;
    if (phase !== 'steady' || !current || current.hash === good?.hash) return;
    if (!shard.standings.isProven(current.hash, now)) return;
    this.once(`good ${shard.id} ${current.hash}`, async () => {
      shard.takeIn(await markGood(shard.id, current.hash));
    });
  }

  /** One agent's fault: it alone goes back. */
  private failFor(shard: ShardOffers, instanceUid: string, hash: string): void {
    // It may say so again and again.
    if (shard.isKeptFrom(instanceUid, hash)) return;
    if (shard.failFor(instanceUid, hash)) this.changedSoon(shard.id);
    this.count(shard, 'agent');
    this.blocks.add({ shard: shard.id, instanceUid, hash });
  }

  private count(shard: ShardOffers, scope: 'group' | 'agent'): void {
    const group = shard.source?.kind ?? 'dedicated';
    this.options.context.metrics.count('opamp_configs_failed_total', { group, scope });
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

  /** Not from within the call that made it known: who made it is in the midst of an answer. */
  private changedSoon(shard: string): void {
    setImmediate(() => this.options.changed(shard));
  }
}
