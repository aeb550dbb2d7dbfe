import { Command } from 'commander';

import { addConfirmOptions, assertConfirmable, confirm } from '../../../confirm';
import type { ConfirmOptions } from '../../../confirm';
import { clientOf } from '../../../options';
import { note, withProgress } from '../../../output';
import { groupArgument, groupIdOf } from '../group';
import { printGroup } from './print';

export const deleteCommand = addConfirmOptions(
  new Command('delete')
    .description('delete a named group that no token opens any more')
    .addArgument(groupArgument()),
).action(async (name: string, options: ConfirmOptions, command: Command) => {
  const id = groupIdOf(name);
  assertConfirmable(options);
  const { client, json } = clientOf(command);
  const group = await withProgress('Reading the group', client.getGroup(id));
  if (!(await confirm(`delete group ${id}, its settings and its revisions`, options, json))) return;
  await withProgress('Deleting the group', client.deleteGroup(id));
  printGroup(group, json);
  note('Deleted.');
});
