import { TenancyError } from '@hyperdx-tenancy/domain/errors';

import { LRUCache } from 'lru-cache';

import { hashToken } from '../../utils/secrets';
import type { Admitted, Fleet } from '../fleet';

/** Tokens in use at one time; more only cost a hash each. */
const MAX_HASHES = 5_000;

/** What a request brings to be let in with. */
export interface Credentials {
  /** A collector token, or an ingestion key in its place. */
  token: string | undefined;
  /** An `Authorization` header without a scheme, as collectors send their team's ingestion key. */
  key: string | undefined;
}

/** What lets agents in for as long as their connections are open. */
export interface Pass {
  /** The same for all connections that came with the same token or key. */
  readonly id: string;
  readonly admitted: Admitted;
  /** Whether it would let in the same agents now. */
  isGood(): boolean;
}

/** Whom a token or an ingestion key lets in. Decided before a body is read, or a connection upgraded. */
export class Admission {
  /** Of tokens that were let in, so that not each poll computes them. */
  private readonly hashes = new LRUCache<string, string>({ max: MAX_HASHES });

  constructor(private readonly fleet: Pick<Fleet, 'admit' | 'admitKey'>) {}

  /** @throws TenancyError `unauthorized` for none, or one that is not known; `token_revoked`. */
  admit({ token, key }: Credentials): Admitted {
    const byToken = token === undefined ? undefined : this.byToken(token);
    if (byToken === 'revoked') {
      throw new TenancyError('token_revoked', 'This collector token is no longer good.');
    }
    const given = token ?? key;
    const admitted = byToken ?? (given === undefined ? undefined : this.fleet.admitKey(given));
    if (admitted) return admitted;
    throw new TenancyError(
      'unauthorized',
      'A collector token is required: in the Authorization header, or in the path.',
    );
  }

  private byToken(token: string): Admitted | 'revoked' | undefined {
    const known = this.hashes.get(token);
    const hash = known ?? hashToken(token);
    const admitted = this.fleet.admit(hash);
    if (known === undefined && admitted !== undefined) this.hashes.set(token, hash);
    return admitted;
  }

  /** The same, to be asked again later. @throws as {@link admit}. */
  pass(credentials: Credentials): Pass {
    const admitted = this.admit(credentials);
    const given = credentials.token ?? credentials.key ?? '';
    const id = hashToken(given);
    // Of a token its hash is kept alone; a key is no secret, and known here anyway.
    const ask =
      credentials.token !== undefined && this.fleet.admit(id) !== undefined
        ? () => this.fleet.admit(id)
        : () => this.fleet.admitKey(given);
    return {
      id,
      admitted,
      isGood() {
        const now = ask();
        if (now === undefined || now === 'revoked') return false;
        return now.shard === admitted.shard && now.token === admitted.token;
      },
    };
  }
}
