import { setTimeout as sleep } from 'node:timers/promises';

import type {
  CreateTenant,
  ListTenants,
  TenantPage,
  TenantView,
} from '@hyperdx-tenancy/domain/contracts/tenant';
import { TenancyError } from '@hyperdx-tenancy/domain/errors';
import { parseTenantId } from '@hyperdx-tenancy/domain/ids';
import type { TenantId } from '@hyperdx-tenancy/domain/ids';
import { Types } from 'mongoose';

import Team from '../models/team';
import type { ITeam } from '../models/team';
import Tenant, { tenantNameKey } from '../models/tenant';
import type { ITenant, TenantFault } from '../models/tenant';
import { defaultContext } from './context';
import type { Context } from './context';
import { provision } from './provisioning';
import { findRepeated, tenantRequest } from './idempotency';
import { claimTenant, claimUnfinished, dropClaim, UNFINISHED } from './tenantClaim';
import type { Claim } from './tenantClaim';
import { tenantNotFound } from './tenantNotFound';

type TeamSummary = Pick<ITeam, '_id' | 'name' | 'apiKey' | 'tenant'>;

function faultView(fault: TenantFault | null) {
  return fault && { code: fault.code, message: fault.message, at: fault.at.toISOString() };
}

function tenantView(tenant: ITenant, teams: readonly TeamSummary[]): TenantView {
  const { lastError, change } = tenant;
  return {
    id: tenant._id.toHexString(),
    name: tenant.name,
    status: tenant.status,
    target: tenant.target,
    plan: tenant.plan,
    settings: tenant.settings,
    schemaVersion: tenant.schemaVersion,
    provisioning:
      tenant.status === 'provisioning' || tenant.status === 'failed'
        ? {
            step: tenant.step,
            attempt: tenant.attempt,
            lastError: faultView(lastError),
          }
        : null,
    change: change && {
      kind: change.kind,
      step: change.step,
      attempt: change.attempt,
      since: change.since.toISOString(),
      lastError: faultView(change.lastError),
    },
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

async function complete(claim: Claim, context: Context): Promise<void> {
  try {
    await provision(claim.tenant, claim.hold, context);
  } catch (error) {
    const nothingMade = error instanceof TenancyError && error.code === 'ingestion_key_taken';
    if (claim.fresh && nothingMade) await dropClaim(claim);
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
  const claim = await claimTenant(input, context);
  await complete(claim, context);
  return viewOf(claim);
}

/** A tenant after work on it: of a new one both documents are known by id. */
async function viewOf({ tenant: { _id, members }, fresh }: Claim): Promise<TenantView> {
  if (!fresh) return getTenant(parseTenantId(_id.toHexString()));
  const [tenant, team] = await Promise.all([
    Tenant.findById(_id).lean<ITenant>(),
    Team.findById(members.team, { name: 1, apiKey: 1, tenant: 1 }).lean<TeamSummary>(),
  ]);
  if (!tenant) throw tenantNotFound();
  return tenantView(tenant, team ? [team] : []);
}

export interface BeginOptions {
  /**
   * Milliseconds to keep the caller for, a minute by default; making a tenant takes a fraction of a second.
   * 0 answers at once.
   */
  waitMs?: number;
  /** A repeated request with the same key is answered with the tenant that the first one made. */
  idempotencyKey?: string | undefined;
}

const WAIT_MS = 60_000;

/**
 * Makes a tenant as {@link createTenant} does, for a caller who may not wait for it to be active: the work then
 * goes on in this process, and in another should this one die.
 * @throws TenancyError as {@link createTenant}, for what comes up within the time; `idempotency_key_reused`.
 */
export async function beginTenant(
  input: CreateTenant,
  options: BeginOptions = {},
  context: Context = defaultContext(),
): Promise<TenantView> {
  const { waitMs = WAIT_MS, idempotencyKey } = options;
  const request = idempotencyKey === undefined ? undefined : tenantRequest(idempotencyKey, input);
  const repeated = request && (await findRepeated(request));
  if (repeated && !UNFINISHED.includes(repeated.status)) {
    return getTenant(parseTenantId(repeated._id.toHexString()));
  }
  const claim = await claimTenant(input, context, request);
  const made = complete(claim, context);
  // Whoever does not wait for it finds its failure in the tenant's document.
  made.catch(() => undefined);
  if (waitMs > 0) {
    const timer = new AbortController();
    const late = sleep(waitMs, undefined, { signal: timer.signal }).catch(() => undefined);
    // However it ends: a timer left behind would keep the process from stopping.
    await Promise.race([made, late]).finally(() => timer.abort());
  }
  return viewOf(claim);
}

/**
 * Tries a tenant again that failed, or waits for its next attempt, once its cause is mended.
 * @throws TenancyError `tenant_not_found`, `tenant_exists` (it is complete), `operation_running`, or what stopped
 *   it again.
 */
export async function retryTenant(
  id: TenantId,
  context: Context = defaultContext(),
): Promise<TenantView> {
  await complete(await claimUnfinished(id, context), context);
  return getTenant(id);
}

/** One tenant. @throws TenancyError `tenant_not_found`. */
export async function getTenant(id: TenantId): Promise<TenantView> {
  const tenant = await Tenant.findById(id).lean<ITenant>();
  if (!tenant) throw tenantNotFound();
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
