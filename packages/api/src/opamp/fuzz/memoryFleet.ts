import { createHash } from 'node:crypto';

import { hashToken } from '../../utils/secrets';
import type { Admitted, ConfigReport, Fleet, Offer } from '../fleet';
import { encodeRemoteConfig } from '../proto/codec';

/** A shard of the fleet, and what is known of it to nobody else. */
export interface MemoryShard {
  admitted: Admitted;
  token: string;
  /** Stands in each of its configs. */
  secret: string;
  offers: readonly [Offer, Offer];
  /** Which of the two is meant for its agents. */
  current: 0 | 1;
}

function offerOf(shard: string, secret: string, revision: number): Offer {
  const body = Buffer.from(
    JSON.stringify({ exporters: { clickhouse: { password: secret, revision } } }),
  );
  const hash = createHash('sha256').update(body).digest();
  return {
    shard,
    revision,
    hashHex: hash.toString('hex'),
    wire: encodeRemoteConfig(body, hash),
    requires: { receivers: ['receivers_1'], exporters: ['exporters_19'] },
  };
}

const SHARDS: readonly [string, Admitted['kind']][] = [
  ['shared:default', 'shared'],
  ['dedicated:64b0c0ffee64b0c0ffee64b0', 'dedicated'],
  ['named:edge:0', 'named'],
  ['named:edge:1', 'named'],
];

/** Begins each shard's secret; no text that leaves the conversation may hold it. */
export const SECRET_PREFIX = 'secret-of-';

/** A fleet of a few shards whose configs are at hand, as those of a running server are. */
export class MemoryFleet implements Fleet {
  readonly ready = true;
  readonly shards: readonly MemoryShard[];
  private readonly byId = new Map<string, MemoryShard>();
  private readonly listeners = new Set<Parameters<Fleet['onChange']>[0]>();
  private changes = 1;

  constructor() {
    this.shards = SHARDS.map(([id, kind]) => {
      const secret = `${SECRET_PREFIX}${createHash('sha256').update(id).digest('hex').slice(0, 24)}`;
      const shard: MemoryShard = {
        admitted: { shard: id, kind, token: `token of ${id}` },
        token: `hdxc_${createHash('sha256').update(`token ${id}`).digest('hex')}`,
        secret,
        offers: [offerOf(id, secret, 1), offerOf(id, secret, 2)],
        current: 0,
      };
      this.byId.set(id, shard);
      return shard;
    });
  }

  get revision(): number {
    return this.changes;
  }

  admit(tokenHash: string): Admitted | undefined {
    return this.shards.find(({ token }) => hashToken(token) === tokenHash)?.admitted;
  }

  admitKey(): undefined {
    return undefined;
  }

  ensure(): undefined {
    return undefined;
  }

  offerFor(shard: string): Offer | undefined {
    const known = this.byId.get(shard);
    return known?.offers[known.current];
  }

  /** A config that fails is not offered on: the other one is. */
  reported(shard: string, _instanceUid: string, { status, hash }: ConfigReport): void {
    const known = this.byId.get(shard);
    if (known && status === 'failed' && known.offers[known.current].hashHex === hash)
      this.turn(known);
  }

  health(): void {
    // What is healthy here stays so.
  }

  redact(text: string): string {
    return this.shards.reduce((rest, { secret }) => rest.replaceAll(secret, '***'), text);
  }

  onChange(listener: Parameters<Fleet['onChange']>[0]): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  /** Another config is meant for a shard from now on. */
  turn(shard: MemoryShard): void {
    shard.current = shard.current === 0 ? 1 : 0;
    this.changes += 1;
    for (const listener of this.listeners) listener(new Set([shard.admitted.shard]));
  }
}
