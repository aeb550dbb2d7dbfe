import { Command } from 'commander';

import { rotateCommand } from './rotate';
import { statusCommand } from './status';

export const secretCommand = new Command('secret')
  .description("the secret that tenants' ClickHouse passwords are derived from (TENANCY_SECRET)")
  .addCommand(statusCommand)
  .addCommand(rotateCommand);
