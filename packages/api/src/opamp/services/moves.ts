import { agentKey } from '../../controllers/collectorAgents';
import type { AgentMove, AgentPlace } from '../../controllers/collectorAgents';
import type { Logger } from '../../utils/logger';

/** Where moves are recorded, and found. */
export interface MoveStore {
  /** Ends an agent where it was, and records that it moved. */
  move(move: AgentMove): Promise<void>;
  /** Which of these agents were elsewhere before, and have not been heard of there since. */
  findMoves(arrived: readonly (AgentPlace & { at: Date })[]): Promise<AgentMove[]>;
}

/** One that goes to and fro is recorded once in this time. */
const AGAIN_MS = 60_000;
/** Moves that wait to be recorded: of a group whose collectors all get another token at once. */
const MAX_WAITING = 1_000;
/** Of one round, so that notes of other agents do not wait long. */
const ROUND = 100;
/** Agents of which it is remembered when they moved; those that arrived and are to be looked after. */
const MAX_KNOWN = 10_000;
/** Added to the time after which an agent should have been noted again elsewhere. */
const GRACE_MS = 30_000;

/**
 * Agents that come with another token than before. What this process sees itself is told to it; of an agent that spoke to
 * another process before, only the documents know: it is looked after once it should have been heard of there again.
 */
export class Moves {
  private waiting: AgentMove[] = [];
  private readonly recorded = new Map<string, number>();
  private readonly arrivals = new Map<string, AgentPlace & { at: number }>();

  constructor(private readonly options: { store: MoveStore; log: Logger; now: () => number }) {}

  /** An agent is heard of in this place for the first time, as far as this process knows. */
  arrived(place: AgentPlace): void {
    if (this.arrivals.size >= MAX_KNOWN) return;
    const { shard, instanceUid } = place;
    this.arrivals.set(agentKey(place), { shard, instanceUid, at: this.options.now() });
  }

  left(place: AgentPlace): void {
    this.arrivals.delete(agentKey(place));
  }

  /** An agent moved before our eyes. */
  add(move: AgentMove): void {
    const now = this.options.now();
    const before = this.recorded.get(move.instanceUid);
    if (before !== undefined && now - before < AGAIN_MS) return;
    if (this.waiting.length >= MAX_WAITING) {
      this.options.log.warn(move, 'an agent moved; too many do at once for all to be recorded');
      return;
    }
    this.recorded.delete(move.instanceUid);
    if (this.recorded.size >= MAX_KNOWN) {
      const [oldest] = this.recorded.keys();
      if (oldest !== undefined) this.recorded.delete(oldest);
    }
    this.recorded.set(move.instanceUid, now);
    this.waiting.push(move);
  }

  /**
   * Records what waits, a part of it at a time.
   * @param aliveMs how long an agent counts as alive that is not noted again.
   */
  async round(aliveMs: number): Promise<void> {
    await this.lookAfter(aliveMs + GRACE_MS);
    const moves = this.waiting.splice(0, ROUND);
    for (const move of moves) {
      try {
        await this.options.store.move(move);
      } catch (error) {
        this.options.log.warn({ ...move, err: error }, 'the move of an agent was not recorded');
      }
    }
  }

  private async lookAfter(ageMs: number): Promise<void> {
    const due: (AgentPlace & { at: Date })[] = [];
    // In the order of their arrival: behind one that is too young all are.
    for (const [key, { at, ...place }] of this.arrivals) {
      if (due.length >= ROUND || this.options.now() - at < ageMs) break;
      this.arrivals.delete(key);
      due.push({ ...place, at: new Date(at) });
    }
    if (due.length === 0) return;
    try {
      for (const move of await this.options.store.findMoves(due)) this.add(move);
    } catch (error) {
      this.options.log.warn({ err: error }, 'agents that may have moved could not be looked up');
    }
  }
}
