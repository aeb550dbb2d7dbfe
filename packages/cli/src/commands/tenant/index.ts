import { Command } from 'commander';

import { createCommand } from './create';
import { listCommand } from './list';
import { showCommand } from './show';

export const tenantCommand = new Command('tenant')
  .description('tenants and what belongs to them')
  .addCommand(createCommand)
  .addCommand(listCommand)
  .addCommand(showCommand);
