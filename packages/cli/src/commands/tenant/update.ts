import type { UpdateTenant } from '@hyperdx-tenancy/domain/contracts/tenant';
import { Command } from 'commander';
import { z } from 'zod';

import type { Tenant } from '../../answers';
import type { Client } from '../../client';
import { CliError } from '../../exitCodes';
import type { Tagged } from '../../http';
import { clientOf } from '../../options';
import { withProgress } from '../../output';
import { parseSettingsPatch, settingOption, unsetOption } from '../../settings';
import { validate } from '../../validate';
import { findTenant, readTenant, tenantArgument } from './find';
import { printTenant } from './print';
import { noteUnfinished } from './settled';

/** RFC 9110, section 8.8.3. A shell that has eaten the quotes is told apart from a tenant that has changed. */
const EntityTag = z
  .string()
  .regex(/^(\*|"[!#-~]*")$/, 'must be an ETag with its quotes (\'"4f0c..."\'), or *');

/** @throws CliError `conflict` where somebody else was quicker, told in terms of the command line. */
async function updateUnchanged(
  client: Client,
  idOrName: string,
  patch: UpdateTenant,
): Promise<Tagged<Tenant>> {
  const { value, etag } = await readTenant(client, idOrName);
  if (etag === undefined)
    throw new CliError(
      'unexpected',
      "The API's answer has no ETag, so that a change by somebody else would be overwritten unseen; --if-match '*' does it all the same.",
    );
  try {
    return await client.updateTenant(value.id, patch, etag);
  } catch (error) {
    if (!(error instanceof CliError) || error.code !== 'precondition_failed') throw error;
    throw new CliError(
      'conflict',
      `Tenant "${value.name}" has been changed by somebody else just now, and nothing by this; look at it with "tenant show", and try again.`,
      error.code,
      { cause: error },
    );
  }
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
