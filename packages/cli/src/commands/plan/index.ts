import { Command } from 'commander';

import { listCommand } from './list';

export const planCommand = new Command('plan')
  .description('named limits, retention and partitioning, as the plans file states them')
  .addCommand(listCommand);
