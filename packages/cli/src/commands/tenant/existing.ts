import type { CreateTenant } from '@hyperdx-tenancy/domain/contracts/tenant';

import type { Tenant } from '../../answers';
import { CliError } from '../../exitCodes';
import { showSettings } from '../../settings';

/** What a tenant is asked to have and does not: the option, and how to go on about it. */
function difference(asked: CreateTenant, existing: Tenant): string | undefined {
  const { apiKey, target, plan, settings = {} } = asked;
  // The key that it has is no business of whoever asks for another.
  if (apiKey !== undefined && !existing.teams.some((team) => team.apiKey === apiKey))
    return '--api-key: it has another ingestion key';
  if (target !== undefined && target !== existing.target)
    return `--target: it is on ${existing.target}`;
  if (plan !== undefined && plan !== existing.plan)
    return `--plan: it has ${existing.plan ?? 'no plan'}`;
  const present = new Set(showSettings(existing.settings));
  const missing = showSettings(settings).find((setting) => !present.has(setting));
  return missing === undefined ? undefined : `--setting ${missing}: it has not this setting`;
}

/**
 * Checks that an existing tenant is as good as the one that was asked for: whoever goes on as though it were would send
 * under a key that is refused, or to another place.
 * @throws CliError `conflict`.
 */
export function assertAsAsked(existing: Tenant, asked: CreateTenant): void {
  const what = difference(asked, existing);
  if (what === undefined) return;
  throw new CliError(
    'conflict',
    `Tenant "${existing.name}" (${existing.id}) exists, but is not as asked for; ${what}.`,
    'tenant_exists',
  );
}
