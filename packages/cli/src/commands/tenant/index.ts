import { Command } from 'commander';

import { applyCommand } from './apply';
import { createCommand } from './create';
import { doorCommand } from './door';
import { effectiveCommand } from './effective';
import { inviteCommand } from './invite';
import { listCommand } from './list';
import { retryCommand } from './retry';
import { rotateCommand } from './rotate';
import { showCommand } from './show';
import { supportCommand } from './support';
import { updateCommand } from './update';

export const tenantCommand = new Command('tenant')
  .description('tenants and what belongs to them')
  .addCommand(createCommand)
  .addCommand(listCommand)
  .addCommand(showCommand)
  .addCommand(effectiveCommand)
  .addCommand(doorCommand)
  .addCommand(inviteCommand)
  .addCommand(supportCommand)
  .addCommand(updateCommand)
  .addCommand(retryCommand)
  .addCommand(applyCommand)
  .addCommand(rotateCommand);
