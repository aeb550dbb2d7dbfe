import { CreateInvitation } from '@hyperdx-tenancy/domain/contracts/support';
import type { NewInvitation } from '@hyperdx-tenancy/domain/contracts/support';
import { Command } from 'commander';

import type { Client } from '../../client';
import { clientOf } from '../../options';
import { note, printFields, printJson, withProgress } from '../../output';
import { validate } from '../../validate';
import { findTenant, tenantArgument } from './find';

/** Invites a person into a team of a tenant. */
export async function invite(
  client: Client,
  idOrName: string,
  invitation: CreateInvitation,
): Promise<NewInvitation> {
  const { id } = await findTenant(client, idOrName);
  return client.invite(id, invitation);
}

export const inviteCommand = new Command('invite')
  .description("invite a person into a tenant's team; prints the address that lets them in")
  .addArgument(tenantArgument())
  .argument('<email>', 'their email address')
  .option('--name <name>', 'their name, as HyperDX shows it')
  .action(
    async (idOrName: string, email: string, { name }: { name?: string }, command: Command) => {
      const asked = validate(
        CreateInvitation,
        { email, ...(name === undefined ? {} : { name }) },
        'invitation',
      );
      const { client, json } = clientOf(command);
      const made = await withProgress('Inviting', invite(client, idOrName, asked));
      if (json) {
        printJson(made);
        return;
      }
      printFields([
        ['email', made.email],
        ['team', made.team],
        ['url', made.url],
        ['expires', made.expiresAt],
      ]);
      note('No message is sent: pass the address on to that person alone, it is the way in.');
    },
  );
