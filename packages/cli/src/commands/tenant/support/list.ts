import { Command } from 'commander';

import { clientOf } from '../../../options';
import { withProgress } from '../../../output';
import { findTenant, tenantArgument } from '../find';
import { printSupport } from './print';

export const listCommand = new Command('list')
  .description('list who was in a tenant for support, and why, newest first')
  .addArgument(tenantArgument())
  .action(async (idOrName: string, _options: object, command: Command) => {
    const { client, json } = clientOf(command);
    const { id } = await withProgress('Finding the tenant', findTenant(client, idOrName));
    printSupport(await withProgress('Reading', client.listSupport(id)), json);
  });
