import { IdempotencyKey } from '@hyperdx-tenancy/domain/contracts/tenant';
import type { CreateTenant } from '@hyperdx-tenancy/domain/contracts/tenant';
import { Command } from 'commander';

import type { Tenant } from '../../answers';
import { WORK_TIMEOUT_MS } from '../../client';
import type { Client, CreateOptions } from '../../client';
import { CliError } from '../../exitCodes';
import { clientOf } from '../../options';
import { withProgress } from '../../output';
import { parseSettings, settingOption } from '../../settings';
import { validate } from '../../validate';
import { assertAsAsked } from './existing';
import { printTenant } from './print';
import { noteUnfinished, waitUntilMade } from './settled';

/**
 * Makes a tenant; with `ifNotExists`, an active one of the same name is as good.
 * @throws CliError `conflict` where the existing one has not what is asked for.
 */
export async function createTenant(
  client: Client,
  input: CreateTenant,
  ifNotExists: boolean,
  options: CreateOptions = {},
): Promise<Tenant> {
  try {
    return await client.createTenant(input, options);
  } catch (error) {
    if (!ifNotExists || !(error instanceof CliError) || error.code !== 'tenant_exists') throw error;
    const { data } = await client.listTenants({ name: input.name });
    const [existing] = data;
    if (existing?.status !== 'active') throw error;
    assertAsAsked(existing, input);
    return existing;
  }
}

interface Options {
  apiKey?: string;
  target?: string;
  plan?: string;
  setting?: string[];
  idempotencyKey?: string;
  ifNotExists: boolean;
  wait: boolean;
}

function inputOf(name: string, { apiKey, target, plan, setting }: Options): CreateTenant {
  return {
    name,
    ...(apiKey === undefined ? {} : { apiKey }),
    ...(target === undefined ? {} : { target }),
    ...(plan === undefined ? {} : { plan }),
    ...(setting === undefined ? {} : { settings: parseSettings(setting) }),
  };
}

export const createCommand = new Command('create')
  .description('make a tenant: its tables, team, ingestion key, connection and sources')
  .argument('<name>', 'name of the tenant, 1 to 100 characters, unique')
  .option('--api-key <key>', "the first team's ingestion key (default: a random one)")
  .option(
    '--target <name>',
    'the ClickHouse target that holds its tables, as by "target list" (default: the one with most room)',
  )
  .option('--plan <name>', 'its plan, as by "plan list" (default: the default plan, if any)')
  .addOption(settingOption())
  .option(
    '--idempotency-key <key>',
    'repeated with the same key and arguments, the command makes no second tenant',
  )
  .option('--if-not-exists', 'answer the existing tenant where an active one has this name', false)
  .option('--no-wait', 'answer at once, while the tenant is still being made')
  .action(async (name: string, options: Options, command: Command) => {
    const input = inputOf(name, options);
    const { wait } = options;
    const idempotencyKey = validate(
      IdempotencyKey.optional(),
      options.idempotencyKey,
      '--idempotency-key',
    );
    const { client, json, timeoutMs = WORK_TIMEOUT_MS } = clientOf(command, wait);
    const started = Date.now();
    const tenant = await withProgress(
      `Creating tenant ${name}`,
      createTenant(client, input, options.ifNotExists, { idempotencyKey, wait }),
    );
    printTenant(wait ? await waitUntilMade(client, tenant, { timeoutMs, started }) : tenant, json);
    if (!wait) noteUnfinished(tenant);
  });
