import type { ConfigReport } from '../../fleet';
import { afterExcuse, afterHealth, afterReport, afterTime, SETTLE_MS } from './standing';
import type { Standing } from './standing';

/** A verdict that has just fallen. */
export interface Verdict {
  instanceUid: string;
  hash: string;
  verdict: 'well' | 'failed';
  reason: string;
}

interface Counts {
  trying: number;
  well: number;
  failed: number;
  /** When the first one was seen to run it. */
  wellSince: number | undefined;
}

/** Of a shard's agents, so many may fail a config before it counts as the config's fault: a tenth, and one in any case. */
const TOLERATED = 0.1;
/** All agents come back within this time after a restart of ours: supervisors poll every 30 s. */
const GATHER_MS = 60_000;
/** Where some agents failed and some run it, so long passes before it counts as good. */
const DOUBT_MS = 60_000;

/** How the agents of one shard, those that speak to this process, fare with its configs. */
export class Standings {
  private readonly agents = new Map<string, Standing>();
  /** Those whose verdict falls with time. */
  private readonly due = new Set<string>();
  private readonly counts = new Map<string, Counts>();
  /** When the first agent was heard of. */
  private begunAt: number | undefined;

  /** @param limit agents, at the most; beyond it those that said least lately are forgotten. */
  constructor(private readonly limit: number) {}

  get size(): number {
    return this.agents.size;
  }

  /** Whether there is anything that time alone decides. */
  get waits(): boolean {
    return this.due.size > 0;
  }

  /** @returns the verdict, where one has fallen by this. */
  report(instanceUid: string, report: ConfigReport, now: number): Verdict | undefined {
    const known = this.agents.get(instanceUid);
    return this.put(instanceUid, known, afterReport(known, report, now), now);
  }

  /** @returns as {@link report}. */
  health(instanceUid: string, healthy: boolean, now: number): Verdict | undefined {
    const known = this.agents.get(instanceUid);
    if (!known) return undefined;
    return this.put(instanceUid, known, afterHealth(known, healthy, now), now);
  }

  /** Verdicts that have fallen with time. */
  sweep(now: number): Verdict[] {
    return [...this.due].flatMap((instanceUid) => {
      const known = this.agents.get(instanceUid);
      const verdict = known && this.put(instanceUid, known, afterTime(known, now), now);
      return verdict ? [verdict] : [];
    });
  }

  /** Takes an agent's failure of a config back: it may still come to run it. */
  excuse(instanceUid: string, hash: string, now: number): void {
    const known = this.agents.get(instanceUid);
    if (known?.hash === hash) this.put(instanceUid, known, afterExcuse(known, now), now);
  }

  /** Forgets an agent that is gone. */
  gone(instanceUid: string): void {
    const known = this.agents.get(instanceUid);
    if (!known) return;
    this.agents.delete(instanceUid);
    this.due.delete(instanceUid);
    this.count(known, -1);
  }

  /** Whether some agent is known to run a config. */
  runs(hash: string): boolean {
    return (this.counts.get(hash)?.well ?? 0) > 0;
  }

  /** Whether some agent is known to run any config. */
  get runsAny(): boolean {
    return [...this.counts.values()].some(({ well }) => well > 0);
  }

  /** Whether agents are still coming that ran what they run before this process began. */
  isGathering(now: number): boolean {
    return this.begunAt === undefined || now - this.begunAt < GATHER_MS;
  }

  /** Whether so many failed a config that it is the config's fault. */
  tooManyFailed(hash: string): boolean {
    const failed = this.counts.get(hash)?.failed ?? 0;
    return failed > Math.max(1, this.agents.size * TOLERATED);
  }

  /**
   * Whether a config has proved good: all agents run it, or some do and some time has passed; with a few that failed it, after
   * a longer time.
   */
  isProven(hash: string, now: number): boolean {
    const counts = this.counts.get(hash);
    if (!counts || counts.well === 0 || this.tooManyFailed(hash)) return false;
    const sinceMs = now - (counts.wellSince ?? now);
    if (counts.failed > 0) return sinceMs >= DOUBT_MS;
    return counts.well === this.agents.size || sinceMs >= SETTLE_MS;
  }

  private put(
    instanceUid: string,
    known: Standing | undefined,
    next: Standing | undefined,
    now: number,
  ): Verdict | undefined {
    if (next === known) return undefined;
    if (known) this.count(known, -1);
    this.agents.delete(instanceUid);
    this.due.delete(instanceUid);
    if (!next) return undefined;
    this.begunAt ??= now;
    if (this.agents.size >= this.limit) this.forgetOne();
    this.agents.set(instanceUid, next);
    if (next.due) this.due.add(instanceUid);
    this.count(next, 1, now);
    const { hash, verdict, reason } = next;
    const isNews = known?.hash !== hash || known.verdict !== verdict;
    return verdict !== 'trying' && isNews ? { instanceUid, hash, verdict, reason } : undefined;
  }

  private forgetOne(): void {
    const [oldest] = this.agents.keys();
    if (oldest !== undefined) this.gone(oldest);
  }

  private count({ hash, verdict }: Standing, by: 1 | -1, now?: number): void {
    const counts = this.counts.get(hash) ?? { trying: 0, well: 0, failed: 0, wellSince: undefined };
    counts[verdict] += by;
    if (verdict === 'well' && by === 1) counts.wellSince ??= now;
    if (counts.trying + counts.well + counts.failed === 0) this.counts.delete(hash);
    else this.counts.set(hash, counts);
  }
}
