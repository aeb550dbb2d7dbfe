import { setImmediate as turn } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';

import type { CollectorCredentials, CollectorTeam } from '@hyperdx-tenancy/domain/collector';
import { groupId } from '@hyperdx-tenancy/domain/contracts/collectorGroup';
import type { CollectorGroup as Group } from '@hyperdx-tenancy/domain/contracts/collectorGroup';
import { livingStatuses } from '@hyperdx-tenancy/domain/contracts/tenant';
import { TenancyError } from '@hyperdx-tenancy/domain/errors';
import { parseTenantId } from '@hyperdx-tenancy/domain/ids';
import type { TenantId } from '@hyperdx-tenancy/domain/ids';
import { Types } from 'mongoose';

import type { Target } from '../clickhouse/target';
import type { Login } from '../clickhouse/tenantTables';
import type { Config } from '../config';
import CollectorGroup from '../models/collectorGroup';
import type { ICollectorGroup } from '../models/collectorGroup';
import CollectorQuarantine from '../models/collectorQuarantine';
import type { ICollectorQuarantine } from '../models/collectorQuarantine';
import CollectorRollout from '../models/collectorRollout';
import type { ICollectorRollout } from '../models/collectorRollout';
import CollectorToken from '../models/collectorToken';
import type { ICollectorToken } from '../models/collectorToken';
import Team from '../models/team';
import type { ITeam } from '../models/team';
import Tenant from '../models/tenant';
import type { ITenant } from '../models/tenant';
import { hashToken } from '../utils/secrets';
import type { Context } from './context';
import { adminLogin, loginOf } from './credentials';
import { readRevision } from './revisions';

/** A team, and the target that its tenant's tables are on. */
export interface PlacedTeam extends CollectorTeam {
  target: string;
}

/** A tenant as far as it decides which configs it is in. */
export interface PlacedTenant {
  id: TenantId;
  target: string;
  suspended: boolean;
  /** False where it cannot be written for, since its secret or its target is not known here. */
  writable: boolean;
}

/** What a token opens, and until when. */
export interface SnapshotToken {
  id: string;
  /** Id of the one config. */
  shard: string;
  kind: Group['kind'];
  revoked: boolean;
  /** Milliseconds; of a token that another took the place of. */
  expiresAt: number | undefined;
}

/** All that the collectors' configs depend on, read at one time. */
export interface CollectorSnapshot {
  /** The number of the last change that it holds. */
  revision: number;
  /** Living ones, in the order of their ids. */
  tenants: ReadonlyMap<TenantId, PlacedTenant>;
  /** Of tenants that can be written for. */
  teams: readonly PlacedTeam[];
  teamsOf: ReadonlyMap<TenantId, readonly PlacedTeam[]>;
  /** By the token's hash. */
  tokens: ReadonlyMap<string, SnapshotToken>;
  groups: ReadonlyMap<string, ICollectorGroup>;
  rollouts: ReadonlyMap<string, ICollectorRollout>;
  /** Why each tenant is kept apart. */
  quarantines: ReadonlyMap<TenantId, { reason: string; since: Date }>;
  /** How the writers of tenants log in, by the tenant's id: with what that follows from. */
  derived: ReadonlyMap<string, Derived>;
}

/** The fields of a team that its config depends on. */
export type ConfigTeam = Pick<
  ITeam,
  '_id' | 'apiKey' | 'previousApiKeys' | 'collectorAuthenticationEnforced'
>;

/** A team as the builders want it. */
export function collectorTeam(
  team: ConfigTeam,
  tenantId: TenantId,
  credentials: CollectorCredentials,
  suspended = false,
): CollectorTeam {
  return {
    teamId: team._id.toString(),
    tenantId,
    apiKey: team.apiKey,
    previousKeys: (team.previousApiKeys ?? []).map(({ key }) => key),
    authenticate: team.collectorAuthenticationEnforced,
    suspended,
    credentials,
  };
}

type TenantPart = Pick<ITenant, '_id' | 'status' | 'target' | 'credentials' | 'applied'>;

