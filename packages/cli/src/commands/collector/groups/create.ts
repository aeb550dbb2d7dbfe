import { GroupName } from '@hyperdx-tenancy/domain/contracts/collectorGroup';
import { Command } from 'commander';

import type { Group } from '../../../collectorAnswers';
import type { NewGroup } from '../../../collectorClient';
import type { Client } from '../../../client';
import { clientOf } from '../../../options';
import { note, withProgress } from '../../../output';
import { validate } from '../../../validate';
import { printGroup } from './print';
import { addMemberOptions, addSettingOptions, fragmentOf, optionsOf, policyOf } from './settings';
import type { SettingFlags } from './settings';
import { membersOf, tenantIds } from './tenants';

interface Flags extends SettingFlags {
  target?: string;
}

/** What needs no tenant to be looked up: wrong arguments are found before anything is sent. */
function inputOf(name: string, flags: Flags): NewGroup {
  const { target, shards, exclusive } = flags;
  const fragment = fragmentOf(flags);
  return {
    name: validate(GroupName, name, 'name'),
    ...(target === undefined ? {} : { target }),
    ...(typeof shards === 'number' ? { shards } : {}),
    ...(exclusive === undefined ? {} : { exclusive }),
    ...(fragment === undefined ? {} : { fragment }),
    options: optionsOf(flags),
    rollout: policyOf(flags),
  };
}

/** Makes a named group. */
export async function createGroup(client: Client, name: string, flags: Flags): Promise<Group> {
  const input = inputOf(name, flags);
  const { members, quarantine } = flags;
  return client.createGroup({
    ...input,
    ...(members === undefined ? {} : { members: await membersOf(client, members) }),
    ...(quarantine ? { quarantine: await tenantIds(client, quarantine) } : {}),
  });
}

export const createCommand = addSettingOptions(
  addMemberOptions(
    new Command('create')
      .description('make a named group; its collectors get its config with a token of its own')
      .argument('<name>', 'name of the group: 1 to 63 of a-z 0-9 -')
      .option(
        '--target <name>',
        'the ClickHouse target of its tenants, as by "target list" (default: "default")',
      ),
  ),
).action(async (name: string, flags: Flags, command: Command) => {
  const { client, json } = clientOf(command);
  const group = await withProgress('Making the group', createGroup(client, name, flags));
  printGroup(group, json);
  const [part] = group.parts;
  if (part)
    note(`A collector joins with a token: collector token create <name> --group ${part.id}`);
});
