import { Command } from 'commander';

import { clientOf } from '../../../options';
import { withProgress } from '../../../output';
import { operatorTokens } from './print';

export const listCommand = new Command('list')
  .description('list the tokens, expired ones too, without the tokens themselves')
  .action(async (_options: object, command: Command) => {
    const { client, json } = clientOf(command);
    operatorTokens.printAll(
      await withProgress('Reading tokens', client.listOperatorTokens()),
      json,
    );
  });
