import { createHash } from 'node:crypto';

import type { Admitted, ConfigReport, Offer } from '../fleet';
import { KnownSecrets } from '../services/fleet/knownSecrets';
import { MemoryFleet } from './memoryFleet';

/** A shard of the fleet, and what is known of it to nobody else. */
export interface FuzzShard {
  admitted: Admitted;
  token: string;
  /** Stands in each of its configs. */
  secret: string;
  offers: readonly [Offer, Offer];
  /** Which of the two is meant for its agents. */
  current: 0 | 1;
}

const SHARDS = [
  'shared:default',
  'dedicated:64b0c0ffee64b0c0ffee64b0',
  'named:edge:0',
  'named:edge:1',
];

const REQUIRES = { receivers: ['receivers_1'], exporters: ['exporters_19'] };

/** Begins each shard's secret; no text that leaves the conversation may hold it. */
export const SECRET_PREFIX = 'secret-of-';

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');

/** A few shards of two configs each, of which an agent that fails one is meant to run the other. */
export class FuzzFleet extends MemoryFleet {
  readonly shards: readonly FuzzShard[];
  /** As the service has it. */
  readonly known: KnownSecrets;

  constructor() {
    super();
    this.shards = SHARDS.map((id) => {
      const secret = `${SECRET_PREFIX}${digest(id).slice(0, 24)}`;
      const token = `hdxc_${digest(`token ${id}`)}`;
      const offerOf = (revision: number): Offer => {
        const clickhouse = { password: secret, revision };
        return this.offer(id, JSON.stringify({ exporters: { clickhouse } }), REQUIRES);
      };
      const [second, first] = [offerOf(2), offerOf(1)];
      return {
        admitted: this.addToken(token, id),
        token,
        secret,
        offers: [first, second],
        current: 0,
      };
    });
    this.known = new KnownSecrets(this.shards.map(({ secret }) => secret));
  }

  /** A config that fails is not offered on: the other one is. Nothing is kept: there are millions of reports. */
  override reported(shard: string, _instanceUid: string, { status, hash }: ConfigReport): void {
    const known = this.shards.find(({ admitted }) => admitted.shard === shard);
    if (known && status === 'failed' && known.offers[known.current].hashHex === hash)
      this.turn(known);
  }

  override health(): void {
    // What is healthy here stays so.
  }

  override redact(text: string): string {
    return this.known.redact(text);
  }

  /** Another config is meant for a shard from now on. */
  turn(shard: FuzzShard): void {
    shard.current = shard.current === 0 ? 1 : 0;
    this.revision += 1;
    this.means(shard.offers[shard.current]);
  }
}
