import { Command } from 'commander';

import { createCommand } from './create';
import { listCommand } from './list';
import { revokeCommand } from './revoke';

export const tokenCommand = new Command('token')
  .description("tokens for the admin API, for people's command lines and for pipelines")
  .addCommand(createCommand)
  .addCommand(listCommand)
  .addCommand(revokeCommand);
