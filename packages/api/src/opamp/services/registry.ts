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

/** 10,000 agents take about 5 MB. */
const DEFAULT_LIMIT = 100_000;

/**
 * Agents that were heard of lately, by group and instance: an instance UID alone carries no trust. When
 * full, it forgets who was silent longest; such an agent is asked for its full state again.
 */
export class AgentRegistry {
  // A Map iterates in the order of insertion; an agent heard of is put at the end anew.
  private readonly agents = new Map<string, AgentState>();

  constructor(private readonly limit = DEFAULT_LIMIT) {}

  private static key(group: string, instanceUid: string): string {
    return `${group} ${instanceUid}`;
  }

  get size(): number {
    return this.agents.size;
  }

  get(group: string, instanceUid: string): AgentState | undefined {
    return this.agents.get(AgentRegistry.key(group, instanceUid));
  }

  set(group: string, instanceUid: string, state: AgentState): void {
    const key = AgentRegistry.key(group, instanceUid);
    this.agents.delete(key);
    this.agents.set(key, state);
    if (this.agents.size <= this.limit) return;
    const [oldest] = this.agents.keys();
    if (oldest !== undefined) this.agents.delete(oldest);
  }

  delete(group: string, instanceUid: string): void {
    this.agents.delete(AgentRegistry.key(group, instanceUid));
  }
}
