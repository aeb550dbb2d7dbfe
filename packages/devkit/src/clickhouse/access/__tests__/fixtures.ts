import { createHash, randomBytes } from 'node:crypto';
import { viewsDefiner } from '@hyperdx-tenancy/domain/access';
import type { PasswordHash } from '@hyperdx-tenancy/domain/access';
import type { TenantId } from '@hyperdx-tenancy/domain/ids';
import { defaultRetention, renderTenantTables } from '@hyperdx-tenancy/domain/tables';

export const database = 'otel';

export function hashOf(password: string): PasswordHash {
  const salt = randomBytes(16).toString('hex');
  return { hash: createHash('sha256').update(password).update(salt).digest('hex'), salt };
}

/** The statements for a tenant's tables, with views that run as the domain's definer. */
export const tablesOf = (tenantId: TenantId) =>
  renderTenantTables({
    tenantId,
    database,
    clickhouseVersion: { major: 26, minor: 7 },
    engine: 'MergeTree',
    partitioning: 'day',
    retention: defaultRetention,
    definer: viewsDefiner,
  });
