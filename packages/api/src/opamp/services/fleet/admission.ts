import { keyShard } from '../../../controllers/collectorShards';
import type { CollectorSnapshot } from '../../../controllers/collectorSnapshot';
import type { Admitted } from '../../fleet';

interface Known {
  admitted: Admitted;
  revoked: boolean;
  expiresAt: number | undefined;
}

export interface AdmissionOptions {
  /** Targets whose tenants have users of their own. */
  hasUsers(target: string): boolean;
  /** Whether ingestion keys open anything. */
  acceptKeys: boolean;
  now(): number;
}

/** Whom tokens and ingestion keys let in: look-ups. */
export class Admission {
  private tokens: ReadonlyMap<string, Known> = new Map();
  private keys: ReadonlyMap<string, Admitted> = new Map();
  /** When the next token expires, in milliseconds. */
  private nextExpiry = Infinity;

  constructor(private readonly options: AdmissionOptions) {}

  /** Takes in a snapshot. @returns whether anybody is let in, or turned away, otherwise than before. */
  update(snapshot: CollectorSnapshot): boolean {
    const before = this.signature();
    this.tokens = new Map(
      [...snapshot.tokens].map(([hash, { id, shard, kind, revoked, expiresAt }]) => [
        hash,
        { admitted: { shard, kind, token: id }, revoked, expiresAt },
      ]),
    );
    this.keys = this.options.acceptKeys ? this.keysOf(snapshot) : new Map();
    this.setExpiry();
    return this.signature() !== before;
  }

  admit(tokenHash: string): Admitted | 'revoked' | undefined {
    const known = this.tokens.get(tokenHash);
    if (!known) return undefined;
    const { admitted, revoked, expiresAt } = known;
    if (revoked || (expiresAt !== undefined && expiresAt <= this.options.now())) return 'revoked';
    return admitted;
  }

  admitKey(key: string): Admitted | undefined {
    return this.keys.get(key);
  }

  /** Whether a token expired since this was asked last. */
  hasExpired(): boolean {
    if (this.nextExpiry > this.options.now()) return false;
    this.setExpiry();
    return true;
  }

  /**
   * Keys are known to browsers: where ClickHouse users keep tenants apart, what they open names no password. On a target
   * without users there is nothing to name that would be the tenant's alone, so that they open nothing.
   */
  private keysOf({ teams }: CollectorSnapshot): ReadonlyMap<string, Admitted> {
    const keys = new Map<string, Admitted>();
    const contested = new Set<string>();
    for (const { teamId, target, apiKey, previousKeys = [] } of teams) {
      if (!this.options.hasUsers(target)) continue;
      const shard = keyShard(teamId);
      for (const key of new Set([apiKey, ...previousKeys])) {
        if (keys.has(key)) contested.add(key);
        keys.set(key, { shard, kind: 'dedicated', token: shard });
      }
    }
    for (const key of contested) keys.delete(key);
    return keys;
  }

  private setExpiry(): void {
    const now = this.options.now();
    this.nextExpiry = Infinity;
    for (const { expiresAt } of this.tokens.values()) {
      if (expiresAt !== undefined && expiresAt > now && expiresAt < this.nextExpiry) {
        this.nextExpiry = expiresAt;
      }
    }
  }

  private signature(): string {
    const tokens = [...this.tokens].map(
      ([hash, { admitted, revoked, expiresAt = '' }]) =>
        `${hash} ${admitted.shard} ${revoked} ${expiresAt}`,
    );
    const keys = [...this.keys].map(([key, { shard }]) => `${key} ${shard}`);
    return [...tokens.sort(), ...keys.sort()].join('\n');
  }
}
