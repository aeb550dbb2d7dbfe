import { BeginSupport } from '@hyperdx-tenancy/domain/contracts/support';
import { Command } from 'commander';

import { clientOf } from '../../../options';
import { note, printJson, withProgress } from '../../../output';
import { validate } from '../../../validate';
import { findTenant, tenantArgument } from '../find';
import { printSupport } from './print';

interface Options {
  reason: string;
  minutes: string;
}

export const beginCommand = new Command('begin')
  .description(
    "enter a tenant's team for a while, as the HyperDX user whose access key is used as the token; the tenant's people can read the reason",
  )
  .addArgument(tenantArgument())
  .requiredOption('--reason <text>', 'why; shown to the tenant')
  .option('--minutes <count>', 'how long, 480 at the most', '60')
  .action(async (idOrName: string, { reason, minutes }: Options, command: Command) => {
    const asked = validate(BeginSupport, { reason, minutes: Number(minutes) }, 'support');
    const { client, json } = clientOf(command);
    const { id } = await withProgress('Finding the tenant', findTenant(client, idOrName));
    const entry = await withProgress('Entering', client.beginSupport(id, asked));
    if (json) printJson(entry);
    else printSupport([entry], false);
    note(`HyperDX shows you this tenant until ${entry.expiresAt}, or "tenant support end".`);
  });
