import { setImmediate as turn } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';

import type { CollectorCredentials, CollectorTeam } from '@hyperdx-tenancy/domain/collector';
import { groupId } from '@hyperdx-tenancy/domain/contracts/collectorGroup';
import type { CollectorGroup as Group } from '@hyperdx-tenancy/domain/contracts/collectorGroup';
import { TenancyError } from '@hyperdx-tenancy/domain/errors';
import { parseTenantId } from '@hyperdx-tenancy/domain/ids';
import type { TenantId } from '@hyperdx-tenancy/domain/ids';

import type { Target } from '../clickhouse/target';
import type { Login } from '../clickhouse/tenantTables';
import type { Config } from '../config';
import type { ICollectorGroup } from '../models/collectorGroup';
import type { ICollectorRollout } from '../models/collectorRollout';
import type { ICollectorToken } from '../models/collectorToken';
import type { ITeam } from '../models/team';
import { hashToken } from '../utils/secrets';
import type { Changed, ChangeKind } from './collectorChanges';
import { readParts } from './collectorParts';
import type { CollectorParts, TeamPart, TenantPart } from './collectorParts';
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

/** What of a snapshot is to be found out anew; the rest is as it was in the one before. */
interface Scope {
  before: CollectorSnapshot | undefined;
  /** Whether documents of this kind may have changed. */
  has(kind: ChangeKind): boolean;
  tenant(id: string): boolean;
  team(id: string, tenant: string): boolean;
}

function scopeOf(before: CollectorSnapshot | undefined, changed: Changed | undefined): Scope {
  if (!before || !changed) {
    return { before, has: () => true, tenant: () => true, team: () => true };
  }
  const [tenants, teams] = [new Set(changed.tenants), new Set(changed.teams)];
  return {
    before,
    has: (kind) => (changed[kind]?.length ?? 0) > 0,
    tenant: (id) => tenants.has(id),
    team: (id, tenant) => teams.has(id) || tenants.has(tenant),
  };
}

/**
 * One tenant of which something is missing must not keep the others from their config: it is left out, and said so.
 * What stands where nothing changed is what was derived before.
 */
async function allWriterCredentials(
  tenants: ReadonlyMap<string, TenantPart>,
  scope: Scope,
  context: Context,
): Promise<ReadonlyMap<string, Derived>> {
  const before = scope.before?.derived;
  if (before && !scope.has('tenants')) return before;
  const all = new Map<string, Derived>();
  const leftOut = new Map<string, { message: string; tenants: string[] }>();
  let looked = 0;
  for (const [id, tenant] of tenants) {
    const known = before?.get(id);
    if (!scope.tenant(id)) {
      if (known) all.set(id, known);
      continue;
    }
    looked += 1;
    if (looked % TENANTS_AT_ONCE === 0) await turn();
    const from = derivedFrom(tenant);
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

function placedTenants(
  tenants: ReadonlyMap<string, TenantPart>,
  scope: Scope,
  derived: ReadonlyMap<string, Derived>,
): ReadonlyMap<TenantId, PlacedTenant> {
  const before = scope.before?.tenants;
  if (before && !scope.has('tenants')) return before;
  const all = new Map<TenantId, PlacedTenant>();
  for (const [hex, { status, target }] of tenants) {
    const id = parseTenantId(hex);
    const known = before?.get(id);
    if (known && !scope.tenant(hex)) {
      all.set(id, known);
      continue;
    }
    const placed = { id, target, suspended: status === 'suspended', writable: derived.has(hex) };
    all.set(id, known && isDeepStrictEqual(known, placed) ? known : placed);
  }
  return all;
}

/** Where nothing of a team changed, the very object of before: what is built from teams compares them by identity. */
async function placedTeams(
  { teams, tenants }: Pick<CollectorParts, 'teams' | 'tenants'>,
  scope: Scope,
  derived: ReadonlyMap<string, Derived>,
): Promise<readonly PlacedTeam[]> {
  const before = scope.before?.teams;
  if (before && !scope.has('teams') && !scope.has('tenants')) return before;
  const known = new Map(before?.map((team) => [team.teamId, team]));
  const all: PlacedTeam[] = [];
  let looked = 0;
  for (const [id, team] of teams) {
    const of = team.tenant.toHexString();
    const same = known.get(id);
    if (!scope.team(id, of)) {
      if (same) all.push(same);
      continue;
    }
    looked += 1;
    if (looked % TENANTS_AT_ONCE === 0) await turn();
    const placed = placedTeam(team, tenants.get(of), derived.get(of));
    if (placed) all.push(same && isDeepStrictEqual(same, placed) ? same : placed);
  }
  return all;
}

function placedTeam(
  team: TeamPart,
  tenant: TenantPart | undefined,
  derived: Derived | undefined,
): PlacedTeam | undefined {
  if (!tenant || !derived) return undefined;
  const { status, target } = tenant;
  const id = parseTenantId(tenant._id.toHexString());
  return { ...collectorTeam(team, id, derived.credentials, status === 'suspended'), target };
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
  tokens: Iterable<ICollectorToken>,
  { collectorToken }: Pick<Config, 'collectorToken'>,
): Map<string, SnapshotToken> {
  const all = new Map(
    [...tokens].map(({ _id, hash, group, revokedAt, expiresAt }): [string, SnapshotToken] => [
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

function allQuarantines({
  quarantines,
}: Pick<CollectorParts, 'quarantines'>): CollectorSnapshot['quarantines'] {
  return new Map(
    [...quarantines].map(([id, { reason, since }]) => [parseTenantId(id), { reason, since }]),
  );
}

/** What a snapshot is made with. */
export interface SnapshotSurroundings {
  config: Pick<Config, 'collectorToken'>;
  context: Context;
}

/**
 * What documents come to. Teams of tenants that are not complete are not among them, since an exporter that misses a table
 * stores its batches again and again.
 * @param revision the number of the last change that the documents hold.
 * @param before the snapshot of before: what did not change are the same objects.
 * @param changed what may differ from the one before; without it everything.
 */
export async function snapshotOf(
  parts: CollectorParts,
  revision: number,
  { config, context }: SnapshotSurroundings,
  before?: CollectorSnapshot,
  changed?: Changed,
): Promise<CollectorSnapshot> {
  const scope = scopeOf(before, changed);
  const derived = await allWriterCredentials(parts.tenants, scope, context);
  const teams = await placedTeams(parts, scope, derived);
  const { groups, rollouts } = parts;
  return {
    revision,
    tenants: placedTenants(parts.tenants, scope, derived),
    teams,
    teamsOf: before?.teams === teams ? before.teamsOf : byTenant(teams),
    tokens:
      before && !scope.has('tokens') ? before.tokens : allTokens(parts.tokens.values(), config),
    groups,
    rollouts,
    derived,
    quarantines: before && !scope.has('quarantines') ? before.quarantines : allQuarantines(parts),
  };
}

/**
 * Reads all that configs depend on, one query a kind, whatever their number.
 * @param before the snapshot of before: teams that did not change are the same objects.
 */
export async function loadCollectorSnapshot(
  config: Pick<Config, 'collectorToken'>,
  context: Context,
  before?: CollectorSnapshot,
): Promise<CollectorSnapshot> {
  // Before the rest: a change in between is then seen as one more, and read again.
  const revision = await readRevision('collectors');
  return snapshotOf(await readParts(), revision, { config, context }, before);
}
