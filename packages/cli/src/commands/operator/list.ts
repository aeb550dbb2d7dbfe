import { Command } from 'commander';

import { clientOf } from '../../options';
import { withProgress } from '../../output';
import { printOperators } from './print';

export const listCommand = new Command('list')
  .description('list the HyperDX users who are operators')
  .action(async (_options: object, command: Command) => {
    const { client, json } = clientOf(command);
    printOperators(await withProgress('Reading operators', client.listOperators()), json);
  });
