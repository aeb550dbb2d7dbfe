import { createHash } from 'node:crypto';

import type { TenantId } from '@hyperdx-tenancy/domain/ids';
import { defaultSources, seedSources } from '@hyperdx-tenancy/domain/sources';
import type { DefaultSource, SeededSource, Seeds } from '@hyperdx-tenancy/domain/sources';

import type { TenantMembers } from '../models/tenant';

/** Digits of a MongoDB ObjectId. */
const ID_DIGITS = 24;

/** The id of a team's nth default source: drawn from the team's own, so that a step that is done again has the same. */
function seedId(teamId: string, index: number): string {
  return createHash('sha256')
    .update(`default source ${index} of ${teamId}`)
    .digest('hex')
    .slice(0, ID_DIGITS);
}

/**
 * The sources that a new team starts with: those of `DEFAULT_SOURCES` where it is set, else HyperDX's four.
 * @param database of the tenant's tables.
 */
export function defaultSourcesOf(
  { team, connection, sources }: TenantMembers,
  tenantId: TenantId,
  database: string,
  seeds: Seeds,
): (DefaultSource | SeededSource)[] {
  const owner = {
    tenantId,
    teamId: team.toHexString(),
    connectionId: connection.toHexString(),
    database,
  };
  if (seeds.sources) {
    const ids = seeds.sources.map((_, index) => seedId(owner.teamId, index));
    return seedSources(seeds.sources, { ...owner, ids });
  }
  return defaultSources({
    ...owner,
    ids: {
      log: sources.log.toHexString(),
      trace: sources.trace.toHexString(),
      metric: sources.metric.toHexString(),
      session: sources.session.toHexString(),
    },
  });
}
