import { Command } from 'commander';

import { clientOf } from '../../../options';
import { withProgress } from '../../../output';
import { groupArgument, groupIdOf } from '../group';
import { printRevisions } from './print';

export const listCommand = new Command('list')
  .description('list the last 20 configs that a group was offered, newest first')
  .addArgument(groupArgument(true))
  .action(async (group: string, _options: object, command: Command) => {
    const id = groupIdOf(group);
    const { client, json } = clientOf(command);
    printRevisions(await withProgress('Reading revisions', client.listRevisions(id)), json);
  });
