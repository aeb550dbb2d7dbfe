import type { CollectorGroup } from '@hyperdx-tenancy/domain/contracts/collectorGroup';
import { TenancyError } from '@hyperdx-tenancy/domain/errors';

import { Budget } from '../../utils/budget';
import type { Admitted, AgentLog, Departure } from '../fleet';
import type { AgentState } from './agentState';
import { HEARTBEAT_SECONDS } from './conversation';

/** The open WebSocket of an agent, as far as others need it. */
export interface AgentLink {
  /** Asks the agent for a sign of life. */
  probe(): void;
  /** Cuts the connection. */
  terminate(): void;
}

/** An agent as this process knows it: some 0.5 KB with its state. */
export interface Agent {
  readonly instanceUid: string;
  readonly shard: string;
  /** By the token that it came with last. */
  admitted: Admitted;
  /** `undefined` once it said goodbye. */
  state: AgentState | undefined;
  /** When it was heard of, in milliseconds. */
  at: number;
  /** Its open WebSocket; `undefined`: it polls, or is away. */
  link: AgentLink | undefined;
  /** True once it said goodbye, its connection ended, it was silent for too long, or its token is good no more. */
  gone: boolean;
  /** True where it is gone because its connection ended. */
  wasCut: boolean;
  /** Of those with the same instance UID in other shards, the next. */
  next: Agent | undefined;
}

export interface RegistryLimits {
  /** Agents in all. */
  total: number;
  /** Agents under one token: whoever holds it can name as many instances as they like. */
  token: number;
  /** Agents never heard of before under one token, at once and in an hour. */
  newPerHour: number;
}

/** `TENANCY_OPAMP_MAX_AGENTS` and `TENANCY_OPAMP_MAX_AGENTS_PER_TOKEN` as they are by default. */
const DEFAULT_LIMITS: RegistryLimits = { total: 50_000, token: 25_000, newPerHour: 25_000 };

/** Three polls of a supervisor that keeps its own interval of 30 s: who was silent longer is gone. */
export const SILENT_MS = 90_000;

/** How many times its interval may pass before an agent that polls is no longer taken for alive. */
const MISSED = 3;

/**
 * How long an agent that polls counts as alive, where another comes with its instance UID: by the interval that it was given, or
 * else the 30 s that it may poll at by itself.
 */
const aliveMs = ({ state }: Agent): number =>
  state?.heartbeatOffered === true ? MISSED * HEARTBEAT_SECONDS * 1_000 : SILENT_MS;

/** So long an agent whose connection ended may come back before another with its instance UID is taken for it. */
const CLOSED_MS = 90_000;

function isAlive(agent: Agent, now: number): boolean {
  // What somebody says who knows its UID does not end it while it may be on its way back.
  if (agent.gone) return agent.wasCut && agent.at > now - CLOSED_MS;
  return agent.link !== undefined || agent.at > now - aliveMs(agent);
}

/** For so long an agent that is gone is known: what it comes back with continues what it said before. */
const HOUR_MS = 3_600_000;
const REMEMBER_MS = HOUR_MS;

/** When all live agents take up all places; there will be room when some are gone. */
const RETRY_SECONDS = 30;

/** What the registry tells. */
export type Departures = Pick<AgentLog, 'gone' | 'moved'>;

/**
 * Agents that were heard of lately, by shard and instance UID: the UID alone carries no trust. Where it is full, those that
 * are gone make room; a live agent is never pushed out by a new one, which is refused.
 */
export class AgentRegistry {
  private readonly uids = new Map<string, Agent>();
  private readonly tokens = new Map<string, Set<Agent>>();
  /** In the order in which they left. */
  private readonly departed = new Set<Agent>();
  private live = 0;
  /** Agents never heard of before, by token. */
  private readonly arrivals: Budget;

  /** @param now the clock, in milliseconds. */
  constructor(
    private readonly departures: Departures,
    private readonly limits: RegistryLimits = DEFAULT_LIMITS,
    private readonly now: () => number = Date.now,
  ) {
    this.arrivals = new Budget({ amount: limits.newPerHour, periodMs: HOUR_MS, now });
  }

  /** Agents that are known, also those that are gone. */
  get size(): number {
    return this.live + this.departed.size;
  }

  find(shard: string, instanceUid: string): Agent | undefined {
    let agent = this.uids.get(instanceUid);
    while (agent && agent.shard !== shard) agent = agent.next;
    return agent;
  }

  /** Whether one more agent of a token would be refused. */
  isFull(token: string): boolean {
    return (
      this.live >= this.limits.total || (this.tokens.get(token)?.size ?? 0) >= this.limits.token
    );
  }

  /**
   * Takes in what an agent said. One that was not known, or was gone, takes a place.
   * @param known what {@link find} says of it.
   * @throws TenancyError `too_many_agents`; it is then not remembered.
   */
  heard(
    admitted: Admitted,
    instanceUid: string,
    state: AgentState,
    known = this.find(admitted.shard, instanceUid),
  ): Agent {
    if (!known || known.gone || known.admitted.token !== admitted.token) {
      return this.enter(known, admitted, instanceUid, state);
    }
    known.admitted = admitted;
    known.state = state;
    known.at = this.now();
    return known;
  }

