import { isTenantId } from '@hyperdx-tenancy/domain/ids';

import type { Client } from '../../../client';
import { CliError } from '../../../exitCodes';
import { findTenant } from '../../tenant/find';

/** Ids of tenants that are named by id or name, each once. An id is taken as it is. */
export async function tenantIds(client: Client, named: readonly string[]): Promise<string[]> {
  const ids = new Set<string>();
  for (const one of named) ids.add(isTenantId(one) ? one : (await findTenant(client, one)).id);
  return [...ids];
}

type Members = 'all' | { tenants: string[] };

/** Whom a group is to serve. @throws CliError `usage` where "all" stands beside others. */
export async function membersOf(client: Client, named: readonly string[]): Promise<Members> {
  if (named.length === 1 && named[0] === 'all') return 'all';
  if (named.includes('all'))
    throw new CliError('usage', '--members: "all" stands alone; a tenant of that name goes by id.');
  return { tenants: await tenantIds(client, named) };
}
