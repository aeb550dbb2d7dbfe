import { randomBytes } from 'node:crypto';

import type { Transport } from '@hyperdx-tenancy/domain/contracts/collectorAgent';

import type { Metrics } from '../../metrics';
import type { Logger } from '../../utils/logger';
import type { Admitted, AgentLog, Fleet } from '../fleet';
import {
  AgentCapability,
  decodeAgentMessage,
  encodeServerMessage,
  hasCapability,
} from '../proto/codec';
import type { AgentMessage } from '../proto/codec';
import type { AgentState } from '../services/agentState';
import { ComponentSets } from '../services/componentSets';
import type { Connection, Outgoing } from '../services/connections';
import { answer, push } from '../services/conversation';
import type { Answer } from '../services/conversation';
import type { Agent, AgentRegistry } from '../services/registry';
import { Twins } from '../services/twins';
import { Budget } from '../../utils/budget';

export { buildOtelCollectorConfig } from '../../controllers/collectorConfigs';

/** Who sent a message, and how. */
export interface Speaker {
  admitted: Admitted;
  /** Its WebSocket; `undefined`: it polls over HTTP. */
  connection?: Connection;
}

/** What the controller speaks for, and to. */
export interface OpampServices {
  fleet: Fleet;
  agents: AgentRegistry;
  agentLog: AgentLog;
  log: Logger;
  metrics: Metrics;
  /** The clock, in milliseconds. */
  now?: () => number;
}

/** A UUID version 7 (RFC 9562, section 5.7), as instance UIDs should be. */
function newUid(): Uint8Array {
  const uid = randomBytes(16);
  uid.writeUIntBE(Date.now(), 0, 6);
  uid[6] = ((uid[6] ?? 0) & 0x0f) | 0x70;
  uid[8] = ((uid[8] ?? 0) & 0x3f) | 0x80;
  return uid;
}

/** Kept of what an agent says of itself (OpenTelemetry semantic conventions). */
const KEPT_ATTRIBUTES = ['service.name', 'service.version', 'host.name', 'os.type'] as const;

function keptAttributes(
  attributes: ReadonlyMap<string, string> | undefined,
): Record<string, string> | undefined {
  if (!attributes) return undefined;
  const kept: Record<string, string> = {};
  for (const name of KEPT_ATTRIBUTES) {
    const value = attributes.get(name);
    if (value !== undefined) kept[name] = value;
  }
  return kept;
}

/** Lines in the log on one shard's agents that could not apply a config; all of them are in what is kept of agents. */
const FAILURES_A_MINUTE = 20;

/**
 * The way of a message, the same over HTTP and WebSockets: decoded, held against what is known of its agent, answered, and
 * noted. All of it happens in memory, and at once.
 */
export class OpampController {
  private readonly components = new ComponentSets();
  private readonly twins = new Twins();
  private readonly now: () => number;
  /** Lines on configs that failed, by shard: an agent can say so without end, each time for another reason. */
  private readonly lines: Budget;
  /** By the kind of the group: nearly all that happens here. */
  private readonly countAnswered: Record<Admitted['kind'], () => void>;

  constructor(private readonly services: OpampServices) {
    const answeredOf = (group: Admitted['kind']) =>
      services.metrics.counter('opamp_messages_total', { group, result: 'answered' });
    this.countAnswered = {
      shared: answeredOf('shared'),
      dedicated: answeredOf('dedicated'),
      named: answeredOf('named'),
    };
    const now = (this.now = services.now ?? Date.now);
    this.lines = new Budget({ amount: FAILURES_A_MINUTE, periodMs: 60_000, now });
  }

  /**
   * Answers one message of an admitted agent.
   * @throws TenancyError `invalid_opamp_message`, `too_many_agents`.
   */
  handle({ admitted, connection }: Speaker, body: Uint8Array): Outgoing {
    const { agents, fleet, metrics } = this.services;
    const message = decodeAgentMessage(body);
    const now = this.now();
    const { shard } = admitted;
    const agent = agents.find(shard, message.instanceUid);
    const claim = this.claim(agent, message, connection, now);
    const known = claim === 'its own' ? agent?.state : undefined;
    const transport: Transport = connection ? 'websocket' : 'http';
    const answered = answer(message, known, {
      shard,
      transport,
      fleet,
      components: this.components,
      now,
      newUid,
      uidTaken: claim === 'taken',
      reconnected: agent?.gone === true || (connection !== undefined && connection.agent !== agent),
    });
    if (claim === 'its own') this.keep(admitted, message, answered, agent, connection);
    const result = answered.offer ? 'offered' : message.disconnects ? 'goodbye' : 'answered';
    if (result === 'answered') this.countAnswered[admitted.kind]();
    else metrics.count('opamp_messages_total', { group: admitted.kind, result });
    return this.outgoing(answered);
  }

  /** What an agent with an open WebSocket is to be sent, unasked; `undefined`: it has what is meant for it. */
  push(connection: Connection): Outgoing | undefined {
    const { agents, fleet } = this.services;
    const { agent } = connection;
    if (!agent?.state || agent.link !== connection) return undefined;
    const { admitted, instanceUid, shard } = agent;
    const answered = push(instanceUid, agent.state, {
      shard,
      fleet,
      components: this.components,
      now: this.now(),
    });
    agents.heard(admitted, instanceUid, answered.state, agent);
    this.note(admitted, 'websocket', instanceUid, answered.state, answered);
    this.tell(admitted, instanceUid, answered);
    return answered.offer ? this.outgoing(answered) : undefined;
  }

