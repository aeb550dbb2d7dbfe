import {
  groupId,
  parseGroupId,
  RolloutPolicy,
} from '@hyperdx-tenancy/domain/contracts/collectorGroup';
import type { ListCollectorGroups } from '@hyperdx-tenancy/domain/contracts/collectorGroup';
import type {
  CollectorGroupList,
  CollectorGroupSummary,
  CollectorGroupView,
  RolloutView,
  ShardView,
} from '@hyperdx-tenancy/domain/contracts/collectorRollout';

import CollectorToken from '../models/collectorToken';
import { countAgents } from './collectorAgentViews';
import type { AgentCounts } from './collectorAgentViews';
import type { CollectorDesk, CollectorLook } from './collectorDesk';
import { getGroup, groupKey } from './collectorGroups';
import type { GroupState } from './collectorGroups';
import { rolloutOf } from './collectorRollouts';
import { groupOf, keyShard } from './collectorShards';
import { isGood } from './collectorTokens';
import type { Context } from './context';

const NOBODY: AgentCounts = { connected: 0, inStep: 0, failed: 0 };

function sum(counts: readonly (AgentCounts | undefined)[]): AgentCounts {
  return counts.reduce<AgentCounts>(
    (all, one = NOBODY) => ({
      connected: all.connected + one.connected,
      inStep: all.inStep + one.inStep,
      failed: all.failed + one.failed,
    }),
    NOBODY,
  );
}

/** Where agents of a config are known: those of a team also under its ingestion key. */
function placesOf(shard: string): string[] {
  const key = parseGroupId(shard);
  return key?.kind === 'dedicated' ? [shard, keyShard(key.team)] : [shard];
}

function agentsOf(shard: string, counts: ReadonlyMap<string, AgentCounts>): AgentCounts {
  return sum(placesOf(shard).map((place) => counts.get(place)));
}

function fieldsOf(group: GroupState) {
  const { id, kind, target, members, shards, exclusive, options, fragment, rollout } = group;
  return { id, kind, target, members, shards, exclusive, options, fragment, rollout };
}

/** Tokens that open each config of a group, by its id. */
async function countTokens(id: string, context: Context): Promise<ReadonlyMap<string, number>> {
  const key = groupKey(id);
  const tokens = await CollectorToken.find(
    {
      'group.kind': key.kind,
      ...(key.kind === 'named' ? { 'group.name': key.name } : {}),
      ...(key.kind === 'shared' ? { 'group.target': key.target } : {}),
      ...(key.kind === 'dedicated' ? { 'group.team': key.team } : {}),
      ...isGood(context.now()),
    },
    { group: 1 },
  ).lean();
  const counts = new Map<string, number>();
  for (const { group } of tokens) {
    counts.set(groupId(group), (counts.get(groupId(group)) ?? 0) + 1);
  }
  return counts;
}

/** Members of a group who are kept apart, and why. */
function quarantineOf(group: GroupState, look: CollectorLook): CollectorGroupView['quarantine'] {
  if (group.kind === 'dedicated') return [];
  const apart = look.membership.quarantinedOf(group.id);
  return (look.membership.groupMembers(group.id) ?? [])
    .filter((tenant) => apart.has(tenant))
    .map((tenant) => {
      const found = look.snapshot.quarantines.get(tenant);
      return {
        tenant,
        reason: found?.reason ?? 'set by an operator',
        since: found?.since.toISOString() ?? null,
      };
    });
}

/** Members for whom no shard has room, as teams that are left out. */
function withoutShard(group: GroupState, look: CollectorLook): ShardView['leftOut'] {
  return look.membership.withoutShard(group.id).flatMap((tenant) =>
    (look.snapshot.teamsOf.get(tenant) ?? []).map(({ teamId }) => ({
      team: teamId,
      tenant,
      reason: 'no shard has room; the group needs more of them',
    })),
  );
}

/** Why some of the tenants named may not be served yet, although nothing is wrong with them. */
function warningsOf({ pinned, paused }: RolloutView): string[] {
  if (pinned !== null) {
    return [
      `Went back to revision ${pinned}: tenants made since are not served until its release.`,
    ];
  }
  return paused ? ['Changes are paused: tenants made since are not served until they go on.'] : [];
}

