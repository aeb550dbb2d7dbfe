import { Command } from 'commander';

import { listCommand } from './list';
import { showCommand } from './show';

export const revisionsCommand = new Command('revisions')
  .description('the configs that a group was offered, without their secrets')
  .addCommand(listCommand)
  .addCommand(showCommand);
