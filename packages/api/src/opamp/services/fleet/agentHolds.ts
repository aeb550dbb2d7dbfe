import { MAX_BLOCKS_OF_AGENT } from '../../../controllers/collectorFailures';

/** Agents of one shard that are kept from a config each for themselves. */
const MAX_AGENT_BLOCKS = 10_000;
/** Configs of which it is remembered that a collector crashed with them. */
const MAX_CRASHED = 20;

/**
 * How long an agent is given the config before after its collector crashed for the first time with one that has queues on disk.
 * Collectors before the fix of opentelemetry-collector's issue 15485 (2026) take requests before such queues are open, and may
 * crash of that: with 100 tenants at one start in four. It is no fault of the config, which so is tried twice.
 */
export const STUMBLE_MS = 20_000;
/** Of agents that crashed lately. */
const MAX_STUMBLED = 1_000;

/** Which agents of a shard are held back from a config that the others are given: for a while, or for good. */
export class AgentHolds {
  private blocks = new Map<string, string[]>();
  /** Configs with which a collector crashed once. */
  private readonly crashed = new Set<string>();
  /** Agents that are given the config before for a while, and until when. */
  private readonly stumbled = new Map<string, { hash: string; until: number }>();

  /** Whether there are none. */
  get isEmpty(): boolean {
    return this.blocks.size + this.stumbled.size === 0;
  }

  /** Whether an agent is not to be given a config now. */
  holds(instanceUid: string, hash: string): boolean {
    return this.stumbled.get(instanceUid)?.hash === hash || this.isKeptFrom(instanceUid, hash);
  }

  /** Whether one agent is kept from a config for good. */
  isKeptFrom(instanceUid: string, hash: string): boolean {
    return this.blocks.get(instanceUid)?.includes(hash) === true;
  }

  /** Keeps one agent from a config for good. */
  keepFrom(instanceUid: string, hash: string): void {
    const blocks = this.blocks.get(instanceUid) ?? [];
    this.blocks.delete(instanceUid);
    if (this.blocks.size >= MAX_AGENT_BLOCKS) {
      const [oldest] = this.blocks.keys();
      if (oldest !== undefined) this.blocks.delete(oldest);
    }
    this.blocks.set(instanceUid, [...blocks, hash].slice(-MAX_BLOCKS_OF_AGENT));
  }

  /** Takes in what agents were kept from before. */
  restore(blocks: Map<string, string[]>): void {
    this.blocks = blocks;
  }

  /**
   * Takes in that an agent's collector crashed with a config that has queues on disk.
   * @returns whether it was the first to: the agent is then held back for {@link STUMBLE_MS}.
   */
  stumble(instanceUid: string, hash: string, now: number): boolean {
    if (this.crashed.has(hash) || this.stumbled.size >= MAX_STUMBLED) return false;
    const [oldest] = this.crashed;
    if (this.crashed.size >= MAX_CRASHED && oldest !== undefined) this.crashed.delete(oldest);
    this.crashed.add(hash);
    this.stumbled.set(instanceUid, { hash, until: now + STUMBLE_MS });
    return true;
  }

  /** Lets go of agents that crashed long enough ago. @returns whether there were any. */
  tryAgain(now: number): boolean {
    const due = [...this.stumbled].filter(([, { until }]) => until <= now);
    for (const [instanceUid] of due) this.stumbled.delete(instanceUid);
    return due.length > 0;
  }

  forget(): void {
    this.blocks.clear();
    this.crashed.clear();
    this.stumbled.clear();
  }
}
