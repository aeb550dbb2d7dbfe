import { Command } from 'commander';

import type { Tenant } from '../../answers';
import type { Client } from '../../client';
import { addConfirmOptions, assertConfirmable, confirm } from '../../confirm';
import type { ConfirmOptions } from '../../confirm';
import { clientOf } from '../../options';
import { withProgress } from '../../output';
import type { WaitOptions } from '../../wait';
import { findTenant, tenantArgument } from './find';
import { printTenant } from './print';
import { noteUnfinished, waitUntilUnchanged } from './settled';

/**
 * Gives a tenant new passwords.
 * @param force do not wait for its collectors to take them over.
 * @param wait where it is stated, until the old ones are gone.
 */
export async function rotateTenant(
  client: Client,
  id: string,
  force: boolean,
  wait?: WaitOptions,
): Promise<Tenant> {
  const started = Date.now();
  const begun = await withProgress('Rotating passwords', client.rotateTenant(id, force));
  return wait === undefined ? begun : waitUntilUnchanged(client, begun, { started, ...wait });
}

interface Options extends ConfirmOptions {
  force: boolean;
  wait: boolean;
}

/** What is done, for a question or a dry run. */
function deed({ name, id }: Tenant, force: boolean): string {
  const rotate = `give the ClickHouse users of tenant "${name}" (${id}) new passwords`;
  return force
    ? `${rotate} and take the old ones away at once: collectors that have not taken the new ones over are refused until they have`
    : `${rotate}; the old ones stay valid until its collectors have taken the new ones over`;
}

export const rotateCommand = addConfirmOptions(
  new Command('rotate')
    .description(
      "give a tenant's ClickHouse users new passwords; the old ones stay valid until its collectors have taken the new ones over",
    )
    .addArgument(tenantArgument())
    .option('--force', 'take the old ones away at once, whatever the collectors have', false)
    .option('--wait', 'end once the old ones are gone, within --timeout', false),
).action(async (idOrName: string, options: Options, command: Command) => {
  const { force, wait } = options;
  // Without --force nothing is lost: there is nothing to confirm.
  const consent = { ...options, yes: options.yes || !force };
  assertConfirmable(consent);
  const { client, json, timeoutMs } = clientOf(command, wait);
  const tenant = await findTenant(client, idOrName);
  if (!(await confirm(deed(tenant, force), consent, json))) return;
  const rotated = await rotateTenant(client, tenant.id, force, wait ? { timeoutMs } : undefined);
  printTenant(rotated, json);
  noteUnfinished(rotated);
});
