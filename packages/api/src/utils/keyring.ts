import { createHash } from 'node:crypto';

import type { AccessRole, PasswordHash } from '@hyperdx-tenancy/domain/access';
import type { TenantId } from '@hyperdx-tenancy/domain/ids';

import { deriveSecret } from './secrets';

/** Which passwords a tenant's ClickHouse users have: enough to derive them, useless without the secret. */
export interface Credentials {
  /** Raised by each rotation. */
  generation: number;
  /** Which secret they are derived from, by {@link fingerprint}. */
  secret: string;
}

/** Hex digits: short enough for eyes, long enough that two secrets of one install never share one. */
const FINGERPRINT_DIGITS = 12;
const SALT_DIGITS = 32;

/** Names a secret without telling anything of it. */
export function fingerprint(secret: string): string {
  return deriveSecret(secret, 'fingerprint').slice(0, FINGERPRINT_DIGITS);
}

/**
 * Derives the passwords of tenants' ClickHouse users, and of their teams at the query door: HKDF of the installation's
 * secret, the id, the role and the generation. They live in no document of ours.
 */
export class Keyring {
  /** Fingerprint of the secret that new credentials come from. */
  readonly current: string;
  private readonly secrets: ReadonlyMap<string, string>;

  /** @param previous the secret before this one, while tenants are moved from it. */
  constructor(secret: string, previous?: string) {
    this.current = fingerprint(secret);
    this.secrets = new Map([
      ...(previous === undefined ? [] : [[fingerprint(previous), previous] as const]),
      [this.current, secret],
    ]);
  }

  /** Fingerprints of all secrets at hand. */
  get known(): string[] {
    return [...this.secrets.keys()];
  }

  /** Credentials of a new tenant. */
  first(): Credentials {
    return { generation: 1, secret: this.current };
  }

  /** Those that follow in a rotation. */
  next({ generation }: Credentials): Credentials {
    return { generation: generation + 1, secret: this.current };
  }

  /** Whether the secret of these credentials is at hand. */
  knows({ secret }: Credentials): boolean {
    return this.secrets.has(secret);
  }

  /** 64 hexadecimal digits; `undefined` where the secret is not at hand. */
  password(tenantId: TenantId, role: AccessRole, credentials: Credentials): string | undefined {
    return this.derive(`clickhouse/${role}/${tenantId}/${credentials.generation}`, credentials);
  }

  /** Of a team at the query door: 64 hexadecimal digits; `undefined` where the secret is not at hand. */
  doorPassword(teamId: string, credentials: Credentials): string | undefined {
    return this.derive(`door/${teamId}/${credentials.generation}`, credentials);
  }

  /** The same as ClickHouse stores it. The salt is derived as well: a step that is done again states the very same. */
  passwordHash(
    tenantId: TenantId,
    role: AccessRole,
    credentials: Credentials,
  ): PasswordHash | undefined {
    const password = this.password(tenantId, role, credentials);
    const of = `clickhouse-salt/${role}/${tenantId}/${credentials.generation}`;
    const salt = this.derive(of, credentials)?.slice(0, SALT_DIGITS);
    if (password === undefined || salt === undefined) return undefined;
    return { hash: createHash('sha256').update(password).update(salt).digest('hex'), salt };
  }

  private derive(purpose: string, { secret: name }: Credentials): string | undefined {
    const secret = this.secrets.get(name);
    return secret === undefined ? undefined : deriveSecret(secret, purpose);
  }
}
