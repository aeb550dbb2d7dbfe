import { Command } from 'commander';

import type { Tenant } from '../../answers';
import type { Client } from '../../client';
import { clientOf } from '../../options';
import { withProgress } from '../../output';
import { findTenant, tenantArgument } from './find';
import { printTenant } from './print';
import { changeFault, noteUnfinished } from './settled';

/** Brings what a tenant has in ClickHouse to what it should be. */
export async function applyTenant(client: Client, idOrName: string): Promise<Tenant> {
  const { id } = await findTenant(client, idOrName);
  return client.applyTenant(id);
}

export const applyCommand = new Command('apply')
  .description(
    'bring tables, users, grants and limits of a tenant in ClickHouse to what they should be; no data is touched',
  )
  .addArgument(tenantArgument())
  .action(async (idOrName: string, _options: object, command: Command) => {
    const { client, json } = clientOf(command);
    const tenant = await withProgress(`Applying to ${idOrName}`, applyTenant(client, idOrName));
    printTenant(tenant, json);
    noteUnfinished(tenant);
    const fault = tenant.change?.lastError;
    if (fault) throw changeFault(tenant, fault);
  });
