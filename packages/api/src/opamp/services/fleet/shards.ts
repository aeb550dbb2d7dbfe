import type { ShardOffers } from './shardOffers';

/** A shard that nobody asked for within this time is forgotten, until somebody asks. */
const IDLE_MS = 10 * 60_000;
/** Shards that this process holds configs of, at the most; each takes up to a few MB. */
const MAX_SHARDS = 10_000;

/** The shards that this process holds configs of: those that were asked for lately. */
export class Shards {
  private readonly known = new Map<string, ShardOffers>();
  private sweptAt = 0;

  /** @param create makes one of which nothing is known yet. */
  constructor(private readonly create: (id: string) => ShardOffers) {}

  get(id: string): ShardOffers | undefined {
    return this.known.get(id);
  }

  [Symbol.iterator](): Iterator<ShardOffers> {
    return this.known.values();
  }

  /** Takes in one that is asked for, for the first time or again. */
  add(id: string): ShardOffers {
    const known = this.known.get(id);
    if (known) return known;
    if (this.known.size >= MAX_SHARDS) {
      const [oldest] = this.known.keys();
      if (oldest !== undefined) this.known.delete(oldest);
    }
    const shard = this.create(id);
    this.known.set(id, shard);
    return shard;
  }

  /** Forgets those that nobody asks for; to be called now and then. */
  sweep(now: number): void {
    if (this.sweptAt === 0) this.sweptAt = now;
    if (now - this.sweptAt < IDLE_MS) return;
    this.sweptAt = now;
    for (const [id, shard] of this.known) {
      const isIdle = !shard.asked && shard.standings.size === 0 && shard.failures.size === 0;
      if (isIdle) this.known.delete(id);
      shard.asked = false;
    }
  }
}
