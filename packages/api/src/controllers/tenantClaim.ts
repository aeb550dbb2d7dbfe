import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';

import type { CreateTenant, TenantStatus } from '@hyperdx-tenancy/domain/contracts/tenant';
import { TenancyError } from '@hyperdx-tenancy/domain/errors';
import type { TenantId } from '@hyperdx-tenancy/domain/ids';
import { schemaVersion } from '@hyperdx-tenancy/domain/tables';
import { Types } from 'mongoose';

import Team from '../models/team';
import Tenant, { tenantNameKey } from '../models/tenant';
import type { TenantDocument, TenantRequest } from '../models/tenant';
import { isDuplicateKey } from '../utils/mongoErrors';
import { ingestionKeyTaken } from './ingestionKeyTaken';
import type { Context } from './context';
import { MAX_ATTEMPTS } from './provisioningPolicy';
import { isIngestionKeyTaken } from './ingestionKeys';
import { findPlan, settingsOf } from './settings';
import { tenantNotFound } from './tenantNotFound';
import { busyError, holdLease, newLease, takeLease } from './lease';
import type { LeaseHold } from './lease';

/** A tenant to be made, under a lease of ours. */
export interface Claim {
  tenant: TenantDocument;
  hold: LeaseHold;
  /** Whether this call wrote its document, rather than taking over an unfinished one. */
  fresh: boolean;
}

/** The states in which a tenant is still to be made. */
export const UNFINISHED: readonly TenantStatus[] = ['provisioning', 'failed'];
const STILL_TO_MAKE = { status: { $in: UNFINISHED } };

/** The attempt that a new row of them begins with, where somebody asks for one more: the first is that of an empty target. */
const ASKED_AGAIN = 2;

/** @returns `null` where there is a tenant of that name: what a new one would be refused for does not concern it. */
async function unlessNamed<T>(input: CreateTenant, look: () => Promise<T>): Promise<T | null> {
  try {
    return await look();
  } catch (error) {
    if (await Tenant.exists({ nameKey: tenantNameKey(input.name) })) return null;
    throw error;
  }
}

/** @returns the document under our lease, or `null` where the name, or the request, has one already. */
async function insert(
  input: CreateTenant,
  context: Context,
  request: TenantRequest | undefined,
): Promise<TenantDocument | null> {
  const asked = {
    plan: findPlan(input.plan, context)?.name ?? null,
    settings: input.settings ?? {},
  };
  const target = await unlessNamed(input, async () => {
    if (input.apiKey !== undefined && (await isIngestionKeyTaken(input.apiKey)))
      throw ingestionKeyTaken();
    return context.targets.place(input.target);
  });
  if (!target) return null;
  try {
    return await Tenant.create({
      name: input.name,
      nameKey: tenantNameKey(input.name),
      status: 'provisioning',
      target: target.name,
      ...asked,
      partitioning: settingsOf(asked, context).partitioning,
      credentials: context.keyring.first(),
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
      ...(request ? { request } : {}),
      step: 'team',
      attempt: 1,
      lease: newLease(context),
    });
  } catch (error) {
    if (isDuplicateKey(error)) return null;
    throw error;
  }
}

/** @throws TenancyError `request_changed` where the unfinished tenant was to be another one, or has another key by now. */
async function compare(tenant: TenantDocument, input: CreateTenant): Promise<void> {
  const differing = (['target', 'plan', 'settings'] as const).find(
    (field) => input[field] !== undefined && !isDeepStrictEqual(input[field], tenant[field]),
  );
  if (differing !== undefined) {
    throw new TenancyError(
      'request_changed',
      `${differing}: the unfinished tenant "${tenant.name}" was asked for with another; repeat that one or leave it out.`,
    );
  }
  if (input.apiKey === undefined || input.apiKey === tenant.firstApiKey) return;
  if (!(await Team.exists({ _id: tenant.members.team }))) return;
  throw new TenancyError(
    'request_changed',
    `apiKey: the unfinished tenant "${tenant.name}" has another key already; repeat that one or leave it out.`,
  );
}

