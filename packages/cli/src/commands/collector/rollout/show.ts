import { Command } from 'commander';

import { clientOf } from '../../../options';
import { withProgress } from '../../../output';
import { groupArgument, groupIdOf, partsOf, wholeGroupId } from '../group';
import { printRollout } from './print';
import { assertSettled, waitUntilSettled } from './settled';

export const showCommand = new Command('show')
  .summary('show how far a change has come')
  .description('show how far the last change of a group has come')
  .addArgument(groupArgument(true))
  .option(
    '--wait',
    'end once all connected collectors have it, or with 1 where it failed, within --timeout',
    false,
  )
  .action(async (text: string, { wait }: { wait: boolean }, command: Command) => {
    const id = groupIdOf(text);
    const { client, json, timeoutMs } = clientOf(command, wait);
    if (wait) {
      const { group, parts } = await waitUntilSettled(client, id, { timeoutMs });
      printRollout(group, parts, json);
      assertSettled(parts);
      return;
    }
    const group = await withProgress('Reading the group', client.getGroup(wholeGroupId(id)));
    printRollout(group, partsOf(group, id), json);
  });
