import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

import type { Metrics } from '../../metrics';
import { Budget } from '../../utils/budget';
import type { Logger } from '../../utils/logger';

const compress = promisify(gzip);

/** An effective config as it is kept. */
export interface KeptConfig {
  key: string;
  /** gzip */
  body: Buffer;
  /** Characters. */
  size: number;
  at: Date;
}

export interface EffectiveConfigsOptions {
  write(config: KeptConfig): Promise<void>;
  /** Takes secrets out of the text; in time that is linear in its length. */
  redact(text: string): string | Promise<string>;
  log: Logger;
  metrics: Metrics;
  now: () => number;
  limits?: Partial<EffectiveConfigLimits>;
}

export interface EffectiveConfigLimits {
  /** Bytes of one agent's config; a collector with 250 tenants writes about 4 MB, all defaults spelled out. */
  one: number;
  /** Bytes of all that wait. */
  waiting: number;
  /** Agents whose last text is known, so that the same one is not kept twice. */
  agents: number;
  /** Bytes, compressed, of agents of one shard whose config was not kept before, at once and in a day. */
  newPerDay: number;
}

const DEFAULT_LIMITS: EffectiveConfigLimits = {
  one: 8 * 1024 * 1024,
  waiting: 32 * 1024 * 1024,
  agents: 100_000,
  newPerDay: 512 * 1024 * 1024,
};

const DAY_MS = 86_400_000;

/** What waits of the agents of one shard. */
interface Room {
  texts: Map<string, Buffer>;
  bytes: number;
}

/** The shard of an agent, by the key of its documents (`agentKey`). */
const shardOf = (key: string): string => key.slice(0, key.lastIndexOf('/'));

/**
 * The rest is left to others for this many times as long as a config took: after a change for all agents each of them sends
 * its effective config, and none of that may hold up a poll.
 */
const PAUSE_FACTOR = 4;

/** A fingerprint, not a proof: enough to tell one text from the next. */
const FINGERPRINT_DIGITS = 12;

/** An agent's files as one text, in the order of their names. */
function textOf(files: ReadonlyMap<string, Uint8Array>): Buffer {
  const [only] = files.values();
  if (only && files.size === 1) return Buffer.from(only);
  const named = [...files].sort(([a], [b]) => (a < b ? -1 : 1));
  return Buffer.concat(
    named.flatMap(([name, body]) => [Buffer.from(`# ${JSON.stringify(name)}\n`), body, LINE_END]),
  );
}

const LINE_END = Buffer.from('\n');

/**
 * Keeps what agents say that they run: one text after the other, redacted and compressed, the newest of each agent, the shards
 * in turn. Where more comes than there is room for, those of the shard that has most of it are dropped; an agent sends its text
 * again with its next full state.
 */
export class EffectiveConfigs {
  /** By shard, in the order of their turns. */
  private readonly rooms = new Map<string, Room>();
  private waitingBytes = 0;
  /** What is kept of agents whose config was not kept before, by shard. */
  private readonly newcomers: Budget;
  private readonly kept = new Map<string, string>();
  private running: Promise<void> | undefined;
  private readonly stopping = new AbortController();
  private readonly limits: EffectiveConfigLimits;

  constructor(private readonly options: EffectiveConfigsOptions) {
    this.limits = { ...DEFAULT_LIMITS, ...options.limits };
    const { newPerDay: amount } = this.limits;
    this.newcomers = new Budget({ amount, periodMs: DAY_MS, now: options.now });
  }

  /** Takes a copy of the files; returns at once. */
  add(key: string, files: ReadonlyMap<string, Uint8Array>): void {
    let bytes = 0;
    for (const body of files.values()) bytes += body.byteLength;
    // An agent that has none yet says so with an empty map.
    if (bytes === 0) return;
    this.drop(key);
    if (bytes > this.limits.one || this.stopping.signal.aborted || !this.makeRoom(key, bytes)) {
      this.count('dropped');
      return;
    }
    const text = textOf(files);
    const shard = shardOf(key);
    const room = this.rooms.get(shard) ?? { texts: new Map(), bytes: 0 };
    room.texts.set(key, text);
    room.bytes += text.byteLength;
    this.rooms.set(shard, room);
    this.waitingBytes += text.byteLength;
    this.running ??= this.keepAll().finally(() => (this.running = undefined));
  }

