import type { TenantView } from '@hyperdx-tenancy/domain/contracts/tenant';
import { isTenantId } from '@hyperdx-tenancy/domain/ids';
import { Command } from 'commander';

import type { Client } from '../../client';
import { CliError } from '../../exitCodes';
import { clientOf } from '../../options';
import { printTenant } from './print';

/** A tenant by its id, or by its name where the text is no id. */
export async function findTenant(client: Client, idOrName: string): Promise<TenantView> {
  if (isTenantId(idOrName)) return client.getTenant(idOrName);
  const { data } = await client.listTenants({ name: idOrName });
  const [tenant] = data;
  if (!tenant)
    throw new CliError('notFound', `There is no tenant named "${idOrName}".`, 'tenant_not_found');
  return tenant;
}

export const showCommand = new Command('show')
  .description('show a tenant: its status, team and ingestion key')
  .argument('<id-or-name>', 'id or name of the tenant')
  .action(async (idOrName: string, _options: object, command: Command) => {
    const { client, json } = clientOf(command);
    printTenant(await findTenant(client, idOrName), json);
  });
