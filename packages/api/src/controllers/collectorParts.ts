import { livingStatuses } from '@hyperdx-tenancy/domain/contracts/tenant';
import { Types } from 'mongoose';

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
import type { Changed } from './collectorChanges';

/** What of a tenant's document its configs depend on. */
export type TenantPart = Pick<ITenant, '_id' | 'status' | 'target' | 'credentials' | 'applied'> &
  Partial<Pick<ITenant, 'members'>>;

/** What of a team's document its configs depend on. */
export type TeamPart = Pick<
  ITeam,
  '_id' | 'tenant' | 'apiKey' | 'previousApiKeys' | 'collectorAuthenticationEnforced'
>;

/** Documents as they were read, by id; object ids in hex. */
export interface CollectorParts {
  /** Living ones. */
  tenants: ReadonlyMap<string, TenantPart>;
  /** Of any tenant, also of one that does not live yet. */
  teams: ReadonlyMap<string, TeamPart>;
  tokens: ReadonlyMap<string, ICollectorToken>;
  groups: ReadonlyMap<string, ICollectorGroup>;
  rollouts: ReadonlyMap<string, ICollectorRollout>;
  quarantines: ReadonlyMap<string, ICollectorQuarantine>;
}

/** How documents of a kind are read. */
interface Source<T> {
  one(id: string): PromiseLike<T | null>;
  /** Those with these ids; without ids all that count. */
  some(ids?: readonly string[]): PromiseLike<T[]>;
  /** Whether one that was read by its id counts. @default always */
  counts?(document: T): boolean;
}

const TENANT_FIELDS = {
  status: 1,
  target: 1,
  credentials: 1,
  'applied.access': 1,
  'members.team': 1,
} as const;
const TEAM_FIELDS = {
  tenant: 1,
  apiKey: 1,
  'previousApiKeys.key': 1,
  collectorAuthenticationEnforced: 1,
} as const;

const among = (ids: readonly string[] | undefined): object =>
  ids === undefined ? {} : { _id: { $in: [...ids] } };

const tenants: Source<TenantPart> = {
  one: (id) => Tenant.findById(id, TENANT_FIELDS).lean<TenantPart>(),
  some: (ids) =>
    Tenant.find({ status: { $in: livingStatuses }, ...among(ids) }, TENANT_FIELDS).lean<
      TenantPart[]
    >(),
  counts: ({ status }) => livingStatuses.some((living) => living === status),
};
const teams: Source<TeamPart> = {
  one: (id) => Team.findById(id, TEAM_FIELDS).lean<TeamPart>(),
  some: (ids) => Team.find(among(ids), TEAM_FIELDS).lean<TeamPart[]>(),
  // One made by HyperDX itself has no tenant, or whatever was written there.
  counts: ({ tenant, apiKey }: Partial<TeamPart>) =>
    tenant instanceof Types.ObjectId && typeof apiKey === 'string',
};
const tokens: Source<ICollectorToken> = {
  one: (id) => CollectorToken.findById(id).lean<ICollectorToken>(),
  some: (ids) => CollectorToken.find(among(ids)).lean<ICollectorToken[]>(),
};
const groups: Source<ICollectorGroup> = {
  one: (id) => CollectorGroup.findById(id).lean<ICollectorGroup>(),
  some: (ids) => CollectorGroup.find(among(ids)).lean<ICollectorGroup[]>(),
};
const rollouts: Source<ICollectorRollout> = {
  one: (id) => CollectorRollout.findById(id).lean<ICollectorRollout>(),
  some: (ids) => CollectorRollout.find(among(ids)).lean<ICollectorRollout[]>(),
};
const quarantines: Source<ICollectorQuarantine> = {
  one: (id) => CollectorQuarantine.findById(id).lean<ICollectorQuarantine>(),
  some: (ids) => CollectorQuarantine.find(among(ids)).lean<ICollectorQuarantine[]>(),
};