  /** The agent is to be forgotten, or is another one by now. */
  forget(key: string): void {
    this.drop(key);
    this.kept.delete(key);
  }

  /** Lets what waits go; waits for the one under way. */
  async stop(): Promise<void> {
    this.stopping.abort();
    this.rooms.clear();
    await this.running;
  }

  private drop(key: string): void {
    const shard = shardOf(key);
    const room = this.rooms.get(shard);
    const text = room?.texts.get(key);
    if (!room || !text) return;
    room.texts.delete(key);
    room.bytes -= text.byteLength;
    this.waitingBytes -= text.byteLength;
    if (room.texts.size === 0) this.rooms.delete(shard);
  }

  /** Where there is no room, who has most of it gives some up: the newest first. @returns false where that is the newcomer. */
  private makeRoom(key: string, bytes: number): boolean {
    const mine = (this.rooms.get(shardOf(key))?.bytes ?? 0) + bytes;
    while (this.waitingBytes + bytes > this.limits.waiting) {
      let largest: Room | undefined;
      for (const room of this.rooms.values()) {
        if (!largest || room.bytes > largest.bytes) largest = room;
      }
      if (!largest || largest.bytes <= mine) return false;
      const newest = [...largest.texts.keys()].at(-1);
      if (newest === undefined) return false;
      this.drop(newest);
      this.count('dropped');
    }
    return true;
  }

  /** The oldest of the shard whose turn it is; its next turn comes after the others'. */
  private takeNext(): { key: string; text: Buffer } | undefined {
    const [next] = this.rooms;
    if (!next) return undefined;
    const [shard, room] = next;
    const [oldest] = room.texts;
    if (!oldest) return undefined;
    const [key, text] = oldest;
    this.drop(key);
    if (this.rooms.delete(shard)) this.rooms.set(shard, room);
    return { key, text };
  }

  private count(result: 'kept' | 'unchanged' | 'dropped' | 'failed'): void {
    this.options.metrics.count('opamp_effective_configs_total', { result });
  }

  private async keepAll(): Promise<void> {
    const { signal } = this.stopping;
    // What comes in one turn, such as two messages of one agent, is gathered.
    await sleep(0);
    for (;;) {
      if (signal.aborted) return;
      const next = this.takeNext();
      if (!next) return;
      const { key, text } = next;
      const begun = performance.now();
      await this.keep(key, text);
      const pause = (performance.now() - begun) * PAUSE_FACTOR;
      await sleep(pause, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  private async keep(key: string, raw: Buffer): Promise<void> {
    const fingerprint = createHash('sha256')
      .update(raw)
      .digest('base64')
      .slice(0, FINGERPRINT_DIGITS);
    if (this.kept.get(key) === fingerprint) {
      this.count('unchanged');
      return;
    }
    try {
      const text = await this.options.redact(raw.toString('utf8'));
      const at = new Date(this.options.now());
      const body = await compress(text);
      if (!this.kept.has(key) && !this.newcomers.take(shardOf(key), body.byteLength)) {
        this.count('dropped');
        return;
      }
      await this.options.write({ key, body, size: text.length, at });
      this.remember(key, fingerprint);
      this.count('kept');
    } catch (error) {
      this.count('failed');
      this.options.log.warn({ err: error }, "an agent's effective config could not be kept");
    }
  }

  private remember(key: string, fingerprint: string): void {
    this.kept.delete(key);
    if (this.kept.size >= this.limits.agents) {
      const [oldest] = this.kept.keys();
      if (oldest !== undefined) this.kept.delete(oldest);
    }
    this.kept.set(key, fingerprint);
  }
}