  /** An agent answered a ping. */
  pong({ agent }: Connection): void {
    if (!agent) return;
    agent.at = this.now();
    this.alive(agent, agent.at);
  }

  /** A connection ended. */
  closed(connection: Connection): void {
    const { agent } = connection;
    connection.agent = undefined;
    if (agent?.link === connection) this.services.agents.closed(agent);
  }

  /** To be called every second or so. */
  sweep(): void {
    const { agents } = this.services;
    for (const { owner, challenger } of this.twins.sweep(this.now())) {
      owner.link?.terminate();
      agents.closed(owner);
      this.askAgain(owner, challenger);
    }
    agents.sweep();
  }

  private alive(agent: Agent, now: number): void {
    this.askAgain(agent, this.twins.alive(agent, now));
  }

  /** It is known by now who owns an instance UID: the other is asked to speak, and is answered accordingly. */
  private askAgain({ instanceUid }: Agent, challenger: Connection | undefined): void {
    const head = encodeServerMessage({ instanceUid, reportFullState: true });
    challenger?.deliver({ head, wire: undefined });
  }

  /** Whether an agent may speak under its instance UID, as far as its own shard goes. */
  private claim(
    agent: Agent | undefined,
    message: AgentMessage,
    connection: Connection | undefined,
    now: number,
  ): 'its own' | 'taken' | 'unknown' {
    if (!agent || agent.gone) return 'its own';
    if (agent.link) {
      if (agent.link !== connection) return this.twins.contest(agent, connection, now);
      this.alive(agent, now);
      return 'its own';
    }
    if (connection || !agent.state) return 'its own';
    const crosses = this.twins.crosses(agent, agent.state, message.sequence, now);
    return crosses ? 'taken' : 'its own';
  }

  private keep(
    admitted: Admitted,
    message: AgentMessage,
    answered: Answer,
    known: Agent | undefined,
    connection: Connection | undefined,
  ): void {
    const { agents, agentLog, metrics } = this.services;
    const { instanceUid } = message;
    const { state, news } = answered;
    if (!state) {
      if (message.disconnects && known) agents.goodbye(known);
      return;
    }
    const agent = agents.heard(admitted, instanceUid, state, known);
    if (connection) this.connect(agent, connection, state);
    const transport: Transport = connection ? 'websocket' : 'http';
    this.note(admitted, transport, instanceUid, state, answered, message);
    if (message.effectiveConfig?.size) {
      agentLog.effectiveConfig(admitted.shard, instanceUid, message.effectiveConfig);
    }
    if (news.components) agentLog.components(admitted.shard, instanceUid, news.components);
    if (news.config) {
      const { status } = news.config;
      metrics.count('opamp_config_reports_total', { group: admitted.kind, status });
    }
    this.tell(admitted, instanceUid, answered);
  }

  /** One connection speaks for one agent: where it names another UID, as after it was given a new one, the first is gone. */
  private connect(agent: Agent, connection: Connection, state: AgentState): void {
    connection.hasHeartbeat = hasCapability(state.capabilities, AgentCapability.ReportsHeartbeat);
    if (connection.agent === agent) return;
    this.closed(connection);
    connection.agent = agent;
    agent.link = connection;
  }

  private note(
    { shard, token }: Admitted,
    transport: Transport,
    instanceUid: string,
    state: AgentState,
    { standing, lacking }: Answer,
    message?: AgentMessage,
  ): void {
    const { agentLog, fleet } = this.services;
    const meant = fleet.offerFor(shard, instanceUid);
    // An agent that takes no configs has nothing to catch up with.
    const takes = hasCapability(state.capabilities, AgentCapability.AcceptsRemoteConfig);
    agentLog.note({
      shard,
      token,
      instanceUid,
      certain: !state.uncertain,
      transport,
      capabilities: state.capabilities,
      attributes: keptAttributes(message?.attributes),
      hash: state.configHash,
      status: state.configStatus,
      error: state.configError,
      state: standing,
      revision: standing === 'in_step' || !takes ? fleet.revision : 0,
      touched: fleet.touchedAt(shard),
      configRevision: meant?.hashHex === state.configHash ? meant?.revision : undefined,
      healthy: state.healthy,
      lastError: state.lastError,
      lacking,
    });
  }

  /** Says in the log what became of a config. */
  private tell({ shard }: Admitted, agent: string, { news, offer }: Answer): void {
    const { log } = this.services;
    if (news.config) {
      const { hash, status, error } = news.config;
      if (status === 'failed') {
        if (this.lines.take(shard)) {
          log.error({ shard, agent, hash, reason: error }, 'an agent could not apply its config');
        }
      } else {
        log.debug({ shard, agent, hash, status }, 'agent reports on its config');
      }
    }
    if (offer) {
      const { revision, wire } = offer;
      log.debug({ shard, agent, revision, bytes: wire.byteLength }, 'config offered');
    }
  }

  private outgoing({ reply, offer }: Answer): Outgoing {
    return { head: encodeServerMessage(reply), wire: offer?.wire };
  }
}
