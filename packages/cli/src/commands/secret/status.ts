import { Command } from 'commander';

import { clientOf } from '../../options';
import { withProgress } from '../../output';
import { printSecret } from './print';

export const statusCommand = new Command('status')
  .description('count the tenants whose passwords come from another secret than TENANCY_SECRET')
  .action(async (_options: object, command: Command) => {
    const { client, json } = clientOf(command);
    printSecret(await withProgress('Counting tenants', client.getSecret()), json);
  });
