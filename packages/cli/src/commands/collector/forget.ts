import { Command } from 'commander';

import { addConfirmOptions, assertConfirmable, confirm } from '../../confirm';
import type { ConfirmOptions } from '../../confirm';
import { clientOf } from '../../options';
import { note, withProgress } from '../../output';
import { agentArgument, agentGroupOption, instanceUidOf } from './agent';
import { groupIdOf } from './group';
import { printAgent } from './print';

interface Options extends ConfirmOptions {
  group?: string;
}

export const forgetCommand = addConfirmOptions(
  new Command('forget')
    .description('forget a collector that is gone; one that comes back is known again')
    .addArgument(agentArgument())
    .addOption(agentGroupOption()),
).action(async (text: string, options: Options, command: Command) => {
  const uid = instanceUidOf(text);
  const asked = options.group === undefined ? undefined : groupIdOf(options.group);
  assertConfirmable(options);
  const { client, json } = clientOf(command);
  const agent = await withProgress('Reading the collector', client.getAgent(uid, asked));
  if (!(await confirm(`forget collector ${uid} of ${agent.group}`, options, json))) return;
  await withProgress('Forgetting the collector', client.forgetAgent(uid, agent.group));
  printAgent(agent, json);
  note('Forgotten.');
});
