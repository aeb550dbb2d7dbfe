import type { UpdateTenant } from '@hyperdx-tenancy/domain/contracts/tenant';
import { Command } from 'commander';

import type { Tenant } from '../../answers';
import type { Client } from '../../client';
import { changeUnchanged, EntityTag, tagOf } from '../../entityTag';
import { CliError } from '../../exitCodes';
import type { Tagged } from '../../http';
import { clientOf } from '../../options';
import { withProgress } from '../../output';
import { parseSettingsPatch, settingOption, unsetOption } from '../../settings';
import { validate } from '../../validate';
import { findTenant, readTenant, tenantArgument } from './find';
import { printTenant } from './print';
import { noteUnfinished } from './settled';

async function updateUnchanged(
  client: Client,
  idOrName: string,
  patch: UpdateTenant,
): Promise<Tagged<Tenant>> {
  const tagged = await readTenant(client, idOrName);
  const { id, name } = tagged.value;
  const etag = tagOf(tagged);
  return changeUnchanged(
    () => client.updateTenant(id, patch, etag),
    `Tenant "${name}" has been changed by somebody else just now, and nothing by this; look at it with "tenant show", and try again.`,
  );
}

/**
 * Changes a tenant.
 * @param ifMatch the entity tag that it must have; that of the tenant as it is read first where it is left out, so that
 *   what somebody else changes at the same time is never overwritten.
 * @throws CliError `conflict` where it has another.
 */
export async function updateTenant(
  client: Client,
  idOrName: string,
  patch: UpdateTenant,
  ifMatch: string | undefined,
): Promise<Tagged<Tenant>> {
  if (ifMatch === undefined) return updateUnchanged(client, idOrName, patch);
  const { id } = await findTenant(client, idOrName);
  return client.updateTenant(id, patch, ifMatch);
}

interface Options {
  name?: string;
  /** `false` of `--no-plan`. */
  plan?: string | false;
  setting?: string[];
  unset?: string[];
  ifMatch?: string;
}

function patchOf({ name, plan, setting = [], unset = [] }: Options): UpdateTenant {
  const settings = parseSettingsPatch(setting, unset);
  const patch: UpdateTenant = {
    ...(name === undefined ? {} : { name }),
    ...(plan === undefined ? {} : { plan: plan === false ? null : plan }),
    ...(Object.keys(settings).length === 0 ? {} : { settings }),
  };
  if (Object.keys(patch).length > 0) return patch;
  throw new CliError(
    'usage',
    'Nothing to change: name --name, --plan, --no-plan, --setting or --unset.',
  );
}

export const updateCommand = new Command('update')
  .description('change name, plan and settings of a tenant, unless somebody else just did')
  .addArgument(tenantArgument())
  .option('--name <name>', 'another name')
  .option('--plan <name>', 'another plan, as by "plan list"')
  .option('--no-plan', 'no plan of its own: the default one, if any')
  .addOption(settingOption())
  .addOption(unsetOption())
  .option(
    '--if-match <etag>',
    'change it only if it still has this ETag, as by "tenant show" (default: the one it has now)',
  )
  .action(async (idOrName: string, options: Options, command: Command) => {
    const patch = patchOf(options);
    const ifMatch = validate(EntityTag.optional(), options.ifMatch, '--if-match');
    const { client, json } = clientOf(command);
    const { value, etag } = await withProgress(
      `Changing tenant ${idOrName}`,
      updateTenant(client, idOrName, patch, ifMatch),
    );
    printTenant(value, json, etag);
    noteUnfinished(value);
  });
