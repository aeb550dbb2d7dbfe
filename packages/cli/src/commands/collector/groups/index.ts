import { Command } from 'commander';

import { createCommand } from './create';
import { deleteCommand } from './delete';
import { listCommand } from './list';
import { showCommand } from './show';
import { updateCommand } from './update';

export const groupsCommand = new Command('groups')
  .description('groups of collectors: what one config, or one for each shard, is made for')
  .addCommand(listCommand)
  .addCommand(showCommand)
  .addCommand(createCommand)
  .addCommand(updateCommand)
  .addCommand(deleteCommand);
