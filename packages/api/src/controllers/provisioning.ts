import { TenancyError } from '@hyperdx-tenancy/domain/errors';
import { parseTenantId } from '@hyperdx-tenancy/domain/ids';
import type { TenantId } from '@hyperdx-tenancy/domain/ids';
import { provisioningSteps } from '@hyperdx-tenancy/domain/contracts/tenant';
import type { ProvisioningStep } from '@hyperdx-tenancy/domain/contracts/tenant';
import { defaultSources } from '@hyperdx-tenancy/domain/sources';

import { createTenantTables, verifyTenantTables } from '../clickhouse/tenantTables';
import Connection from '../models/connection';
import Source from '../models/source';
import Team from '../models/team';
import type { TenantDocument } from '../models/tenant';
import { isDuplicateKey, isMongoUnavailable, mongoUnavailable } from '../utils/mongoErrors';
import type { Context } from './context';
import type { LeaseHold } from './lease';
import { announceChange } from './revisions';

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

const steps: Record<ProvisioningStep, Step> = {
  team: makeTeam,
  tables: makeTables,
  connection: makeConnection,
  sources: makeSources,
  verify,
};

function toFault(error: unknown): TenancyError {
  if (error instanceof TenancyError) return error;
  if (isMongoUnavailable(error)) return mongoUnavailable(error);
  return new TenancyError('internal', 'A step failed unexpectedly; see the log of the API.', {
    cause: error,
  });
}

/**
 * Makes all that a tenant consists of, from its first step on: every step is idempotent, so after a
 * crash or a failure the whole is simply done again. Ends with the tenant `active`, or `failed` with the
 * reason in its document and the same reason thrown.
 * @param hold the lease on that tenant; released in any case.
 */
export async function provision(
  tenant: TenantDocument,
  hold: LeaseHold,
  context: Context,
): Promise<void> {
  const id = parseTenantId(tenant._id.toHexString());
  const log = context.log.child({ tenant: id });
  let current: ProvisioningStep = provisioningSteps[0];
  try {
    for (const step of provisioningSteps) {
      current = step;
      await hold.update({ step, status: 'provisioning' });
      await steps[step](tenant, id, context);
    }
    await hold.release({ status: 'active', lastError: null });
  } catch (error) {
    const fault = toFault(error);
    log.error(
      { step: current, code: fault.code, err: fault.cause ?? fault },
      'provisioning failed',
    );
    await hold
      .release({
        status: 'failed',
        lastError: { code: fault.code, message: fault.message, at: context.now() },
      })
      .catch((lost: unknown) => {
        // Its lease runs out by itself; the next call finds the tenant `provisioning` and goes on.
        log.error({ err: lost }, 'the failure could not be recorded');
      });
    throw fault;
  }
  log.info('tenant active');
  await announceChange('collectors', log);
}
