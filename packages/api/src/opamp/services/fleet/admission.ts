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

const sameShard = (a: Admitted, b: Admitted): boolean => a.shard === b.shard;

const sameToken = (a: Known, b: Known): boolean =>
  sameShard(a.admitted, b.admitted) && a.revoked === b.revoked && a.expiresAt === b.expiresAt;

function isSame<T>(
  a: ReadonlyMap<string, T>,
  b: ReadonlyMap<string, T>,
  same: (a: T, b: T) => boolean,
): boolean {
  if (a.size !== b.size) return false;
  for (const [key, one] of a) {
    const other = b.get(key);
    if (other === undefined || !same(one, other)) return false;
  }
  return true;
}

/** Whom tokens and ingestion keys let in: look-ups. */
export class Admission {
  private tokens: ReadonlyMap<string, Known> = new Map();
  private keys: ReadonlyMap<string, Admitted> = new Map();
  /** By the token's id. */
  private byId: ReadonlyMap<string, Known> = new Map();
  /** Shards that a key opens. */
  private keyShards: ReadonlySet<string> = new Set();
  /** When the next token expires, in milliseconds. */
  private nextExpiry = Infinity;

  constructor(private readonly options: AdmissionOptions) {}

  /** Takes in a snapshot. @returns whether anybody is let in, or turned away, otherwise than before. */
  update(snapshot: CollectorSnapshot): boolean {
    const before = { tokens: this.tokens, keys: this.keys };
    this.tokens = new Map(
      [...snapshot.tokens].map(([hash, { id, shard, kind, revoked, expiresAt }]) => [
        hash,
        { admitted: { shard, kind, token: id }, revoked, expiresAt },
      ]),
    );
    this.keys = this.options.acceptKeys ? this.keysOf(snapshot) : new Map();
    this.byId = new Map([...this.tokens.values()].map((known) => [known.admitted.token, known]));
    this.keyShards = new Set([...this.keys.values()].map(({ shard }) => shard));
    this.setExpiry();
    return (
      !isSame(this.tokens, before.tokens, sameToken) || !isSame(this.keys, before.keys, sameShard)
    );
  }

  admit(tokenHash: string): Admitted | 'revoked' | undefined {
    const known = this.tokens.get(tokenHash);
    if (!known) return undefined;
    return this.isOver(known) ? 'revoked' : known.admitted;
  }

  /** Whether the token, or some key, that let somebody in still does. */
  isOpen({ token, shard }: Admitted): boolean {
    const known = this.byId.get(token);
    return known ? !this.isOver(known) : this.keyShards.has(shard);
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

  private isOver({ revoked, expiresAt }: Known): boolean {
    return revoked || (expiresAt !== undefined && expiresAt <= this.options.now());
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
}
