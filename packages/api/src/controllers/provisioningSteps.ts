import { withoutInserts } from '@hyperdx-tenancy/domain/access';
import { parseTenantId } from '@hyperdx-tenancy/domain/ids';
import type { TenantId } from '@hyperdx-tenancy/domain/ids';
import type { ProvisioningStep } from '@hyperdx-tenancy/domain/contracts/tenant';
import type { Settings } from '@hyperdx-tenancy/domain/plans';
import type { Retention } from '@hyperdx-tenancy/domain/tables';

import type { Target } from '../clickhouse/target';
import { grantTenantAccess, setPasswords, tenantAccess } from '../clickhouse/tenantAccess';
import {
  createTenantTables,
  tablesContext,
  updateTenantTables,
  verifyAsWriter,
  verifyTenantTables,
} from '../clickhouse/tenantTables';
import type { SiteRemains } from '../clickhouse/tenantTables';
import Connection from '../models/connection';
import Source from '../models/source';
import Team from '../models/team';
import type { TenantDocument } from '../models/tenant';
import { isDuplicateKey } from '../utils/mongoErrors';
import type { Credentials } from '../utils/keyring';
import type { Context } from './context';
import { doorLogin, loginOf, passwordHashes } from './credentials';
import { defaultSourcesOf } from './defaultSources';
import { ingestionKeyTaken } from './ingestionKeyTaken';
import { settingsOf } from './settings';

/** What the steps of one tenant work with. */
export interface Work {
  tenant: TenantDocument;
  id: TenantId;
  target: Target;
  /** Read when asked for: new passwords need no plan. @throws TenancyError `plan_unknown`. */
  readonly settings: Settings;
  context: Context;
}

/** @throws TenancyError `target_unknown`. */
export function workOn(tenant: TenantDocument, context: Context): Work {
  return {
    tenant,
    id: parseTenantId(tenant._id.toHexString()),
    target: context.targets.get(tenant.target),
    get settings() {
      return settingsOf(tenant, context);
    },
    context,
  };
}

type Step = (work: Work) => Promise<void>;

/**
 * The team comes first: its unique key is the one thing that can still be refused, and nothing is left
 * behind then. Its key is offered to no collector before the tenant is active.
 */
const makeTeam: Step = async ({ tenant }) => {
  try {
    await Team.updateOne(
      { _id: tenant.members.team },
      { $setOnInsert: { name: tenant.name, tenant: tenant._id, apiKey: tenant.firstApiKey } },
      { upsert: true, setDefaultsOnInsert: true },
    );
  } catch (error) {
    if (!isDuplicateKey(error, 'apiKey')) throw error;
    throw ingestionKeyTaken();
  }
};

/** Said for the operator of the site: nothing is dropped or changed that may hold data. */
function tellRemains({ id, context }: Work, { conflicts, left }: SiteRemains): void {
  for (const { object, name, found, wanted } of conflicts) {
    context.log.warn(
      { tenant: id, table: object, column: name, found, wanted },
      "a column or index of the site's is there with another type, and stays as it is",
    );
  }
  if (left.length === 0) return;
  const names = [...new Set(left.map(({ name }) => name))];
  context.log.info(
    { tenant: id, names },
    'columns or indexes that neither the templates nor the site know are left as they are',
  );
}

/**
 * Tables and views as they should be: what is missing is made, retention and a site's additions are brought to those
 * that exist.
 * @param previous the retention that they have, where it is known.
 */
export async function bringTables(work: Work, previous?: Retention): Promise<void> {
  const { tenant, target, id, settings } = work;
  const tables = await tablesContext(target, id, settings);
  // What the first attempt makes is as its statements say.
  const fresh = tenant.status === 'provisioning' && tenant.attempt === 1;
  await createTenantTables(target, tables, { fresh });
  if (fresh) return;
  // Before they are altered: what is wrong with them is said by the name of table and column.
  await verifyTenantTables(target, tables);
  tellRemains(work, await updateTenantTables(target, tables, previous));
}

const makeTables: Step = (work) => bringTables(work);

/** Users, profiles, quotas and grants as they should be. */
export const makeAccess: Step = async ({ tenant, target, id, settings, context }) => {
  if (!target.hasUsers) return;
  const access = await tenantAccess(target, id, settings);
  const hashes = passwordHashes(id, tenant.credentials, context);
  const wanted = tenant.status === 'suspended' ? withoutInserts(access) : access;
  await grantTenantAccess(target, wanted, hashes);
};

/** The same for a tenant that nobody works with yet: whatever passwords were there before are gone. */
const makeFirstAccess: Step = async (work) => {
  const { tenant, target, id, settings, context } = work;
  if (!target.hasUsers) return;
  await makeAccess(work);
  const access = await tenantAccess(target, id, settings);
  await setPasswords(target, access, passwordHashes(id, tenant.credentials, context));
  // What the exporter will ask, as whom it will ask.
  const writer = loginOf('writer', target, id, tenant.credentials, context);
  await verifyAsWriter(target, await tablesContext(target, id, settings), writer);
};

/** HyperDX's way to the tenant's tables: the query door, as the tenant's team. */
export async function writeConnection(
  { tenant: { members }, id, context }: Work,
  credentials: Credentials,
): Promise<void> {
  await Connection.updateOne(
    { _id: members.connection },
    {
      $setOnInsert: { team: members.team },
      $set: {
        name: context.seeds.connections[0] ?? 'ClickHouse',
        host: context.door.url,
        ...doorLogin(members.team.toHexString(), id, credentials, context),
        platformProvisioned: true,
      },
    },
    { upsert: true },
  );
}

async function makeSources({ tenant: { members }, id, target, context }: Work): Promise<void> {
  const sources = defaultSourcesOf(members, id, target.config.database, context.seeds);
  await Source.bulkWrite(
    sources.map(({ _id, ...source }) => ({
      updateOne: {
        filter: { _id },
        // What a tenant's people changed in a source by now stays theirs.
        update: { $setOnInsert: { ...source, team: members.team, connection: members.connection } },
        upsert: true,
      },
    })),
  );
}

const makeDocuments: Step = async (work) => {
  // Neither reads the other: HyperDX sees both or none of them, once the tenant is active.
  await Promise.all([writeConnection(work, work.tenant.credentials), makeSources(work)]);
};

/** Whether a step has anything to do: one that has not is not recorded either. */
export function isDue(step: ProvisioningStep, { target }: Work): boolean {
  return step !== 'access' || target.hasUsers;
}

/** What each step does. Every one is idempotent: after a crash it is done again as a whole. */
export const steps: Readonly<Record<ProvisioningStep, Step>> = {
  team: makeTeam,
  tables: makeTables,
  access: makeFirstAccess,
  documents: makeDocuments,
};
