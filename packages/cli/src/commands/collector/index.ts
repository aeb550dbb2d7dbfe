import { Command } from 'commander';

import { configCommand } from './config';
import { forgetCommand } from './forget';
import { groupsCommand } from './groups';
import { listCommand } from './list';
import { revisionsCommand } from './revisions';
import { rolloutCommand } from './rollout';
import { showCommand } from './show';
import { tokenCommand } from './token';

export const collectorCommand = new Command('collector')
  .description('OpenTelemetry Collectors: their groups, tokens and configs')
  .addCommand(listCommand)
  .addCommand(showCommand)
  .addCommand(forgetCommand)
  .addCommand(configCommand)
  .addCommand(groupsCommand)
  .addCommand(tokenCommand)
  .addCommand(rolloutCommand)
  .addCommand(revisionsCommand);