/** Its own user, from the time on at which it has one. @throws TenancyError `secret_unknown`. */
function writerLogin(tenant: TenantPart, target: Target, context: Context): Login {
  // The target has users since a short while: the tenant gets its own by a change of settings.
  if (tenant.applied?.access === 'guard') return adminLogin(target);
  const id = parseTenantId(tenant._id.toHexString());
  return loginOf('writer', target, id, tenant.credentials, context);
}

/** Where and as whom a tenant's telemetry is written. @throws TenancyError `target_unknown`, `secret_unknown`. */
function writerCredentials(tenant: TenantPart, context: Context): CollectorCredentials {
  const target = context.targets.get(tenant.target);
  const { collectorEndpoint, database, exporterTimeout, collectorTls } = target.config;
  return {
    kind: 'literal',
    endpoint: collectorEndpoint,
    ...writerLogin(tenant, target, context),
    database,
    timeout: exporterTimeout,
    ...(collectorTls === undefined ? {} : { tls: collectorTls }),
  };
}

/** Ids of tenants in one line of the log; their number says the rest. */
const LOGGED_IDS = 10;

/** Tenants that are looked at before others have their turn: a password takes tens of microseconds to derive. */
const TENANTS_AT_ONCE = 250;

/** What a tenant's credentials follow from, with them. */
interface Derived {
  from: string;
  credentials: CollectorCredentials;
}

function derivedFrom({ target, credentials, applied }: TenantPart): string {
  return [target, credentials.generation, credentials.secret, applied?.access].join();
}

/**
 * One tenant of which something is missing must not keep the others from their config: it is left out, and said so.
 * @param before those of before, which stand where nothing changed.
 */
async function allWriterCredentials(
  tenants: readonly TenantPart[],
  before: ReadonlyMap<string, Derived> | undefined,
  context: Context,
): Promise<Map<string, Derived>> {
  const all = new Map<string, Derived>();
  const leftOut = new Map<string, { message: string; tenants: string[] }>();
  for (const [index, tenant] of tenants.entries()) {
    if (index % TENANTS_AT_ONCE === TENANTS_AT_ONCE - 1) await turn();
    const id = tenant._id.toHexString();
    const from = derivedFrom(tenant);
    const known = before?.get(id);
    try {
      const same = known?.from === from ? known : undefined;
      all.set(id, same ?? { from, credentials: writerCredentials(tenant, context) });
    } catch (error) {
      if (!(error instanceof TenancyError)) throw error;
      const { code, message } = error;
      const same = leftOut.get(code) ?? { message, tenants: [] };
      same.tenants.push(id);
      leftOut.set(code, same);
    }
  }
  for (const [code, { message, tenants: ids }] of leftOut) {
    context.log.error(
      { code, count: ids.length, tenants: ids.slice(0, LOGGED_IDS) },
      `tenants left out of the collectors' configs: ${message}`,
    );
  }
  return all;
}

function placedTeams(
  teams: readonly ITeam[],
  tenants: ReadonlyMap<string, TenantPart>,
  derived: ReadonlyMap<string, Derived>,
): PlacedTeam[] {
  return teams.flatMap((team): PlacedTeam[] => {
    // A team made by HyperDX itself has no tenant, or whatever was written there.
    const { tenant: of, apiKey } = team as Partial<ITeam>;
    if (!(of instanceof Types.ObjectId) || typeof apiKey !== 'string') return [];
    const tenant = tenants.get(of.toHexString());
    const credentials = derived.get(of.toHexString())?.credentials;
    if (!tenant || !credentials) return [];
    const suspended = tenant.status === 'suspended';
    const id = parseTenantId(of.toHexString());
    return [{ ...collectorTeam(team, id, credentials, suspended), target: tenant.target }];
  });
}

/** Where nothing of a team changed, the very object of before: what is built from teams compares them by identity. */
async function keepSame(
  teams: readonly PlacedTeam[],
  before: readonly PlacedTeam[] | undefined,
): Promise<PlacedTeam[]> {
  if (!before) return [...teams];
  const known = new Map(before.map((team) => [team.teamId, team]));
  const kept: PlacedTeam[] = [];
  for (const team of teams) {
    if (kept.length % TENANTS_AT_ONCE === TENANTS_AT_ONCE - 1) await turn();
    const same = known.get(team.teamId);
    kept.push(same && isDeepStrictEqual(same, team) ? same : team);
  }
  return kept;
}