  /** An agent said goodbye. */
  goodbye(agent: Agent): void {
    agent.state = undefined;
    this.depart(agent, 'goodbye');
  }

  /** An agent's connection ended. */
  closed(agent: Agent): void {
    agent.link = undefined;
    this.depart(agent, 'closed');
  }

  /** Ends all agents whose token is good no more: what they say from now on is refused. */
  revoke(isOpen: (admitted: Admitted) => boolean): void {
    for (const agents of this.tokens.values()) {
      // Of one token, all are let in alike.
      const [first] = agents;
      if (!first || isOpen(first.admitted)) continue;
      for (const agent of agents) this.depart(agent, 'revoked');
    }
  }

  /** Notes which agents were silent for too long, and forgets those that have been gone for long. To be called now and then. */
  sweep(): void {
    const silentSince = this.now() - SILENT_MS;
    const forgetBefore = this.now() - REMEMBER_MS;
    for (const agents of this.tokens.values()) {
      for (const agent of agents) {
        // Whether a WebSocket is alive is known of the connection.
        if (agent.link || agent.at > silentSince) continue;
        this.depart(agent, 'silent');
      }
    }
    for (const agent of this.departed) {
      if (agent.at < forgetBefore) this.forget(agent);
    }
  }

  /** How many agents there are that are not gone, by the kind of their group. */
  count(): Record<CollectorGroup['kind'], number> {
    const counts = { shared: 0, dedicated: 0, named: 0 };
    for (const agents of this.tokens.values()) {
      // Of one token, all are of one kind.
      for (const { admitted } of agents) {
        counts[admitted.kind] += agents.size;
        break;
      }
    }
    return counts;
  }

  private enter(
    known: Agent | undefined,
    admitted: Admitted,
    instanceUid: string,
    state: AgentState,
  ): Agent {
    // One that changes its token, as with a rotation, leaves its place under the other.
    const isLive = known !== undefined && !known.gone;
    const isFull =
      (this.tokens.get(admitted.token)?.size ?? 0) >= this.limits.token ||
      (!isLive && this.live >= this.limits.total);
    if (isFull) {
      throw new TenancyError('too_many_agents', 'As many agents are here as there may be.', {
        retryAfterSeconds: RETRY_SECONDS,
      });
    }
    if (!known && !this.arrivals.take(admitted.token)) {
      throw new TenancyError('too_many_agents', 'Too many new agents came with this token.', {
        retryAfterSeconds: RETRY_SECONDS,
      });
    }
    if (known) this.leavePlace(known);
    const agent: Agent = known ?? {
      instanceUid,
      shard: admitted.shard,
      admitted,
      state,
      at: 0,
      link: undefined,
      gone: false,
      wasCut: false,
      next: undefined,
    };
    agent.admitted = admitted;
    agent.state = state;
    agent.at = this.now();
    agent.gone = false;
    const agents = this.tokens.get(admitted.token) ?? new Set();
    this.tokens.set(admitted.token, agents.add(agent));
    this.live += 1;
    if (!known) {
      agent.next = this.uids.get(instanceUid);
      this.uids.set(instanceUid, agent);
    }
    this.takeOver(agent);
    this.makeRoom();
    return agent;
  }

  /** The agents of this instance UID that are heard of no more under other shards: this one is them. */
  private takeOver(agent: Agent): void {
    let next = this.uids.get(agent.instanceUid);
    while (next) {
      const other = next;
      next = other.next;
      if (other === agent || isAlive(other, agent.at)) continue;
      this.departures.moved(agent.instanceUid, other.admitted, agent.admitted);
      this.forget(other);
    }
  }

  private depart(agent: Agent, why: Departure): void {
    if (agent.gone) return;
    this.leavePlace(agent);
    agent.gone = true;
    agent.wasCut = why === 'closed';
    if (why !== 'silent') agent.at = this.now();
    this.departed.add(agent);
    this.departures.gone(agent.shard, agent.instanceUid, why);
  }

  private makeRoom(): void {
    for (const agent of this.departed) {
      if (this.size <= this.limits.total) return;
      this.forget(agent);
    }
  }

  private leavePlace(agent: Agent): void {
    if (this.departed.delete(agent)) return;
    const agents = this.tokens.get(agent.admitted.token);
    if (agents?.delete(agent) !== true) return;
    this.live -= 1;
    if (agents.size === 0) this.tokens.delete(agent.admitted.token);
  }

  private forget(agent: Agent): void {
    this.leavePlace(agent);
    const first = this.uids.get(agent.instanceUid);
    if (first === agent) {
      if (agent.next) this.uids.set(agent.instanceUid, agent.next);
      else this.uids.delete(agent.instanceUid);
      return;
    }
    let before = first;
    while (before && before.next !== agent) before = before.next;
    if (before) before.next = agent.next;
  }
}
