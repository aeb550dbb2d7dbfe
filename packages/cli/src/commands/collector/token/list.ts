import { Command } from 'commander';

import { clientOf } from '../../../options';
import { withProgress } from '../../../output';
import { groupIdOf, groupOption } from '../group';
import { collectorTokens } from './print';

export const listCommand = new Command('list')
  .description(
    'list the tokens, without the tokens themselves; revoked ones for as long as collectors are remembered',
  )
  .addOption(groupOption('only those that open this'))
  .action(async ({ group }: { group?: string }, command: Command) => {
    const id = group === undefined ? undefined : groupIdOf(group);
    const { client, json } = clientOf(command);
    const tokens = await withProgress('Reading tokens', client.listCollectorTokens());
    collectorTokens.printAll(
      tokens.filter(({ groupId }) => id === undefined || groupId === id),
      json,
    );
  });
