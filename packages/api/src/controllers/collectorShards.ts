import { assignShards } from '@hyperdx-tenancy/domain/collector';
import { groupId, parseGroupId } from '@hyperdx-tenancy/domain/contracts/collectorGroup';
import type {
  CollectorGroup,
  GroupOptions,
  RolloutPolicy,
} from '@hyperdx-tenancy/domain/contracts/collectorGroup';
import { isTenantId } from '@hyperdx-tenancy/domain/ids';
import type { TenantId } from '@hyperdx-tenancy/domain/ids';

import type { ICollectorGroup } from '../models/collectorGroup';
import type { CollectorSnapshot, PlacedTeam, PlacedTenant } from './collectorSnapshot';

/** What an operator sets of a group's configs: with the tenants, all of a config that a revision holds. */
export interface ShardSettings {
  options: GroupOptions;
  /** YAML. */
  fragment: string | null;
}

/**
 * What one config is made from. A *shard* is what one config is made for: a group, one of the shards that it is spread over,
 * or the part of it that is kept apart.
 */
export interface ShardSource {
  id: string;
  /** Id of the group that it is a part of. */
  group: string;
  kind: CollectorGroup['kind'];
  target: string;
  settings: ShardSettings;
  policy: RolloutPolicy | null;
  /** Its tenants, those that are suspended included, in the order of their ids. */
  members: readonly TenantId[];
  /** Those of them that are to be served: neither suspended nor impossible to write for. */
  served: readonly TenantId[];
  /** Those of them that are let in and not written for. */
  quarantined: ReadonlySet<TenantId>;
  /** Of all members. */
  teams: readonly PlacedTeam[];
  /** For whoever shows an ingestion key: it names no password. */
  byKey: boolean;
  /** False where it has members and none of them can be written for: a config without them would silence them all. */
  complete: boolean;
}

/** Before the id of the team whose ingestion key opens a config. */
const KEY_SHARD = 'key:';

/** The config that a team's ingestion key opens. */
export function keyShard(team: string): string {
  return KEY_SHARD + team;
}

/** The team whose ingestion key opens a config; `undefined` for one that a token opens. */
export function teamOfKeyShard(shard: string): string | undefined {
  return shard.startsWith(KEY_SHARD) ? shard.slice(KEY_SHARD.length) : undefined;
}

const NOBODY: ReadonlySet<TenantId> = new Set();

/** Id of the group that a shard is a part of. */
export function groupOf(shard: CollectorGroup): string {
  switch (shard.kind) {
    case 'dedicated':
      return groupId(shard);
    case 'shared':
      return groupId({ kind: 'shared', target: shard.target });
    case 'named':
      return groupId({ kind: 'named', name: shard.name });
  }
}

function listed(group: ICollectorGroup): ReadonlySet<string> | undefined {
  return group.members === undefined || group.members === 'all'
    ? undefined
    : new Set(group.members.tenants);
}

/** How a group's members are spread over its shards. */
interface Assignment {
  /** By the shard's number, in the order of their ids. */
  members: ReadonlyMap<number, readonly TenantId[]>;
  /** Those for whom no shard has room. */
  leftOver: readonly TenantId[];
}

/** Who is in which config, by a snapshot. Each part is found once, when it is asked for. */
export class Membership {
  private readonly members: Map<string, readonly TenantId[]>;
  private readonly assigned: Map<string, Assignment>;
  private byTeamId: ReadonlyMap<string, PlacedTeam> | undefined;
  private byTarget: ReadonlyMap<string, readonly PlacedTenant[]> | undefined;
  private exclusive: ReadonlyMap<TenantId, string> | undefined;

  /** @param before of the snapshot before: who is where is not found out again where nobody came, went or moved. */
  constructor(
    private readonly snapshot: CollectorSnapshot,
    before?: Membership,
  ) {
    const same = before?.placesAs(snapshot) === true ? before : undefined;
    this.members = new Map(same?.members);
    this.assigned = new Map(same?.assigned);
    this.exclusive = same?.exclusive;
  }

