import { Command } from 'commander';

import { createCommand } from './create';
import { listCommand } from './list';
import { revokeCommand } from './revoke';
import { rotateCommand } from './rotate';

export const tokenCommand = new Command('token')
  .description('what a collector shows to get its config')
  .addCommand(createCommand)
  .addCommand(listCommand)
  .addCommand(rotateCommand)
  .addCommand(revokeCommand);
