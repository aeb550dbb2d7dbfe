import { SupportParams } from '@hyperdx-tenancy/domain/contracts/support';
import { Command } from 'commander';

import { clientOf } from '../../../options';
import { note, withProgress } from '../../../output';
import { validate } from '../../../validate';
import { findTenant, tenantArgument } from '../find';

export const endCommand = new Command('end')
  .description("end an operator's time in a tenant, at once")
  .addArgument(tenantArgument())
  .argument('<entry>', 'id of the entry, as by "tenant support list"')
  .action(async (idOrName: string, entry: string, _options: object, command: Command) => {
    validate(SupportParams.shape.entry, entry, 'entry');
    const { client } = clientOf(command);
    const { id } = await withProgress('Finding the tenant', findTenant(client, idOrName));
    await withProgress('Ending', client.endSupport(id, entry));
    note('Ended.');
  });
