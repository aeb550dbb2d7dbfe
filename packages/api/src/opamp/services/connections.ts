import type { Admitted } from '../fleet';
import type { Pass } from './admission';
import type { Agent, AgentLink } from './registry';

/** What goes to an agent: the second part, if any, is shared by all that are sent the same config. */
export interface Outgoing {
  head: Uint8Array;
  wire: Uint8Array | undefined;
}

/** Why a connection is closed, as WebSockets (RFC 6455, section 7.4) and the metric know it. */
export interface Closing {
  code: 1000 | 1001 | 1008 | 1013;
  reason: string;
}

/** An open WebSocket. Times are in milliseconds. */
export interface Connection extends AgentLink {
  readonly pass: Pass;
  /** Who speaks over it; `undefined` until it said so. */
  agent: Agent | undefined;
  /** Whether the agent says by itself that it is alive. */
  hasHeartbeat: boolean;
  readonly openedAt: number;
  /** Whether it carried a message yet. */
  hasSpoken: boolean;
  /** Of the last message or pong. */
  heardAt: number;
  /** Of a ping that was not answered yet; 0: there is none. */
  pingedAt: number;
  /** Since when a message has been incomplete; 0: there is none. */
  readonly partialSince: number;
  /** Since when something could not be written; 0: all was. */
  readonly blockedSince: number;
  /** Sends a message; `written` once it is out of our hands, or the connection is gone. */
  deliver(message: Outgoing, written?: () => void): void;
  finish(closing: Closing): void;
}

export interface ConnectionLimits {
  /** Until the first message. */
  firstMessageMs: number;
  /** Between two pings of an agent without heartbeats; one with heartbeats is pinged when two of them did not come. */
  pingMs: number;
  /** Three intervals of heartbeats, 30 s each by default: who says nothing for so long is gone. */
  silentMs: number;
  /** For the rest of a message that has begun to come. */
  messageMs: number;
  /** For an agent to read what it was sent. */
  readMs: number;
}

export const CONNECTION_LIMITS: ConnectionLimits = {
  firstMessageMs: 10_000,
  pingMs: 30_000,
  silentMs: 90_000,
  messageMs: 30_000,
  readMs: 30_000,
};

export type Overdue = 'silent' | 'slow_reader';

/** Under one token. */
interface Held {
  pass: Pass;
  connections: Set<Connection>;
}

/** All open WebSockets of this process, found by shard and by token. */
export class Connections {
  private readonly shards = new Map<string, Set<Connection>>();
  private readonly passes = new Map<string, Held>();
  private count = 0;

  constructor(private readonly limits: ConnectionLimits = CONNECTION_LIMITS) {}

  get size(): number {
    return this.count;
  }

  /** How many came with the same token or key. */
  sizeOf({ id }: Pass): number {
    return this.passes.get(id)?.connections.size ?? 0;
  }

  /** The pass that all connections with the same token share; of the first of them, that one. */
  shared(pass: Pass): Pass {
    return this.passes.get(pass.id)?.pass ?? pass;
  }

  add(connection: Connection): void {
    const { pass } = connection;
    const held = this.passes.get(pass.id) ?? { pass, connections: new Set() };
    held.connections.add(connection);
    this.passes.set(pass.id, held);
    const { shard } = pass.admitted;
    this.shards.set(shard, (this.shards.get(shard) ?? new Set()).add(connection));
    this.count += 1;
  }

  delete(connection: Connection): void {
    const { id, admitted } = connection.pass;
    const held = this.passes.get(id);
    if (held?.connections.delete(connection) !== true) return;
    if (held.connections.size === 0) this.passes.delete(id);
    const ofShard = this.shards.get(admitted.shard);
    ofShard?.delete(connection);
    if (ofShard?.size === 0) this.shards.delete(admitted.shard);
    this.count -= 1;
  }

  ofShard(shard: Admitted['shard']): Iterable<Connection> {
    return this.shards.get(shard) ?? [];
  }

  *[Symbol.iterator](): IterableIterator<Connection> {
    for (const connections of this.shards.values()) yield* connections;
  }

  /** Those whose token was revoked, or has come to its end. */
  *outdated(): IterableIterator<Connection> {
    for (const { pass, connections } of this.passes.values()) {
      if (!pass.isGood()) yield* connections;
    }
  }

  /**
   * Looks after all of them at once, so that none needs a timer of its own: pings agents that do not say by themselves
   * that they are alive, and names those that are overdue.
   */
  sweep(now: number): [Connection, Overdue][] {
    const overdue: [Connection, Overdue][] = [];
    for (const connection of this) {
      const why = this.overdue(connection, now);
      if (why) overdue.push([connection, why]);
      else if (this.isPingDue(connection, now)) connection.probe();
    }
    return overdue;
  }

  private overdue(connection: Connection, now: number): Overdue | undefined {
    const { firstMessageMs, silentMs, messageMs, readMs } = this.limits;
    const { hasSpoken, openedAt, heardAt, partialSince, blockedSince } = connection;
    if (blockedSince > 0 && now - blockedSince >= readMs) return 'slow_reader';
    if (partialSince > 0 && now - partialSince >= messageMs) return 'silent';
    if (!hasSpoken && now - openedAt >= firstMessageMs) return 'silent';
    return now - heardAt >= silentMs ? 'silent' : undefined;
  }

  private isPingDue({ hasHeartbeat, heardAt, pingedAt }: Connection, now: number): boolean {
    const { pingMs } = this.limits;
    // One whose heartbeats do not come may have another interval.
    const quietMs = hasHeartbeat ? 2 * pingMs : pingMs;
    return now - heardAt >= quietMs && now - pingedAt >= pingMs;
  }
}
