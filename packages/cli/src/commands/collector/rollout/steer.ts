import { Command } from 'commander';

import { clientOf } from '../../../options';
import { withProgress } from '../../../output';
import { groupArgument, groupIdOf } from '../group';
import { printSteered } from './print';

/** A command that does one thing to the rollout of a group. */
function steering(
  action: 'pause' | 'resume' | 'release' | 'retry',
  summary: string,
  description = summary,
): Command {
  return new Command(action)
    .summary(summary)
    .description(description)
    .addArgument(groupArgument(true))
    .action(async (group: string, _options: object, command: Command) => {
      const id = groupIdOf(group);
      const { client, json } = clientOf(command);
      printSteered(await withProgress('Asking for it', client.steerRollout(id, { action })), json);
    });
}

export const pauseCommand = steering(
  'pause',
  'hold the changes of a group',
  'hold the changes of a group: what is on offer stays, and a canary goes no further; suspensions go out all the same',
);

export const resumeCommand = steering('resume', 'let the changes of a group go on');

export const releaseCommand = steering(
  'release',
  'end a rollback',
  "end a rollback: the group's present settings and tenants count again",
);

export const retryCommand = steering(
  'retry',
  'offer configs again that failed',
  'offer configs again that failed, where it was a collector that was at fault: what is wanted goes out as any change does',
);