  private placesAs({ tenants, groups }: CollectorSnapshot): boolean {
    const { snapshot } = this;
    if (groups !== snapshot.groups || tenants.size !== snapshot.tenants.size) return false;
    if (tenants === snapshot.tenants) return true;
    for (const [id, { target }] of tenants) {
      if (snapshot.tenants.get(id)?.target !== target) return false;
    }
    return true;
  }

  /** What the config of a shard is made from; `undefined` where there is no such group or team. */
  sourceOf(id: string): ShardSource | undefined {
    const team = teamOfKeyShard(id);
    if (team !== undefined) return this.dedicated(id, team, true);
    const shard = parseGroupId(id);
    if (!shard) return undefined;
    if (shard.kind === 'dedicated') return this.dedicated(id, shard.team, false);
    const group = groupOf(shard);
    const document = this.snapshot.groups.get(group);
    const target = shard.kind === 'shared' ? shard.target : document?.target;
    const members = this.membersOf(shard);
    if (target === undefined || members === undefined) return undefined;
    const quarantined = shard.quarantine ? NOBODY : this.quarantinedOf(group);
    return {
      id,
      group,
      kind: shard.kind,
      target,
      settings: settingsOf(document),
      policy: document?.rollout ?? null,
      members,
      served: members.filter((tenant) => this.isServed(tenant)),
      quarantined: new Set(members.filter((tenant) => quarantined.has(tenant))),
      teams: members.flatMap((tenant) => this.snapshot.teamsOf.get(tenant) ?? []),
      byKey: false,
      complete: members.length === 0 || members.some((tenant) => this.isWritable(tenant)),
    };
  }

  /**
   * The configs of a group: itself or its shards, and behind them the one of its quarantine where somebody is in it.
   * `undefined` for a named group that there is not.
   */
  shardsOf(group: string): string[] | undefined {
    const parsed = parseGroupId(group);
    if (!parsed) return undefined;
    if (parsed.kind === 'dedicated') return [group];
    const all = this.groupMembers(group);
    if (!all) return undefined;
    const shards = this.snapshot.groups.get(group)?.shards;
    const own =
      parsed.kind === 'named' && shards !== undefined
        ? Array.from({ length: shards }, (_, index) => `${group}:${index + 1}`)
        : [group];
    const apart = this.quarantinedOf(group);
    return all.some((tenant) => apart.has(tenant)) ? [...own, `${group}:quarantine`] : own;
  }

  /** All members of a group, in the order of their ids. */
  groupMembers(group: string): readonly TenantId[] | undefined {
    const known = this.members.get(group);
    if (known) return known;
    const found = this.findMembers(group);
    if (found) this.members.set(group, found);
    return found;
  }

  /** Members of a sharded group for whom no shard has room. */
  withoutShard(group: string): readonly TenantId[] {
    if (this.snapshot.groups.get(group)?.shards === undefined) return [];
    return this.assignmentOf(group).leftOver;
  }

  /** Tenants of a group that are kept apart: found to fail, or set by hand. */
  quarantinedOf(group: string): ReadonlySet<TenantId> {
    const byHand = (this.snapshot.groups.get(group)?.quarantine ?? []).map((id) =>
      id.toHexString(),
    );
    return new Set([...this.snapshot.quarantines.keys(), ...byHand.filter(isTenantId)]);
  }

  private dedicated(id: string, teamId: string, byKey: boolean): ShardSource | undefined {
    const team = this.teamsById().get(teamId);
    if (!team) return undefined;
    const group = groupId({ kind: 'dedicated', team: teamId });
    const document = this.snapshot.groups.get(group);
    const settings = settingsOf(document);
    return {
      id,
      group,
      kind: 'dedicated',
      target: team.target,
      settings: byKey ? forAnybody(settings) : settings,
      policy: document?.rollout ?? null,
      members: [team.tenantId],
      served: this.isServed(team.tenantId) ? [team.tenantId] : [],
      quarantined: NOBODY,
      teams: [team],
      byKey,
      complete: true,
    };
  }