function byTenant(teams: readonly PlacedTeam[]): Map<TenantId, PlacedTeam[]> {
  const all = new Map<TenantId, PlacedTeam[]>();
  for (const team of teams) {
    const same = all.get(team.tenantId);
    if (same) same.push(team);
    else all.set(team.tenantId, [team]);
  }
  return all;
}

/** The token of the environment has no document. */
const ENVIRONMENT_TOKEN = 'environment';

function allTokens(
  tokens: readonly ICollectorToken[],
  { collectorToken }: Pick<Config, 'collectorToken'>,
): Map<string, SnapshotToken> {
  const all = new Map(
    tokens.map(({ _id, hash, group, revokedAt, expiresAt }): [string, SnapshotToken] => [
      hash,
      {
        id: _id.toHexString(),
        shard: groupId(group),
        kind: group.kind,
        // Not yet set in documents of before tokens were revoked so.
        revoked: (revokedAt ?? null) !== null,
        expiresAt: (expiresAt ?? undefined)?.getTime(),
      },
    ]),
  );
  if (collectorToken !== undefined) {
    all.set(hashToken(collectorToken), {
      id: ENVIRONMENT_TOKEN,
      shard: groupId({ kind: 'shared', target: 'default' }),
      kind: 'shared',
      revoked: false,
      expiresAt: undefined,
    });
  }
  return all;
}

/**
 * Reads all that configs depend on, one query a kind, whatever their number. Teams of tenants that are not
 * complete are not among them, since an exporter that misses a table stores its batches again and again.
 * @param before the snapshot of before: teams that did not change are the same objects.
 */
export async function loadCollectorSnapshot(
  config: Pick<Config, 'collectorToken'>,
  context: Context,
  before?: CollectorSnapshot,
): Promise<CollectorSnapshot> {
  // Before the rest: a change in between is then seen as one more, and read again. A rollout is never newer than what it
  // is compared with, so that nobody takes an older config for the newer one.
  const revision = await readRevision('collectors');
  const rollouts = await CollectorRollout.find().lean<ICollectorRollout[]>();
  const [tenants, teams, tokens, groups, quarantines] = await Promise.all([
    Tenant.find(
      { status: { $in: livingStatuses } },
      { status: 1, target: 1, credentials: 1, 'applied.access': 1 },
    )
      .sort({ _id: 1 })
      .lean<TenantPart[]>(),
    Team.find(
      {},
      { tenant: 1, apiKey: 1, 'previousApiKeys.key': 1, collectorAuthenticationEnforced: 1 },
    )
      .sort({ _id: 1 })
      .lean<ITeam[]>(),
    CollectorToken.find().lean<ICollectorToken[]>(),
    CollectorGroup.find().lean<ICollectorGroup[]>(),
    CollectorQuarantine.find().lean<ICollectorQuarantine[]>(),
  ]);
  const derived = await allWriterCredentials(tenants, before?.derived, context);
  const parts = new Map(tenants.map((tenant) => [tenant._id.toHexString(), tenant]));
  const placed = await keepSame(placedTeams(teams, parts, derived), before?.teams);
  return {
    revision,
    tenants: new Map(
      tenants.map((tenant): [TenantId, PlacedTenant] => {
        const id = parseTenantId(tenant._id.toHexString());
        const suspended = tenant.status === 'suspended';
        const writable = derived.has(id);
        return [id, { id, target: tenant.target, suspended, writable }];
      }),
    ),
    teams: placed,
    teamsOf: byTenant(placed),
    tokens: allTokens(tokens, config),
    groups: new Map(groups.map((group) => [group._id, group])),
    rollouts: new Map(rollouts.map((rollout) => [rollout._id, rollout])),
    derived,
    quarantines: new Map(
      quarantines.map(({ _id, reason, since }) => [
        parseTenantId(_id.toHexString()),
        { reason, since },
      ]),
    ),
  };
}
