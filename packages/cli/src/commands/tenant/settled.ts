import { errorCodes } from '@hyperdx-tenancy/domain/errors';

import type { Tenant } from '../../answers';
import type { Client } from '../../client';
import { CliError, reasonOfStatus } from '../../exitCodes';
import { note } from '../../output';
import { waitUntilDone } from '../../wait';
import type { WaitOptions } from '../../wait';

type Progress = NonNullable<Tenant['provisioning'] | Tenant['change']>;

function progress(what: string, { step, lastError }: Progress): string {
  return `${what}, step ${step}${lastError ? ` (${lastError.message})` : ''}`;
}

function statusOf(code: string): number {
  const known: Readonly<Record<string, { status: number } | undefined>> = errorCodes;
  return known[code]?.status ?? 500;
}

function failure({ id, name, provisioning }: Tenant): CliError {
  const { code, message } = provisioning?.lastError ?? { code: 'internal', message: 'no reason.' };
  return new CliError(
    reasonOfStatus(statusOf(code)),
    `Tenant "${name}" (${id}) failed: ${message} Once that is mended, "tenant retry" goes on.`,
    code,
  );
}

/** The error of a change that did not come through with its answer. */
export function changeFault(
  { id, name }: Tenant,
  { code, message }: { code: string; message: string },
): CliError {
  return new CliError(
    reasonOfStatus(statusOf(code)),
    `Tenant "${name}" (${id}) is not changed yet: ${message}`,
    code,
  );
}

/**
 * Waits until a tenant that is being made is there.
 * @throws CliError with what stopped it for good; `unavailable` where it takes longer.
 */
export async function waitUntilMade(
  client: Client,
  tenant: Tenant,
  options: WaitOptions,
): Promise<Tenant> {
  const made = await waitUntilDone(
    tenant,
    {
      read: async () => (await client.getTenant(tenant.id)).value,
      pending: ({ status, provisioning }) => {
        if (status !== 'provisioning') return undefined;
        return provisioning ? progress('provisioning', provisioning) : 'provisioning';
      },
    },
    options,
  );
  if (made.status === 'failed') throw failure(made);
  return made;
}

/** Waits until nothing is being done with a tenant any more. */
export async function waitUntilUnchanged(
  client: Client,
  tenant: Tenant,
  options: WaitOptions,
): Promise<Tenant> {
  return waitUntilDone(
    tenant,
    {
      read: async () => (await client.getTenant(tenant.id)).value,
      pending: ({ change }) => (change ? progress(change.kind, change) : undefined),
    },
    options,
  );
}

/** Says where work on a tenant has not ended with the answer. */
export function noteUnfinished({ change, status }: Tenant): void {
  if (status === 'provisioning') note('It is still being made; "tenant show" says how far it is.');
  if (change) note(`Under way, and goes on by itself: ${progress(change.kind, change)}.`);
}
