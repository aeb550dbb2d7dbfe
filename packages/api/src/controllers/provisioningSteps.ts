import { TenancyError } from '@hyperdx-tenancy/domain/errors';
import type { TenantId } from '@hyperdx-tenancy/domain/ids';
import type { ProvisioningStep } from '@hyperdx-tenancy/domain/contracts/tenant';
import { defaultSources } from '@hyperdx-tenancy/domain/sources';

import { createTenantTables, verifyTenantTables } from '../clickhouse/tenantTables';
import Connection from '../models/connection';
import Source from '../models/source';
import Team from '../models/team';
import type { TenantDocument } from '../models/tenant';
import { isDuplicateKey } from '../utils/mongoErrors';
import type { Context } from './context';

type Step = (tenant: TenantDocument, id: TenantId, context: Context) => Promise<void>;

/**
 * The team comes first: its unique key is the one thing that can still be refused, and nothing is left
 * behind then. Its key is offered to no collector before the tenant is active.
 */
const makeTeam: Step = async (tenant) => {
  try {
    await Team.updateOne(
      { _id: tenant.members.team },
      { $setOnInsert: { name: tenant.name, tenant: tenant._id, apiKey: tenant.firstApiKey } },
      { upsert: true, setDefaultsOnInsert: true },
    );
  } catch (error) {
    if (!isDuplicateKey(error, 'apiKey')) throw error;
    throw new TenancyError('ingestion_key_taken', 'apiKey: another team has this ingestion key.');
  }
};

const makeTables: Step = (_tenant, id, { target }) => createTenantTables(target, id);

/** HyperDX's way to the tenant's tables: the target itself, until there is a door for queries. */
const makeConnection: Step = async ({ members }, _id, { target }) => {
  await Connection.updateOne(
    { _id: members.connection },
    {
      $setOnInsert: { team: members.team },
      $set: {
        name: 'ClickHouse',
        host: target.host,
        username: target.username,
        password: target.password,
        platformProvisioned: true,
      },
    },
    { upsert: true },
  );
};

const makeSources: Step = async ({ members }, id, { target }) => {
  const sources = defaultSources({
    tenantId: id,
    teamId: members.team.toHexString(),
    connectionId: members.connection.toHexString(),
    database: target.database,
    ids: {
      log: members.sources.log.toHexString(),
      trace: members.sources.trace.toHexString(),
      metric: members.sources.metric.toHexString(),
      session: members.sources.session.toHexString(),
    },
  });
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
};

const verify: Step = (_tenant, id, { target }) => verifyTenantTables(target, id);

/** What each step does. Every one is idempotent: after a crash it is done again as a whole. */
export const steps: Readonly<Record<ProvisioningStep, Step>> = {
  team: makeTeam,
  tables: makeTables,
  connection: makeConnection,
  sources: makeSources,
  verify,
};
