import { createHash } from 'node:crypto';

import { hashToken } from '../../utils/secrets';
import type { Admitted, ComponentTypes, ConfigReport, Fleet, Offer } from '../fleet';
import { encodeRemoteConfig } from '../proto/codec';

const KINDS: readonly Admitted['kind'][] = ['shared', 'dedicated', 'named'];

/** A fleet whose configs are texts that its user sets, all of them at hand unless it says otherwise. */
export class MemoryFleet implements Fleet {
  ready = true;
  revision = 1;
  readonly reports: (ConfigReport & { shard: string; instanceUid: string })[] = [];
  readonly healths: { shard: string; instanceUid: string; healthy: boolean }[] = [];
  /** Shards whose config is not at hand, with what ends the wait. */
  readonly cold = new Map<string, Promise<void>>();
  private readonly tokens = new Map<string, Admitted | 'revoked'>();
  private readonly keys = new Map<string, Admitted>();
  private readonly offers = new Map<string, Offer>();
  private readonly listeners = new Set<(shards: ReadonlySet<string> | undefined) => void>();

  /** Makes a token good for a shard. */
  addToken(token: string, shard: string): Admitted {
    const kind = KINDS.find((one) => shard.startsWith(`${one}:`)) ?? 'shared';
    const admitted: Admitted = { shard, kind, token: `id-of-${token}` };
    this.tokens.set(hashToken(token), admitted);
    return admitted;
  }

  addKey(key: string, shard: string): void {
    this.keys.set(key, { shard, kind: 'dedicated', token: `key:${shard}` });
  }

  revoke(token: string): void {
    this.tokens.set(hashToken(token), 'revoked');
    for (const listener of this.listeners) listener(undefined);
  }

  forget(token: string): void {
    this.tokens.delete(hashToken(token));
    for (const listener of this.listeners) listener(undefined);
  }

  /** Changes the config of a shard. */
  offer(shard: string, text: string, requires: ComponentTypes = {}): Offer {
    const hash = createHash('sha256').update(text).digest();
    this.revision += 1;
    const offer: Offer = {
      shard,
      revision: this.revision,
      hashHex: hash.toString('hex'),
      wire: encodeRemoteConfig(Buffer.from(text), hash),
      requires,
    };
    this.means(offer);
    return offer;
  }

  /** What is meant for a shard's agents is one that was made before. */
  protected means(offer: Offer): void {
    this.offers.set(offer.shard, offer);
    for (const listener of this.listeners) listener(new Set([offer.shard]));
  }

  admit(tokenHash: string): Admitted | 'revoked' | undefined {
    return this.tokens.get(tokenHash);
  }

  admitKey(key: string): Admitted | undefined {
    return this.keys.get(key);
  }

  touchedAt(): number {
    return this.revision;
  }

  isOpen({ token }: Admitted): boolean {
    const known = [...this.tokens.values(), ...this.keys.values()];
    return known.some((one) => one !== 'revoked' && one.token === token);
  }

  ensure(shard: string): Promise<void> | undefined {
    return this.cold.get(shard);
  }

  offerFor(shard: string): Offer | undefined {
    return this.offers.get(shard);
  }

  reported(shard: string, instanceUid: string, report: ConfigReport): void {
    this.reports.push({ shard, instanceUid, ...report });
  }

  health(shard: string, instanceUid: string, healthy: boolean): void {
    this.healths.push({ shard, instanceUid, healthy });
  }

  ranBefore(): boolean {
    return false;
  }

  redact(text: string): string {
    return text.replaceAll('s3cret', '***');
  }

  onChange(listener: (shards: ReadonlySet<string> | undefined) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}
