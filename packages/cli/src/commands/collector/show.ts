import { Command } from 'commander';

import { CliError } from '../../exitCodes';
import { clientOf } from '../../options';
import { printText, withProgress } from '../../output';
import { agentArgument, agentGroupOption, instanceUidOf } from './agent';
import { groupIdOf } from './group';
import { printAgent } from './print';

interface Options {
  group?: string;
  effectiveConfig: boolean;
}

export const showCommand = new Command('show')
  .description('show a collector: what it says of itself, of its config and of its health')
  .addArgument(agentArgument())
  .addOption(agentGroupOption())
  .option('--effective-config', 'print the config that it says it runs, without secrets', false)
  .action(async (text: string, { group, effectiveConfig }: Options, command: Command) => {
    const uid = instanceUidOf(text);
    const groupId = group === undefined ? undefined : groupIdOf(group);
    const { client, json } = clientOf(command);
    const agent = await withProgress('Reading the collector', client.getAgent(uid, groupId));
    if (!effectiveConfig || json) {
      printAgent(agent, json);
      return;
    }
    if (agent.effectiveConfig === null)
      throw new CliError('notFound', `No config of collector ${uid} was kept.`, 'not_found');
    printText(agent.effectiveConfig);
  });
