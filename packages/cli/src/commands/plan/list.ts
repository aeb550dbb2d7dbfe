import { Command } from 'commander';

import type { Plan } from '../../answers';
import { clientOf } from '../../options';
import { printJson, printTable, withProgress } from '../../output';
import { showSettings } from '../../settings';

function printPlans(plans: Plan[]): void {
  printTable(
    ['name', 'tenants', 'settings', 'description'],
    plans.map((plan) => [
      plan.default ? `${plan.name} (default)` : plan.name,
      String(plan.tenants),
      showSettings(plan.settings).join(', '),
      plan.description ?? '',
    ]),
  );
}

export const listCommand = new Command('list')
  .description('list the plans, and how many tenants have each')
  .action(async (_options: object, command: Command) => {
    const { client, json } = clientOf(command);
    const plans = await withProgress('Reading plans', client.listPlans());
    if (json) printJson(plans);
    else printPlans(plans);
  });
