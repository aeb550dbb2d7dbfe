import { Command } from 'commander';

import { listCommand } from './list';

export const targetCommand = new Command('target')
  .description("the ClickHouse servers and clusters that hold tenants' tables")
  .addCommand(listCommand);
