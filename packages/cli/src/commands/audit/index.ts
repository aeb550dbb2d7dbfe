import { isTenantId } from '@hyperdx-tenancy/domain/ids';
import { Command, InvalidArgumentError } from 'commander';

import type { AuditEvent } from '../../answers';
import type { Client } from '../../client';
import { clientOf } from '../../options';
import { withProgress } from '../../output';
import { pastInstant } from '../../time';
import { findTenant } from '../tenant/find';
import { printEvents } from './print';

const PAGE = 500;
const DEFAULT_EVENTS = 100;
/** All of them are held in memory, with what was before and after. */
const MAX_EVENTS = 10_000;

export interface AuditFilter {
  tenant?: string;
  action?: string;
  actor?: string;
  since?: string;
  until?: string;
}

/** Events, newest first, read page by page until there are as many as asked for. */
export async function readAudit(
  client: Client,
  filter: AuditFilter,
  limit: number,
): Promise<AuditEvent[]> {
  const events: AuditEvent[] = [];
  let after: string | undefined;
  do {
    const page = await client.listAudit({
      ...filter,
      limit: Math.min(PAGE, limit - events.length),
      after,
    });
    events.push(...page.data);
    after = page.next ?? undefined;
  } while (after !== undefined && events.length < limit);
  return events.slice(0, limit);
}

/** An id is taken as it is: what was done to a tenant outlives it. */
async function tenantIdOf(client: Client, idOrName: string): Promise<string> {
  return isTenantId(idOrName) ? idOrName : (await findTenant(client, idOrName)).id;
}

function count(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > MAX_EVENTS)
    throw new InvalidArgumentError(`must be a whole number from 1 to ${MAX_EVENTS}.`);
  return value;
}

export const auditCommand = new Command('audit')
  .description('list what was changed, by whom, newest first; --json has before and after')
  .option('--tenant <id-or-name>', 'only what was done to this tenant')
  .option('--action <action>', 'only this, such as tenant.create or operator.delete')
  .option(
    '--actor <id>',
    'only by this token or user, by its id; "bootstrap" is TENANCY_ADMIN_TOKEN',
  )
  .option(
    '--since <time>',
    'only from this time on: 2026-03-01T00:00:00Z, or how long ago: 12h, 7d',
    pastInstant,
  )
  .option('--until <time>', 'only before this time', pastInstant)
  .option('--limit <count>', 'at most so many', count, DEFAULT_EVENTS)
  .action(async (options: AuditFilter & { limit: number }, command: Command) => {
    const { client, json } = clientOf(command);
    const { limit, tenant, ...filter } = options;
    const read = async (): Promise<AuditEvent[]> =>
      readAudit(
        client,
        tenant === undefined ? filter : { ...filter, tenant: await tenantIdOf(client, tenant) },
        limit,
      );
    printEvents(await withProgress('Reading the audit', read()), json);
  });
