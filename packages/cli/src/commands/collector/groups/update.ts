import { Command, Option } from 'commander';

import type { Group, Preview } from '../../../collectorAnswers';
import type { GroupChange } from '../../../collectorClient';
import type { Client } from '../../../client';
import { changeUnchanged, EntityTag, tagOf } from '../../../entityTag';
import { CliError } from '../../../exitCodes';
import { clientOf } from '../../../options';
import { note, printJson, printLine, printText, withProgress } from '../../../output';
import { validate } from '../../../validate';
import { groupArgument, groupIdOf } from '../group';
import { assertSettled, waitForChange } from '../rollout/settled';
import { changedOptions, changedPolicy, unsetNames } from './change';
import type { Unset } from './change';
import { printGroup } from './print';
import { addMemberOptions, addSettingOptions, fragmentOf, optionsOf, policyOf } from './settings';
import type { SettingFlags } from './settings';
import { membersOf, tenantIds } from './tenants';

interface Flags extends SettingFlags {
  unset?: Unset[];
  ifMatch?: string;
  dryRun: boolean;
  wait: boolean;
}

/** How settings of a group change, given what they are. */
type Patch = (current: Group) => GroupChange;

/** @throws CliError `usage` where nothing, or something wrong, is said. */
function patchOf(flags: Flags): Patch {
  const { unset = [], shards, exclusive, members, quarantine } = flags;
  const options = optionsOf(flags);
  const policy = policyOf(flags);
  const fragment = fragmentOf(flags);
  const ofOptions = Object.keys(options).length > 0 || unset.some((name) => name !== 'canary');
  const ofPolicy = Object.keys(policy).length > 0 || unset.includes('canary');
  const others = [shards, exclusive, members, quarantine, fragment];
  if (!ofOptions && !ofPolicy && others.every((one) => one === undefined))
    throw new CliError('usage', 'Nothing to change: --help lists what can be set.');
  return (current) => ({
    ...(ofOptions ? { options: changedOptions(current.options, options, unset) } : {}),
    ...(ofPolicy ? { rollout: changedPolicy(current.rollout, policy, unset) } : {}),
    ...(fragment === undefined ? {} : { fragment }),
    ...(shards === undefined ? {} : { shards: shards === false ? null : shards }),
    ...(exclusive === undefined ? {} : { exclusive }),
  });
}

async function changeOf(
  client: Client,
  current: Group,
  patch: Patch,
  { members, quarantine }: Flags,
): Promise<GroupChange> {
  return {
    ...patch(current),
    ...(members === undefined ? {} : { members: await membersOf(client, members) }),
    ...(quarantine === undefined
      ? {}
      : { quarantine: quarantine === false ? [] : await tenantIds(client, quarantine) }),
  };
}

function printPreview(preview: Preview, json: boolean): void {
  if (json) {
    printJson(preview);
    return;
  }
  for (const { id, changed, diff, leftOut, warnings } of preview.parts) {
    printLine(`${id}: ${changed ? 'would change' : 'would stay as it is'}`);
    if (diff !== null) printText(diff);
    else if (changed) note(`${id}: differs in secrets alone, or in more than is shown at once.`);
    for (const { team, tenant, reason } of leftOut)
      printLine(`${id}: team ${team} of tenant ${tenant} would be left out: ${reason}`);
    for (const warning of warnings) printLine(`${id}: ${warning}`);
  }
}

export const updateCommand = addSettingOptions(
  addMemberOptions(
    new Command('update')
      .description(
        'change settings of a group; what is not named stays, and --members, --shards and --exclusive are of named groups alone',
      )
      .addArgument(groupArgument()),
  ),
)
  .option('--no-fragment', 'take the fragment away')
  .option('--no-shards', 'one config for all tenants again; no token may open a shard any more')
  .option('--no-quarantine', 'keep no tenant apart by hand')
  .addOption(
    new Option('--unset <setting...>', "take these settings back to the platform's").choices(
      unsetNames,
    ),
  )
  .option(
    '--if-match <etag>',
    'change it only if it still has this ETag, as by "collector groups show" (default: the one it has now)',
  )
  .option('--dry-run', "say how the group's configs would differ, and change nothing", false)
  .addOption(
    new Option(
      '--wait',
      'end once all connected collectors have it, or with 1 where it failed, within --timeout',
    )
      .default(false)
      .conflicts('dryRun'),
  )
  .action(async (name: string, flags: Flags, command: Command) => {
    const id = groupIdOf(name);
    const patch = patchOf(flags);
    const ifMatch = validate(EntityTag.optional(), flags.ifMatch, '--if-match');
    const { client, json, timeoutMs } = clientOf(command, flags.wait);
    const started = Date.now();
    const tagged = await withProgress('Reading the group', client.getTaggedGroup(id));
    const before = tagged.value;
    const change = await changeOf(client, before, patch, flags);
    if (flags.dryRun) {
      printPreview(await withProgress('Comparing', client.previewGroup(id, change)), json);
      return;
    }
    const etag = ifMatch ?? tagOf(tagged);
    const changed = await withProgress(
      'Changing the group',
      changeUnchanged(
        () => client.updateGroup(id, change, etag),
        `Group ${id} has been changed by somebody else, and nothing by this; look at it with "collector groups show", and try again.`,
      ),
    );
    if (!flags.wait) {
      printGroup(changed.value, json, { etag: changed.etag });
      return;
    }
    const { group, parts } = await waitForChange(client, id, before, { timeoutMs, started });
    printGroup(group, json);
    assertSettled(parts);
  });
