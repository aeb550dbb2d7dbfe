import { Command } from 'commander';

import type { Tenant } from '../../answers';
import type { Client } from '../../client';
import { clientOf } from '../../options';
import { withProgress } from '../../output';
import { findTenant, tenantArgument } from './find';
import { printTenant } from './print';

/** Goes on with a tenant that could not be made. */
export async function retryTenant(client: Client, idOrName: string): Promise<Tenant> {
  const { id } = await findTenant(client, idOrName);
  return client.retryTenant(id);
}

export const retryCommand = new Command('retry')
  .description('try again to complete a tenant that failed, once its cause is mended')
  .addArgument(tenantArgument())
  .action(async (idOrName: string, _options: object, command: Command) => {
    const { client, json } = clientOf(command);
    printTenant(
      await withProgress(`Completing tenant ${idOrName}`, retryTenant(client, idOrName)),
      json,
    );
  });
