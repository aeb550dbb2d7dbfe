import { randomUUID } from 'node:crypto';

import type {
  CreateTenant,
  ListTenants,
  TenantPage,
  TenantView,
} from '@hyperdx-tenancy/domain/contracts/tenant';
import { TenancyError } from '@hyperdx-tenancy/domain/errors';
import type { TenantId } from '@hyperdx-tenancy/domain/ids';
import { schemaVersion } from '@hyperdx-tenancy/domain/tables';
import { Types } from 'mongoose';

import Team from '../models/team';
import type { ITeam } from '../models/team';
import Tenant, { tenantNameKey } from '../models/tenant';
import type { ITenant, TenantDocument } from '../models/tenant';
import { isDuplicateKey } from '../utils/mongoErrors';
import { defaultContext } from './context';
import type { Context } from './context';
import { busyError, holdLease, newLease, takeLease } from './lease';
import { provision } from './provisioning';

type TeamSummary = Pick<ITeam, '_id' | 'name' | 'apiKey' | 'tenant'>;

function tenantView(tenant: ITenant, teams: readonly TeamSummary[]): TenantView {
  const { lastError } = tenant;
  return {
    id: tenant._id.toHexString(),
    name: tenant.name,
    status: tenant.status,
    target: tenant.target,
    schemaVersion: tenant.schemaVersion,
    provisioning:
      tenant.status === 'provisioning' || tenant.status === 'failed'
        ? {
            step: tenant.step,
            attempt: tenant.attempt,
            lastError: lastError && {
              code: lastError.code,
              message: lastError.message,
              at: lastError.at.toISOString(),
            },
          }
        : null,
    teams: teams
      .filter((team) => team.tenant.equals(tenant._id))
      .map((team) => ({ id: team._id.toHexString(), name: team.name, apiKey: team.apiKey })),
    createdAt: tenant.createdAt.toISOString(),
    updatedAt: tenant.updatedAt.toISOString(),
  };
}

function teamsOf(tenants: readonly Types.ObjectId[]): Promise<TeamSummary[]> {
  return Team.find({ tenant: { $in: tenants } }, { name: 1, apiKey: 1, tenant: 1 })
    .sort({ _id: 1 })
    .lean();
}

/**
 * Goes on with a tenant of the name that is asked for.
 * @throws TenancyError where it is active already, worked on, or was asked for with another key.
 */
async function takeUnfinished(
  existing: TenantDocument,
  input: CreateTenant,
  context: Context,
): Promise<TenantDocument> {
  if (existing.status !== 'provisioning' && existing.status !== 'failed') {
    throw new TenancyError(
      'tenant_exists',
      `name: tenant "${existing.name}" exists (${existing._id.toHexString()}).`,
    );
  }
  if (input.apiKey !== undefined && input.apiKey !== existing.firstApiKey) {
    throw new TenancyError(
      'request_changed',
      `apiKey: the unfinished tenant "${existing.name}" was asked for with another key; repeat that one or leave it out.`,
    );
  }
  const taken = await takeLease(existing._id, { attempt: existing.attempt + 1 }, context);
  if (!taken) throw busyError(existing);
  return taken;
}

/** @returns the document under our lease, or `null` where another call wrote the same name just now. */
async function insertTenant(input: CreateTenant, context: Context): Promise<TenantDocument | null> {
  if (input.apiKey !== undefined && (await Team.exists({ apiKey: input.apiKey }))) {
    throw new TenancyError('ingestion_key_taken', 'apiKey: another team has this ingestion key.');
  }
  try {
    return await Tenant.create({
      name: input.name,
      nameKey: tenantNameKey(input.name),
      status: 'provisioning',
      target: context.target.name,
      schemaVersion,
      members: {
        team: new Types.ObjectId(),
        connection: new Types.ObjectId(),
        sources: {
          log: new Types.ObjectId(),
          trace: new Types.ObjectId(),
          metric: new Types.ObjectId(),
          session: new Types.ObjectId(),
        },
      },
      firstApiKey: input.apiKey ?? randomUUID(),
      step: 'team',
      attempt: 1,
      lease: newLease(context),
    });
  } catch (error) {
    if (isDuplicateKey(error, 'nameKey')) return null;
    throw error;
  }
}

/**
 * Makes a tenant: its document, its tables, its team with an ingestion key, connection and sources.
 * Answers once it is active. Called again after a failure, with the same name, it completes what is
 * there: ids are chosen once, so there is never a second team or source.
 *
 * @param input as parsed by the contract `CreateTenant`.
 * @throws TenancyError `tenant_exists`, `operation_running`, `request_changed`, `ingestion_key_taken`; or
 *   what stopped it (`clickhouse_unavailable`, ...), with the tenant left `failed` and the reason in it.
 */
export async function createTenant(
  input: CreateTenant,
  context: Context = defaultContext(),
): Promise<TenantView> {
  const byName = { nameKey: tenantNameKey(input.name) };
  const found = await Tenant.findOne(byName);
  let inserted = found ? null : await insertTenant(input, context);
  let tenant = inserted;
  if (!tenant) {
    const existing = found ?? (await Tenant.findOne(byName));
    // Written by another call a moment ago, and taken back by it already.
    if (!existing)
      throw new TenancyError(
        'operation_running',
        'name: another call is making this tenant; try again.',
      );
    tenant = await takeUnfinished(existing, input, context);
    inserted = null;
  }
  try {
    await provision(tenant, holdLease(tenant._id, context), context);
  } catch (error) {
    // Nothing exists but the document: taken back, so that the name is free for another try.
    if (inserted && error instanceof TenancyError && error.code === 'ingestion_key_taken') {
      await Tenant.deleteOne({ _id: tenant._id });
    }
    throw error;
  }
  return getTenant(tenant._id.toHexString() as TenantId);
}

/** One tenant. @throws TenancyError `tenant_not_found`. */
export async function getTenant(id: TenantId): Promise<TenantView> {
  const tenant = await Tenant.findById(id).lean<ITenant>();
  if (!tenant) throw new TenancyError('tenant_not_found', 'There is no tenant with this id.');
  return tenantView(tenant, await teamsOf([tenant._id]));
}

/** A page of tenants in the order of their making: two queries, whatever its length. */
export async function listTenants(query: ListTenants): Promise<TenantPage> {
  const tenants = await Tenant.find({
    ...(query.after === undefined ? {} : { _id: { $gt: new Types.ObjectId(query.after) } }),
    ...(query.status === undefined ? {} : { status: query.status }),
    ...(query.name === undefined ? {} : { nameKey: tenantNameKey(query.name) }),
  })
    .sort({ _id: 1 })
    // One more than asked for tells whether there is a next page.
    .limit(query.limit + 1)
    .lean<ITenant[]>();
  const page = tenants.slice(0, query.limit);
  const teams = await teamsOf(page.map((tenant) => tenant._id));
  const last = page.at(-1);
  return {
    data: page.map((tenant) => tenantView(tenant, teams)),
    next: tenants.length > page.length && last ? last._id.toHexString() : null,
  };
}
