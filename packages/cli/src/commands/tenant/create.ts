import type { CreateTenant, TenantView } from '@hyperdx-tenancy/domain/contracts/tenant';
import { Command } from 'commander';

import type { Client } from '../../client';
import { CliError } from '../../exitCodes';
import { clientOf } from '../../options';
import { withProgress } from '../../output';
import { printTenant } from './print';

/**
 * Makes a tenant; with `ifNotExists`, an active one of the same name is as good.
 * @throws CliError `conflict` where the existing one has not the ingestion key that is asked for: whoever goes on to send
 *   under that key would be refused.
 */
export async function createTenant(
  client: Client,
  input: CreateTenant,
  ifNotExists: boolean,
): Promise<TenantView> {
  try {
    return await client.createTenant(input);
  } catch (error) {
    if (!ifNotExists || !(error instanceof CliError) || error.code !== 'tenant_exists') throw error;
    const { data } = await client.listTenants({ name: input.name });
    const [existing] = data;
    if (existing?.status !== 'active') throw error;
    if (input.apiKey !== undefined && !existing.teams.some(({ apiKey }) => apiKey === input.apiKey))
      throw new CliError(
        'conflict',
        `--api-key: tenant "${existing.name}" exists (${existing.id}) with another ingestion key.`,
        'tenant_exists',
        { cause: error },
      );
    return existing;
  }
}

export const createCommand = new Command('create')
  .description('make a tenant: its tables, team, ingestion key, connection and sources')
  .argument('<name>', 'name of the tenant, 1 to 100 characters, unique')
  .option('--api-key <key>', "the first team's ingestion key (default: a random one)")
  .option('--if-not-exists', 'answer the existing tenant where an active one has this name', false)
  .action(
    async (name: string, options: { apiKey?: string; ifNotExists: boolean }, command: Command) => {
      const { client, json } = clientOf(command);
      const input = { name, ...(options.apiKey === undefined ? {} : { apiKey: options.apiKey }) };
      printTenant(
        await withProgress(
          `Creating tenant ${name}`,
          createTenant(client, input, options.ifNotExists),
        ),
        json,
      );
    },
  );
