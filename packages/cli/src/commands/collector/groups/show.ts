import { Command } from 'commander';

import { clientOf } from '../../../options';
import { withProgress } from '../../../output';
import { groupArgument, wholeGroupId } from '../group';
import { printGroup } from './print';

export const showCommand = new Command('show')
  .description('show a group: its settings, its configs and how far each has come, who is left out')
  .addArgument(groupArgument())
  .option('--tenants', 'name the tenants of each config as well', false)
  .action(async (group: string, { tenants }: { tenants: boolean }, command: Command) => {
    const id = wholeGroupId(group);
    const { client, json } = clientOf(command);
    const { value, etag } = await withProgress('Reading the group', client.getTaggedGroup(id));
    printGroup(value, json, { tenants, etag });
  });
