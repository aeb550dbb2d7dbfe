import { Command } from 'commander';

import { beginCommand } from './begin';
import { endCommand } from './end';
import { listCommand } from './list';

export const supportCommand = new Command('support')
  .description('enter a tenant to help its people: for a limited time, with a reason they see')
  .addCommand(beginCommand)
  .addCommand(listCommand)
  .addCommand(endCommand);
