import { Command, Option } from 'commander';

import { clientOf } from '../../../options';
import { note, printJson, printText, withProgress } from '../../../output';
import { groupArgument, groupIdOf } from '../group';
import { printRevision } from './print';
import { revisionArgument } from './revision';

interface Options {
  diff: boolean;
  config: boolean;
}

export const showCommand = new Command('show')
  .description('show one of the configs that a group was offered')
  .addArgument(groupArgument(true))
  .addArgument(revisionArgument())
  .option('--diff', 'print how it differs from the one before, without secrets', false)
  .addOption(
    new Option('--config', 'print its text, without secrets').default(false).conflicts('diff'),
  )
  .action(async (group: string, number: number, { diff, config }: Options, command: Command) => {
    const id = groupIdOf(group);
    const { client, json } = clientOf(command);
    const revision = await withProgress('Reading the revision', client.getRevision(id, number));
    if (json) printJson(revision);
    else if (config) printText(revision.config);
    else if (!diff) printRevision(revision);
    else if (revision.diff !== null) printText(revision.diff);
    else note('It differs from the one before in secrets alone, or there is none before it.');
  });