/** Documents by id, in the order of their ids: in hex that is the order in which MongoDB sorts them. */
function byId<T extends { _id: Types.ObjectId | string }>(
  documents: readonly T[],
  source: Source<T>,
): Map<string, T> {
  return new Map(
    documents
      .filter((document) => source.counts?.(document) ?? true)
      .map((document): [string, T] => [String(document._id), document])
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

/** Documents that are read one by one; more by one query. FerretDB 1 finds by one id at once, and by several looks at all. */
const ONE_BY_ONE = 32;

async function read<T extends { _id: Types.ObjectId | string }>(
  source: Source<T>,
  ids?: readonly string[],
): Promise<Map<string, T>> {
  if (ids === undefined || ids.length > ONE_BY_ONE) return byId(await source.some(ids), source);
  const found = await Promise.all(ids.map((id) => source.one(id)));
  return byId(
    found.filter((document) => document !== null),
    source,
  );
}

/**
 * Reads all that configs depend on, one query a kind, whatever their number. Rollouts first: none is ever newer than what
 * it is compared with, so that nobody takes an older config for the newer one.
 */
export async function readParts(): Promise<CollectorParts> {
  const rolloutsFound = await read(rollouts);
  const [tenantsFound, teamsFound, tokensFound, groupsFound, quarantinesFound] = await Promise.all([
    read(tenants),
    read(teams),
    read(tokens),
    read(groups),
    read(quarantines),
  ]);
  return {
    tenants: tenantsFound,
    teams: teamsFound,
    tokens: tokensFound,
    groups: groupsFound,
    rollouts: rolloutsFound,
    quarantines: quarantinesFound,
  };
}

/** Takes in what was found of some ids: those that were not found are no longer there. The very same map where nothing is new. */
function put<T>(
  known: ReadonlyMap<string, T>,
  ids: readonly string[] | undefined,
  found: ReadonlyMap<string, T>,
): ReadonlyMap<string, T> {
  if (ids === undefined || ids.length === 0) return known;
  const all = new Map(known);
  let last = [...known.keys()].at(-1) ?? '';
  let inOrder = true;
  for (const id of ids) {
    const document = found.get(id);
    if (!document) {
      all.delete(id);
      continue;
    }
    if (!all.has(id)) {
      inOrder &&= id > last;
      last = id;
    }
    all.set(id, document);
  }
  return inOrder ? all : new Map([...all].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Reads some rollouts again. */
export async function readRollouts(
  known: CollectorParts,
  ids: readonly string[],
): Promise<CollectorParts> {
  return { ...known, rollouts: put(known.rollouts, ids, await read(rollouts, ids)) };
}

/**
 * Reads again what changed, rollouts aside. Teams are read with their tenant, since theirs is one change: a tenant's first team
 * is there before the tenant lives.
 * @returns also what was read, which is more than what was asked for.
 */
export async function readChanged(
  known: CollectorParts,
  changed: Changed,
): Promise<{ parts: CollectorParts; read: Changed }> {
  const ids = (kind: 'tenants' | 'tokens' | 'groups' | 'quarantines'): readonly string[] =>
    changed[kind] ?? [];
  const [tenantsFound, tokensFound, groupsFound, quarantinesFound] = await Promise.all([
    read(tenants, ids('tenants')),
    read(tokens, ids('tokens')),
    read(groups, ids('groups')),
    read(quarantines, ids('quarantines')),
  ]);
  const first = [...tenantsFound.values()].flatMap(({ members }) =>
    members ? [members.team.toHexString()] : [],
  );
  const teamIds = [...new Set([...(changed.teams ?? []), ...first])];
  const teamsFound = await read(teams, teamIds);
  return {
    parts: {
      tenants: put(known.tenants, ids('tenants'), tenantsFound),
      teams: put(known.teams, teamIds, teamsFound),
      tokens: put(known.tokens, ids('tokens'), tokensFound),
      groups: put(known.groups, ids('groups'), groupsFound),
      rollouts: known.rollouts,
      quarantines: put(known.quarantines, ids('quarantines'), quarantinesFound),
    },
    read: { ...changed, teams: teamIds },
  };
}
