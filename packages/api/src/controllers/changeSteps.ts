import { isDeepStrictEqual } from 'node:util';

import type { RotationStep, SettingsStep } from '@hyperdx-tenancy/domain/contracts/tenant';
import { TenancyError } from '@hyperdx-tenancy/domain/errors';

import {
  addPasswords,
  dropOldPasswords,
  knowsTwoPasswords,
  setPasswords,
  tenantAccess,
} from '../clickhouse/tenantAccess';
import { unacknowledged } from './collectorAcknowledgements';
import { passwordHashes } from './credentials';
import type { LeaseHold } from './lease';
import { bringTables, makeAccess, writeConnection } from './provisioningSteps';
import type { Work } from './provisioningSteps';
import { announceChange, readRevision } from './revisions';

type Step = (work: Work, hold: LeaseHold) => Promise<void>;

/** Brings what a tenant has in ClickHouse to the settings in force. */
export const settingsWork: Readonly<Record<SettingsStep, Step>> = {
  async tables(work, hold) {
    const { settings, tenant } = work;
    const previous = tenant.applied?.retentionHours ?? undefined;
    // Said before it is done: whoever takes half of it back must not take the tables for what they were.
    if (previous && !isDeepStrictEqual(previous, settings.retentionHours))
      await hold.update({ 'applied.retentionHours': null });
    await bringTables(work, previous);
  },
  access: makeAccess,
  // The query door may have another address.
  connection: (work) => writeConnection(work, work.tenant.credentials),
};

/** As far as passwords go: whose they are does not depend on settings, which a plan that is gone cannot tell. */
const accessOf = ({ target, id, context }: Work) => tenantAccess(target, id, context.platform);

/** The credentials that a rotation leads to, chosen once. */
async function nextCredentials({ tenant, context }: Work, hold: LeaseHold) {
  const { change, credentials } = tenant;
  if (change?.to) return change.to;
  const to = context.keyring.next(credentials);
  await hold.update({ 'change.to': to });
  if (change) change.to = to;
  return to;
}

/** Looks further apart than this are not one wait: agents may have gone unheard between them. */
const UNHEARD_MS = 30_000;

/** Since when collectors have been looked after without a break. */
async function waitingSince({ tenant, context }: Work, hold: LeaseHold): Promise<Date> {
  const now = context.now();
  const { lastError, waitingSince: since } = tenant.change ?? {};
  const looked = lastError?.code === 'collectors_behind' ? lastError.at.getTime() : 0;
  if (since && now.getTime() - looked <= UNHEARD_MS) return since;
  await hold.update({ 'change.waitingSince': now });
  return now;
}

/**
 * Gives a tenant new passwords while it works: both are valid from the first step to the last, so neither a query nor an
 * insert is refused in between.
 */
export const rotationWork: Readonly<Record<RotationStep, Step>> = {
  async add(work, hold) {
    const { target, id, context, tenant } = work;
    const to = await nextCredentials(work, hold);
    if (!target.hasUsers) return;
    const access = await accessOf(work);
    const hashes = passwordHashes(id, to, context);
    // Without the secret of the present ones nobody uses them any more: there is nothing to keep valid.
    const keep = context.keyring.knows(tenant.credentials);
    const replace = !keep || (tenant.change?.forced === true && !(await knowsTwoPasswords(target)));
    if (replace) await setPasswords(target, access, hashes);
    else await addPasswords(target, access, hashes);
  },

  async switch(work, hold) {
    const { tenant, context } = work;
    const to = await nextCredentials(work, hold);
    await writeConnection(work, to);
    await hold.update({ credentials: to });
    tenant.credentials = to;
    const before = await readRevision('collectors');
    await announceChange('collectors', context.log, { tenants: [tenant._id.toHexString()] });
    // Configs of this revision have them; of a later one as well.
    const revision = await readRevision('collectors');
    if (revision <= before) {
      // Collectors that run the config before would count as having this one.
      throw new TenancyError('mongo_unavailable', 'The new config could not be announced.');
    }
    await hold.update({ 'change.revision': revision });
    if (tenant.change) tenant.change.revision = revision;
  },

  async acknowledge(work, hold) {
    const { tenant, target, id, context } = work;
    // Without users, collectors have nothing that changed.
    if (tenant.change?.forced === true || !target.hasUsers) return;
    const behind = await unacknowledged(
      {
        tenantId: id,
        target: target.name,
        revision: tenant.change?.revision ?? 0,
        since: await waitingSince(work, hold),
      },
      context,
    );
    if (behind === 0) return;
    throw new TenancyError(
      'collectors_behind',
      `${behind} collector(s) have not applied the config with the new password yet.`,
    );
  },

  async drop(work) {
    // A server that knows one password a user has no other.
    if (work.target.hasUsers && (await knowsTwoPasswords(work.target)))
      await dropOldPasswords(work.target, await accessOf(work));
  },
};
