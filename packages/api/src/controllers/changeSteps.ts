import type { RotationStep, SettingsStep } from '@hyperdx-tenancy/domain/contracts/tenant';
import { TenancyError } from '@hyperdx-tenancy/domain/errors';

import {
  addPasswords,
  dropOldPasswords,
  setPasswords,
  tenantAccess,
} from '../clickhouse/tenantAccess';
import { tablesContext, updateTenantTables } from '../clickhouse/tenantTables';
import { unacknowledged } from './collectorAgents';
import { passwordHashes } from './credentials';
import type { LeaseHold } from './lease';
import { makeAccess, makeTables, writeConnection } from './provisioningSteps';
import type { Work } from './provisioningSteps';
import { announceChange, readRevision } from './revisions';

type Step = (work: Work, hold: LeaseHold) => Promise<void>;

/** Brings what a tenant has in ClickHouse to the settings in force. */
export const settingsWork: Readonly<Record<SettingsStep, Step>> = {
  async tables(work) {
    const { target, id, settings, tenant } = work;
    await makeTables(work);
    const left = await updateTenantTables(
      target,
      await tablesContext(target, id, settings),
      tenant.applied?.retentionHours,
    );
    for (const { object, name, found, wanted } of left) {
      work.context.log.warn(
        { tenant: id, table: object, column: name, found, wanted },
        "a column or index of the site's is there with another type, and stays as it is",
      );
    }
  },
  access: makeAccess,
  // A target that has users now, and had none before, wants the reader instead of the administrator.
  connection: (work) => writeConnection(work, work.tenant.credentials),
};

/** The credentials that a rotation leads to, chosen once. */
async function nextCredentials({ tenant, context }: Work, hold: LeaseHold) {
  const { change, credentials } = tenant;
  if (change?.to) return change.to;
  const to = context.keyring.next(credentials);
  await hold.update({ 'change.to': to });
  if (change) change.to = to;
  return to;
}

/**
 * Gives a tenant new passwords while it works: both are valid from the first step to the last, so neither a query nor an
 * insert is refused in between.
 */
export const rotationWork: Readonly<Record<RotationStep, Step>> = {
  async add(work, hold) {
    const { target, id, settings, context, tenant } = work;
    const to = await nextCredentials(work, hold);
    const access = await tenantAccess(target, id, settings);
    const hashes = passwordHashes(id, to, context);
    // Without the secret of the present ones nobody uses them any more: there is nothing to keep valid.
    if (context.keyring.knows(tenant.credentials)) await addPasswords(target, access, hashes);
    else await setPasswords(target, access, hashes);
  },

  async switch(work, hold) {
    const { tenant, context } = work;
    const to = await nextCredentials(work, hold);
    await writeConnection(work, to);
    await hold.update({ credentials: to });
    tenant.credentials = to;
    await announceChange('collectors', context.log);
    // Configs of this revision have them; of a later one as well.
    const revision = await readRevision('collectors');
    await hold.update({ 'change.revision': revision });
    if (tenant.change) tenant.change.revision = revision;
  },

  async acknowledge({ tenant, target, id, context }) {
    const behind = await unacknowledged(
      { tenantId: id, target: target.name, revision: tenant.change?.revision ?? 0 },
      context,
    );
    if (behind === 0) return;
    throw new TenancyError(
      'collectors_behind',
      `${behind} collector(s) have not applied the config with the new password yet.`,
    );
  },

  async drop({ target, id, settings }) {
    await dropOldPasswords(target, await tenantAccess(target, id, settings));
  },
};
