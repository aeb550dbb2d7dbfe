import { Command } from 'commander';

import { listCommand } from './list';
import { removeCommand } from './remove';
import { setCommand } from './set';
import { tokenCommand } from './token';

export const operatorCommand = new Command('operator')
  .description('who may use the admin API: HyperDX users, and tokens')
  .addCommand(listCommand)
  .addCommand(setCommand)
  .addCommand(removeCommand)
  .addCommand(tokenCommand);