/** A group whole. @throws TenancyError `not_found`, `invalid_request`. */
export async function getGroupView(id: string, desk: CollectorDesk): Promise<CollectorGroupView> {
  const { context } = desk;
  const group = await getGroup(id, context);
  const look = await desk.look();
  const ids = look.membership.shardsOf(id) ?? [id];
  const [counts, tokens, rollouts] = await Promise.all([
    countAgents(context, ids.flatMap(placesOf)),
    countTokens(id, context),
    rolloutOf(ids),
  ]);
  const parts: ShardView[] = [];
  for (const shard of ids) {
    const { leftOut, warnings } = await look.faultsOf(shard);
    const rollout = rollouts.get(shard) as RolloutView;
    parts.push({
      id: shard,
      tenants: [...(look.membership.sourceOf(shard)?.members ?? [])],
      leftOut: parts.length === 0 ? [...leftOut, ...withoutShard(group, look)] : leftOut,
      warnings: [...warningsOf(rollout), ...warnings],
      agents: agentsOf(shard, counts),
      tokens: tokens.get(shard) ?? 0,
      rollout,
    });
  }
  return { ...fieldsOf(group), quarantine: quarantineOf(group, look), parts };
}

/** The order of kinds in the list: those that exist by themselves and serve most come first. */
const ranks = { shared: 0, named: 1, dedicated: 2 } as const;

/** As text, it sorts as the list does. */
function place(id: string): string {
  const kind = parseGroupId(id)?.kind ?? 'dedicated';
  return `${ranks[kind]}${id}`;
}

/** Ids of all groups that there are to be seen: of teams, those that have tokens or settings of their own. */
function groupIds(look: CollectorLook, context: Context): string[] {
  const { tokens, groups } = look.snapshot;
  const opened = [...tokens.values()].flatMap(({ shard }) => {
    const key = parseGroupId(shard);
    return key ? [groupOf(key)] : [];
  });
  const shared = context.targets.all.map(({ name: target }) => groupId({ kind: 'shared', target }));
  return [...new Set([...shared, ...groups.keys(), ...opened])]
    .filter((id) => look.membership.shardsOf(id) !== undefined)
    .sort((a, b) => (place(a) < place(b) ? -1 : 1));
}

function summaryOf(
  id: string,
  look: CollectorLook,
  counts: ReadonlyMap<string, AgentCounts>,
): CollectorGroupSummary {
  const key = groupKey(id);
  const stored = look.snapshot.groups.get(id);
  const tenants =
    key.kind === 'dedicated'
      ? (look.membership.sourceOf(id)?.members ?? [])
      : (look.membership.groupMembers(id) ?? []);
  return {
    id,
    kind: key.kind,
    target:
      key.kind === 'shared'
        ? key.target
        : (stored?.target ?? look.membership.sourceOf(id)?.target ?? ''),
    members: key.kind === 'dedicated' ? { tenants: [...tenants] } : (stored?.members ?? 'all'),
    shards: stored?.shards ?? null,
    exclusive: stored?.exclusive ?? false,
    options: stored?.options ?? {},
    fragment: stored?.fragment ?? null,
    rollout: stored?.rollout ?? RolloutPolicy.parse({}),
    tenants: tenants.length,
    agents: sum((look.membership.shardsOf(id) ?? []).map((shard) => agentsOf(shard, counts))),
  };
}

/** A page of groups: shared ones first, then those that operators made, then those of one team. */
export async function listGroups(
  { kind, limit, after }: ListCollectorGroups,
  desk: CollectorDesk,
): Promise<CollectorGroupList> {
  const look = await desk.look();
  const ids = groupIds(look, desk.context)
    .filter((id) => kind === undefined || id.startsWith(`${kind}:`))
    .filter((id) => after === undefined || place(id) > place(after));
  const page = ids.slice(0, limit);
  const shards = page.flatMap((id) => look.membership.shardsOf(id) ?? []);
  const counts = await countAgents(desk.context, shards.flatMap(placesOf));
  return {
    data: page.map((id) => summaryOf(id, look, counts)),
    next: ids.length > page.length ? (page.at(-1) ?? null) : null,
  };
}
