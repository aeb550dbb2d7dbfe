import type { ConfigStatus } from '../proto/codec';

/** What this process remembers of an agent between two messages. */
export interface AgentState {
  sequence: bigint;
  /** Hash of the last config the agent said it got, hex; `undefined` until it said so. */
  configHash: string | undefined;
  configStatus: ConfigStatus;
  healthy: boolean | undefined;
  heartbeatOffered: boolean;
}

interface Heard {
  state: AgentState;
  /** When, in milliseconds. */
  at: number;
}

export interface RegistryLimits {
  /** Agents in all; each takes about 0.5 KB. */
  total: number;
  /** Agents of one group: whoever holds its token can name as many instances as they like. */
  group: number;
}

const DEFAULT_LIMITS: RegistryLimits = { total: 100_000, group: 25_000 };

/**
 * Agents that were heard of lately, by group and instance: an instance UID alone carries no trust. Where it is
 * full, the group that brings one more forgets its own agent that was silent longest, so that no group pushes
 * another's out; such an agent is asked for its full state when it comes again.
 */
export class AgentRegistry {
  // A Map iterates in the order of insertion; an agent heard of is put at the end anew.
  private readonly groups = new Map<string, Map<string, Heard>>();
  private count = 0;

  /** @param now the clock, in milliseconds. */
  constructor(
    private readonly limits: RegistryLimits = DEFAULT_LIMITS,
    private readonly now: () => number = Date.now,
  ) {}

  get size(): number {
    return this.count;
  }

  get(group: string, instanceUid: string): AgentState | undefined {
    return this.groups.get(group)?.get(instanceUid)?.state;
  }

  set(group: string, instanceUid: string, state: AgentState): void {
    this.delete(group, instanceUid);
    const agents = this.groups.get(group) ?? new Map<string, Heard>();
    this.groups.set(group, agents);
    if (agents.size >= this.limits.group || this.count >= this.limits.total) {
      const [oldest] = agents.keys();
      if (oldest !== undefined) this.drop(agents, oldest);
    }
    agents.set(instanceUid, { state, at: this.now() });
    this.count += 1;
  }

  delete(group: string, instanceUid: string): void {
    const agents = this.groups.get(group);
    if (!agents) return;
    this.drop(agents, instanceUid);
    if (agents.size === 0) this.groups.delete(group);
  }

  /** How many agents of each group were heard of within these milliseconds; without groups of none. */
  heardWithin(ms: number): ReadonlyMap<string, number> {
    const since = this.now() - ms;
    const counts = new Map<string, number>();
    for (const [group, agents] of this.groups) {
      let heard = 0;
      for (const { at } of agents.values()) if (at > since) heard += 1;
      if (heard > 0) counts.set(group, heard);
    }
    return counts;
  }

  private drop(agents: Map<string, Heard>, instanceUid: string): void {
    if (agents.delete(instanceUid)) this.count -= 1;
  }
}

/** Three polls of a supervisor that keeps its own interval of 30 s: who was silent longer is gone. */
const CONNECTED_MS = 90_000;

/** Agents that speak to this process, by the kind of their group. */
export function countConnected(agents: AgentRegistry): { shared: number; dedicated: number } {
  const counts = { shared: 0, dedicated: 0 };
  for (const [group, heard] of agents.heardWithin(CONNECTED_MS)) {
    counts[group.startsWith('shared:') ? 'shared' : 'dedicated'] += heard;
  }
  return counts;
}