  private membersOf(
    shard: Exclude<CollectorGroup, { kind: 'dedicated' }>,
  ): readonly TenantId[] | undefined {
    const group = groupOf(shard);
    const all = this.groupMembers(group);
    if (!all) return undefined;
    if (shard.quarantine) {
      const apart = this.quarantinedOf(group);
      return all.filter((tenant) => apart.has(tenant));
    }
    const shards = this.snapshot.groups.get(group)?.shards;
    const number = shard.kind === 'named' ? shard.shard : undefined;
    if (shard.kind === 'shared' || (shards === undefined && number === undefined)) return all;
    // A token of before the group had shards, or of a shard that it has no longer.
    if (shards === undefined || number === undefined || number > shards) return undefined;
    return this.assignmentOf(group).members.get(number) ?? [];
  }

  private findMembers(group: string): readonly TenantId[] | undefined {
    const parsed = parseGroupId(group);
    const document = this.snapshot.groups.get(group);
    const target = parsed?.kind === 'shared' ? parsed.target : document?.target;
    if (target === undefined) return undefined;
    const named = parsed?.kind === 'named' && document ? listed(document) : undefined;
    const placed = this.placed().get(target) ?? [];
    return placed
      .filter(({ id }) => (named ? named.has(id) : this.isFreeFor(group, id)))
      .map(({ id }) => id);
  }

  /** Who is listed in an exclusive group is in no other one that takes in everybody. */
  private isFreeFor(group: string, tenant: TenantId): boolean {
    const holder = this.holders().get(tenant);
    return holder === undefined || holder === group;
  }

  private teamsById(): ReadonlyMap<string, PlacedTeam> {
    this.byTeamId ??= new Map(this.snapshot.teams.map((team) => [team.teamId, team]));
    return this.byTeamId;
  }

  private placed(): ReadonlyMap<string, readonly PlacedTenant[]> {
    if (this.byTarget) return this.byTarget;
    const all = new Map<string, PlacedTenant[]>();
    for (const tenant of this.snapshot.tenants.values()) {
      const same = all.get(tenant.target);
      if (same) same.push(tenant);
      else all.set(tenant.target, [tenant]);
    }
    this.byTarget = all;
    return all;
  }

  /** The exclusive group of each tenant that is in one; of several, the first by name. */
  private holders(): ReadonlyMap<TenantId, string> {
    if (this.exclusive) return this.exclusive;
    const holders = new Map<TenantId, string>();
    const groups = [...this.snapshot.groups.values()]
      .filter(({ exclusive }) => exclusive === true)
      .sort((a, b) => (a._id < b._id ? -1 : 1));
    for (const group of groups) {
      const named = listed(group);
      for (const { id } of this.placed().get(group.target ?? '') ?? []) {
        if ((named ? named.has(id) : true) && !holders.has(id)) holders.set(id, group._id);
      }
    }
    this.exclusive = holders;
    return holders;
  }

  private assignmentOf(group: string): Assignment {
    const known = this.assigned.get(group);
    if (known) return known;
    const all = this.groupMembers(group) ?? [];
    const shards = assignShards(all, this.snapshot.groups.get(group)?.shards ?? 1);
    const members = new Map<number, TenantId[]>();
    const leftOver: TenantId[] = [];
    for (const tenant of all) {
      const shard = shards.get(tenant);
      const same = shard === undefined ? leftOver : members.get(shard);
      if (same) same.push(tenant);
      else if (shard !== undefined) members.set(shard, [tenant]);
    }
    const assignment = { members, leftOver };
    this.assigned.set(group, assignment);
    return assignment;
  }

  private isServed(id: TenantId): boolean {
    const tenant = this.snapshot.tenants.get(id);
    return tenant?.writable === true && !tenant.suspended;
  }

  private isWritable(tenant: TenantId): boolean {
    return this.snapshot.tenants.get(tenant)?.writable === true;
  }
}

/**
 * Settings for whoever holds no more than an ingestion key, which browsers carry: without those in which operators may have
 * written logins of their own.
 */
function forAnybody({ options }: ShardSettings): ShardSettings {
  const { receivers: { fluentforward } = {}, ...rest } = options;
  return {
    options: { ...rest, ...(fluentforward ? { receivers: { fluentforward } } : {}) },
    fragment: null,
  };
}

function settingsOf(document: ICollectorGroup | undefined): ShardSettings {
  return { options: document?.options ?? {}, fragment: document?.fragment ?? null };
}
