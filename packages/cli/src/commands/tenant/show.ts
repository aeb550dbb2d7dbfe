import { Command } from 'commander';

import { clientOf } from '../../options';
import { withProgress } from '../../output';
import { readTenant, tenantArgument } from './find';
import { printTenant } from './print';

export const showCommand = new Command('show')
  .description('show a tenant: its status, team and ingestion key, and its ETag for update')
  .addArgument(tenantArgument())
  .action(async (idOrName: string, _options: object, command: Command) => {
    const { client, json } = clientOf(command);
    const { value, etag } = await withProgress('Reading tenant', readTenant(client, idOrName));
    printTenant(value, json, etag);
  });