/**
 * Makes the key that was asked for the unfinished tenant's, as long as no team has the old one: a key that
 * turned out to be taken must not make the name useless for good.
 */
async function reconcileKey({ tenant, hold }: Claim, apiKey: string | undefined): Promise<void> {
  if (apiKey === undefined || apiKey === tenant.firstApiKey) return;
  await hold.update({ firstApiKey: apiKey });
  tenant.firstApiKey = apiKey;
}

/** Takes the lease of an unfinished tenant for somebody who asks for it. @returns `null` as {@link takeLease}. */
async function takeUp(
  id: Types.ObjectId,
  context: Context,
  adapt: (claim: Claim) => Promise<void> = () => Promise.resolve(),
): Promise<Claim | null> {
  const tenant = await takeLease(id, STILL_TO_MAKE, context);
  if (!tenant) return null;
  const claim = { tenant, hold: holdLease(tenant, context), fresh: false };
  try {
    await adapt(claim);
    if (tenant.attempt > MAX_ATTEMPTS) {
      await claim.hold.update({ attempt: ASKED_AGAIN });
      tenant.attempt = ASKED_AGAIN;
    }
    return claim;
  } catch (error) {
    // Whoever holds a lease keeps it alive: it must not outlast its work.
    await claim.hold.release({ attempt: tenant.attempt - 1 }).catch(() => undefined);
    throw error;
  }
}

async function takeOver(
  input: CreateTenant,
  context: Context,
  request: TenantRequest | undefined,
): Promise<Claim> {
  const byName = { nameKey: tenantNameKey(input.name) };
  const existing = await Tenant.findOne(byName);
  if (existing && UNFINISHED.includes(existing.status)) {
    // Before the lease: a request that is refused is no attempt.
    await compare(existing, input);
    const claim = await takeUp(existing._id, context, async (taken) => {
      await compare(taken.tenant, input);
      await reconcileKey(taken, input.apiKey);
      // Sent again, this request is to find what it completed.
      if (request && !taken.tenant.request) await taken.hold.update({ request });
    });
    if (claim) return claim;
  }
  // Between the two reads another call may have finished it, or taken it back.
  const now = await Tenant.findOne(byName);
  if (!now) {
    throw new TenancyError(
      'operation_running',
      'name: another call was making this tenant; try again.',
      {
        retryAfterSeconds: 1,
      },
    );
  }
  throw taken(now, context);
}

/**
 * Takes over a tenant that is not complete.
 * @throws TenancyError `tenant_not_found`, `tenant_exists`, `operation_running`.
 */
export async function claimUnfinished(id: TenantId, context: Context): Promise<Claim> {
  const claim = await takeUp(new Types.ObjectId(id), context);
  if (claim) return claim;
  const now = await Tenant.findById(id);
  if (!now) throw tenantNotFound();
  throw taken(now, context);
}

/** Why a tenant cannot be taken over. */
function taken(tenant: TenantDocument, context: Context): TenancyError {
  if (UNFINISHED.includes(tenant.status)) return busyError(tenant, context);
  return new TenancyError(
    'tenant_exists',
    `name: tenant "${tenant.name}" exists (${tenant._id.toHexString()}).`,
  );
}

/**
 * Writes the document of a new tenant, or takes over an unfinished one of that name.
 * @throws TenancyError `tenant_exists`, `operation_running`, `request_changed`, `ingestion_key_taken`.
 */
export async function claimTenant(
  input: CreateTenant,
  context: Context,
  request?: TenantRequest,
): Promise<Claim> {
  const tenant = await insert(input, context, request);
  return tenant
    ? { tenant, hold: holdLease(tenant, context), fresh: true }
    : takeOver(input, context, request);
}

/**
 * Takes a document back of which nothing came, so that its name is free; not if somebody else goes on with
 * it by now.
 */
export async function dropClaim({ tenant }: Claim): Promise<void> {
  await Tenant.deleteOne({
    _id: tenant._id,
    status: 'failed',
    lease: null,
    attempt: tenant.attempt,
  });
}
