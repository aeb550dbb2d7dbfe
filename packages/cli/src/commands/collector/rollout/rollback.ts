import { Command } from 'commander';

import { addConfirmOptions, assertConfirmable, confirm } from '../../../confirm';
import type { ConfirmOptions } from '../../../confirm';
import type { Group } from '../../../collectorAnswers';
import { CliError } from '../../../exitCodes';
import { clientOf } from '../../../options';
import { note, withProgress } from '../../../output';
import { groupArgument, groupIdOf, wholeGroupId } from '../group';
import { revisionArgument } from '../revisions/revision';
import { printRollout, printSteered } from './print';
import { assertSettled, waitForChange } from './settled';

/** A number alone would mean another revision in each of them. @throws CliError `usage`. */
function assertOneConfig({ id, shards }: Group, asked: string): void {
  if (asked !== id || shards === null) return;
  throw new CliError(
    'usage',
    `group: each shard of ${id} has revisions of its own; name one, as ${id}:1.`,
  );
}

interface Options extends ConfirmOptions {
  wait: boolean;
}

export const rollbackCommand = addConfirmOptions(
  new Command('rollback')
    .summary('go back to a revision')
    .description(
      'go back to the settings and tenants of a revision, never to its passwords; until "release", later tenants are not served',
    )
    .addArgument(groupArgument(true))
    .addArgument(revisionArgument())
    .option(
      '--wait',
      'end once all connected collectors have it, or with 1 where it failed, within --timeout',
      false,
    ),
).action(async (text: string, revision: number, options: Options, command: Command) => {
  const id = groupIdOf(text);
  assertConfirmable(options);
  const { client, json, timeoutMs } = clientOf(command, options.wait);
  const before = await withProgress('Reading the group', client.getGroup(wholeGroupId(id)));
  assertOneConfig(before, id);
  const deed = `take ${id} back to the settings and tenants of revision ${revision}; tenants that came later are not served until "release"`;
  if (!(await confirm(deed, options, json))) return;
  const started = Date.now();
  const steered = await withProgress(
    'Going back',
    client.steerRollout(id, { action: 'rollback', revision }),
  );
  if (!options.wait) {
    printSteered(steered, json);
    note('It goes out by itself; "collector rollout show" says how far it is.');
    return;
  }
  const { group, parts } = await waitForChange(client, id, before, { timeoutMs, started });
  printRollout(group, parts, json);
  assertSettled(parts);
});
