import type { TenantView } from '@hyperdx-tenancy/domain/contracts/tenant';
import { isTenantId } from '@hyperdx-tenancy/domain/ids';
import { Command } from 'commander';

import type { Client } from '../../client';
import { CliError } from '../../exitCodes';
import { clientOf } from '../../options';
import { printTenant } from './print';

async function findById(client: Client, id: string): Promise<TenantView | undefined> {
  try {
    return await client.getTenant(id);
  } catch (error) {
    if (error instanceof CliError && error.code === 'tenant_not_found') return undefined;
    throw error;
  }
}

/** A tenant by its id, or else by its name: that may look like an id. */
export async function findTenant(client: Client, idOrName: string): Promise<TenantView> {
  const byId = isTenantId(idOrName) ? await findById(client, idOrName) : undefined;
  if (byId) return byId;
  const { data } = await client.listTenants({ name: idOrName });
  const [tenant] = data;
  if (!tenant)
    throw new CliError(
      'notFound',
      `There is no tenant with the id or name "${idOrName}".`,
      'tenant_not_found',
    );
  return tenant;
}

export const showCommand = new Command('show')
  .description('show a tenant: its status, team and ingestion key')
  .argument('<id-or-name>', 'id or name of the tenant')
  .action(async (idOrName: string, _options: object, command: Command) => {
    const { client, json } = clientOf(command);
    printTenant(await findTenant(client, idOrName), json);
  });
