import { Command } from 'commander';

import type { Door } from '../../answers';
import type { Client } from '../../client';
import { clientOf } from '../../options';
import { note, printJson, printTable, withProgress } from '../../output';
import { findTenant, tenantArgument } from './find';

/** Where and as whom a tenant's programs reach its telemetry. */
export async function doorAccess(client: Client, idOrName: string): Promise<Door> {
  const { id } = await findTenant(client, idOrName);
  return client.doorAccess(id);
}

function printDoor({ url, database, logins }: Door): void {
  printTable(
    ['team', 'url', 'database', 'user', 'password'],
    logins.map(({ team, username, password }) => [team.name, url, database, username, password]),
  );
  note('Whoever has a password reads all of the tenant\'s telemetry. "tenant rotate" ends it.');
}

export const doorCommand = new Command('door')
  .description(
    "show where and as whom a tenant's own programs reach its telemetry: the query door speaks ClickHouse's HTTP interface",
  )
  .addArgument(tenantArgument())
  .action(async (idOrName: string, _options: object, command: Command) => {
    const { client, json } = clientOf(command);
    const door = await withProgress('Reading logins', doorAccess(client, idOrName));
    if (json) printJson(door);
    else printDoor(door);
  });
