import { isTenantId } from '@hyperdx-tenancy/domain/ids';
import { Argument } from 'commander';

import type { Tenant } from '../../answers';
import type { Client } from '../../client';
import { CliError } from '../../exitCodes';
import type { Tagged } from '../../http';

export const tenantArgument = () => new Argument('<id-or-name>', 'id or name of the tenant');

async function findById(client: Client, id: string): Promise<Tagged<Tenant> | undefined> {
  try {
    return await client.getTenant(id);
  } catch (error) {
    if (error instanceof CliError && error.code === 'tenant_not_found') return undefined;
    throw error;
  }
}

async function findByName(client: Client, name: string): Promise<Tenant> {
  const { data } = await client.listTenants({ name });
  const [tenant] = data;
  if (tenant) return tenant;
  throw new CliError(
    'notFound',
    `There is no tenant with the id or name "${name}".`,
    'tenant_not_found',
  );
}

/** A tenant by its id, or else by its name: that may look like an id. */
export async function findTenant(client: Client, idOrName: string): Promise<Tenant> {
  const byId = isTenantId(idOrName) ? await findById(client, idOrName) : undefined;
  return byId?.value ?? findByName(client, idOrName);
}

/** As {@link findTenant}, with its entity tag: a list has none, so that a tenant named by its name is read once more. */
export async function readTenant(client: Client, idOrName: string): Promise<Tagged<Tenant>> {
  const byId = isTenantId(idOrName) ? await findById(client, idOrName) : undefined;
  return byId ?? client.getTenant((await findByName(client, idOrName)).id);
}
