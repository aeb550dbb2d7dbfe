import { Command } from 'commander';

import { rollbackCommand } from './rollback';
import { showCommand } from './show';
import { pauseCommand, releaseCommand, resumeCommand, retryCommand } from './steer';

export const rolloutCommand = new Command('rollout')
  .description('how changes of a group reach its collectors')
  .addCommand(showCommand)
  .addCommand(pauseCommand)
  .addCommand(resumeCommand)
  .addCommand(rollbackCommand)
  .addCommand(releaseCommand)
  .addCommand(retryCommand);
