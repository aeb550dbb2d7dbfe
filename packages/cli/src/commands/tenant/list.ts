import { tenantStatuses } from '@hyperdx-tenancy/domain/contracts/tenant';
import type { TenantStatus } from '@hyperdx-tenancy/domain/contracts/tenant';
import { Command, Option } from 'commander';

import type { Tenant } from '../../answers';
import type { Client } from '../../client';
import { clientOf } from '../../options';
import { withProgress } from '../../output';
import { printTenants } from './print';

const PAGE = 500;

/** All tenants, read page by page. */
export async function listAllTenants(client: Client, status?: TenantStatus): Promise<Tenant[]> {
  const all: Tenant[] = [];
  let after: string | undefined;
  do {
    const page = await client.listTenants({ limit: PAGE, status, after });
    all.push(...page.data);
    after = page.next ?? undefined;
  } while (after !== undefined);
  return all;
}

export const listCommand = new Command('list')
  .description('list tenants, oldest first')
  .addOption(new Option('--status <status>', 'only those in this status').choices(tenantStatuses))
  .action(async (options: { status?: TenantStatus }, command: Command) => {
    const { client, json } = clientOf(command);
    printTenants(
      await withProgress('Reading tenants', listAllTenants(client, options.status)),
      json,
    );
  });
