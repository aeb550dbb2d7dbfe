import type { Metrics } from '../../metrics';
import type { Connection, Connections, Outgoing } from './connections';

export interface PushOptions {
  connections: Connections;
  /** What an agent is to be sent now; `undefined`: nothing. */
  outgoing(connection: Connection): Outgoing | undefined;
  metrics: Metrics;
  limits?: PushLimits;
  /** The clock, in milliseconds. */
  now?: () => number;
}

export interface PushLimits {
  /** Bytes that were given to sockets and not written yet, for all agents. */
  bytesInFlight: number;
  /** Who has not taken a config after this time no longer holds up others; milliseconds. */
  slowMs: number;
  /** Agents that are looked after before others get their turn. */
  atOnce: number;
}

const PUSH_LIMITS: PushLimits = { bytesInFlight: 64 * 1024 * 1024, slowMs: 1_000, atOnce: 64 };

/** Of a config that is under way. */
interface UnderWay {
  bytes: number;
  /** When it began. */
  at: number;
  /** When another change came meanwhile. */
  again: number | undefined;
}

/**
 * Sends new configs to agents with an open WebSocket, without being asked. Each agent has one under way at the most; where
 * its config changes meanwhile, it is looked after again when that is written, and gets the newest alone.
 */
export class Push {
  /** Whom a change may concern, with its time, in the order in which they are looked after. */
  private waiting = new Map<Connection, number>();
  private readonly underWay = new Map<Connection, UnderWay>();
  private bytes = 0;
  private scheduled: NodeJS.Immediate | undefined;
  private retry: NodeJS.Timeout | undefined;
  private readonly limits: PushLimits;
  private readonly now: () => number;

  constructor(private readonly options: PushOptions) {
    this.limits = options.limits ?? PUSH_LIMITS;
    this.now = options.now ?? Date.now;
  }

  /** The configs of these shards changed. */
  changed(shards: Iterable<string>): void {
    const { connections } = this.options;
    for (const shard of shards) {
      for (const connection of connections.ofShard(shard)) this.wait(connection);
    }
  }

  /** One agent may be due a config. */
  check(connection: Connection): void {
    this.wait(connection);
  }

  /** A connection is gone. */
  forget(connection: Connection): void {
    this.written(connection);
    this.waiting.delete(connection);
  }

  stop(): void {
    this.waiting.clear();
    clearImmediate(this.scheduled);
    clearTimeout(this.retry);
  }

  private wait(connection: Connection): void {
    const push = this.underWay.get(connection);
    // The time of the first change that it has not got yet.
    if (push) push.again ??= this.now();
    else if (!this.waiting.has(connection)) this.waiting.set(connection, this.now());
    this.schedule();
  }

  private schedule(): void {
    this.scheduled ??= setImmediate(() => {
      this.scheduled = undefined;
      this.round();
    });
  }

  private round(): void {
    let places = this.limits.atOnce;
    for (const [connection, since] of this.waiting) {
      if (this.bytes >= this.limits.bytesInFlight) {
        this.waitForRoom();
        return;
      }
      if (places === 0) {
        this.schedule();
        return;
      }
      places -= 1;
      this.waiting.delete(connection);
      this.send(connection, since);
    }
  }

  private send(connection: Connection, since: number): void {
    const message = this.options.outgoing(connection);
    if (!message) return;
    const bytes = message.head.byteLength + (message.wire?.byteLength ?? 0);
    this.underWay.set(connection, { bytes, at: this.now(), again: undefined });
    this.bytes += bytes;
    const { metrics } = this.options;
    metrics.count('opamp_pushes_total', {});
    connection.deliver(message, () => {
      metrics.observe('opamp_push_duration_seconds', {}, (this.now() - since) / 1_000);
      this.written(connection);
    });
  }

  private written(connection: Connection): void {
    const push = this.underWay.get(connection);
    if (!push) return;
    this.underWay.delete(connection);
    this.bytes -= push.bytes;
    if (push.again !== undefined) this.waiting.set(connection, push.again);
    if (this.waiting.size > 0) this.schedule();
  }

  /** Slow readers keep what they were sent, but no longer the places of others. */
  private waitForRoom(): void {
    const { slowMs } = this.limits;
    this.retry ??= setTimeout(() => {
      this.retry = undefined;
      const slowSince = this.now() - slowMs;
      for (const push of this.underWay.values()) {
        if (push.at > slowSince) continue;
        this.bytes -= push.bytes;
        push.bytes = 0;
      }
      this.schedule();
    }, slowMs / 4).unref();
  }
}
