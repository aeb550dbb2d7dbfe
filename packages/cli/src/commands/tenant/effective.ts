import { Command } from 'commander';

import type { Effective } from '../../answers';
import type { Client } from '../../client';
import { clientOf } from '../../options';
import { note, printJson, printTable, withProgress } from '../../output';
import { showValue } from '../../settings';
import { findTenant, tenantArgument } from './find';

/** Each setting in force for a tenant. */
export async function effectiveSettings(client: Client, idOrName: string): Promise<Effective> {
  const { id } = await findTenant(client, idOrName);
  return client.effectiveSettings(id);
}

function printEffective(effective: Effective): void {
  const { plan, values, applied } = effective;
  printTable(
    ['setting', 'value', 'origin'],
    values.map(({ name, value, origin }) => [
      name,
      showValue(value),
      origin === 'plan' && plan !== null ? `plan ${plan}` : origin,
    ]),
  );
  if (!applied) note('Not all of it is in force yet: it is still being brought to ClickHouse.');
}

export const effectiveCommand = new Command('effective')
  .description(
    'show each setting in force for a tenant, and where it comes from: the tenant itself, its plan, the platform, or its tables as they were made',
  )
  .addArgument(tenantArgument())
  .action(async (idOrName: string, _options: object, command: Command) => {
    const { client, json } = clientOf(command);
    const effective = await withProgress('Reading settings', effectiveSettings(client, idOrName));
    if (json) printJson(effective);
    else printEffective(effective);
  });
