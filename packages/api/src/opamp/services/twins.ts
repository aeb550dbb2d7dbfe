import type { AgentState } from './agentState';
import type { Connection } from './connections';
import type { Agent } from './registry';

/** How long an agent with an open WebSocket has to prove that it is alive. */
export const PROOF_MS = 5_000;

/** For so long one that proved it is not asked again. */
const PROVEN_MS = 60_000;

/** Polls of two agents under one instance UID, one after the other: so often, within this time, it is no chance. */
const CROSSINGS = 2;
const CROSSING_MS = 120_000;

/** Uncommon by far; more than these at once are served as one agent. */
const MAX_CASES = 10_000;

/** The owner of an instance UID, and another that came with it. */
interface Contest {
  /** When the owner was asked for a sign of life. */
  askedAt: number;
  /** When it gave one; `undefined`: not yet. */
  provenAt: number | undefined;
  /** Of the other; `undefined`: it polls. */
  challenger: Connection | undefined;
}

interface Crossings {
  /** Where the sequence number was before it went back; `undefined`: it has gone on from there. */
  from: bigint | undefined;
  count: number;
  at: number;
}

/**
 * Two agents of one shard under one instance UID, as a copied disk or image makes them. The agent that comes back after its
 * connection was lost looks the same until the old connection proves dead, so the owner is asked for a sign of life; of
 * agents that poll, sequence numbers tell that cross each other.
 */
export class Twins {
  private readonly contests = new Map<Agent, Contest>();
  private readonly crossings = new Map<Agent, Crossings>();

  /** Another than the owner of an open WebSocket speaks: `taken` once the owner proved to be alive, until then `unknown`. */
  contest(owner: Agent, challenger: Connection | undefined, now: number): 'taken' | 'unknown' {
    const known = this.contests.get(owner);
    if (known) {
      known.challenger = challenger;
      return known.provenAt === undefined ? 'unknown' : 'taken';
    }
    if (this.contests.size < MAX_CASES) {
      this.contests.set(owner, { askedAt: now, provenAt: undefined, challenger });
      owner.link?.probe();
    }
    return 'unknown';
  }

  /** An agent gave a sign of life over its own connection. Returns the connection of one that waited for that. */
  alive(owner: Agent, now: number): Connection | undefined {
    if (this.contests.size === 0) return undefined;
    const contest = this.contests.get(owner);
    if (!contest) return undefined;
    const isNews = contest.provenAt === undefined;
    contest.provenAt ??= now;
    return isNews ? contest.challenger : undefined;
  }

  /** Whether a poll shows that two agents poll under this UID. @param known what the one before it left. */
  crosses(agent: Agent, known: AgentState, sequence: bigint, now: number): boolean {
    const back = sequence < known.sequence;
    if (!back && sequence <= known.sequence + 1n) return false;
    const seen = this.crossings.get(agent);
    if (back) {
      if (!seen && this.crossings.size >= MAX_CASES) return false;
      const fresh = seen && now - seen.at < CROSSING_MS ? seen.count : 0;
      this.crossings.set(agent, { from: known.sequence, count: fresh, at: now });
      return false;
    }
    if (seen?.from === undefined || sequence <= seen.from) return false;
    seen.from = undefined;
    seen.count += 1;
    if (seen.count < CROSSINGS) return false;
    this.crossings.delete(agent);
    return true;
  }

  /** Owners that gave no sign of life in time, with who came in their place. To be called every second or so. */
  sweep(now: number): { owner: Agent; challenger: Connection | undefined }[] {
    const dead: { owner: Agent; challenger: Connection | undefined }[] = [];
    for (const [owner, { askedAt, provenAt, challenger }] of this.contests) {
      if (provenAt === undefined ? now - askedAt < PROOF_MS : now - provenAt < PROVEN_MS) continue;
      this.contests.delete(owner);
      if (provenAt === undefined) dead.push({ owner, challenger });
    }
    for (const [agent, { at }] of this.crossings) {
      if (now - at >= CROSSING_MS) this.crossings.delete(agent);
    }
    return dead;
  }
}
