import { parseGroupId } from '@hyperdx-tenancy/domain/contracts/collectorGroup';

import { groupOf, teamOfKeyShard } from '../../../controllers/collectorShards';
import type { CollectorSnapshot, PlacedTeam } from '../../../controllers/collectorSnapshot';

/** Keys whose values differ: other objects, come or gone. */
function* differing<K, V>(
  before: ReadonlyMap<K, V>,
  after: ReadonlyMap<K, V>,
): Generator<[K, V | undefined, V | undefined]> {
  if (before === after) return;
  for (const [key, value] of before) {
    const now = after.get(key);
    if (now !== value) yield [key, value, now];
  }
  for (const [key, value] of after) if (!before.has(key)) yield [key, undefined, value];
}

const teamsById = ({ teams }: CollectorSnapshot): ReadonlyMap<string, PlacedTeam> =>
  new Map(teams.map((team) => [team.teamId, team]));

/**
 * Which shards the step from one snapshot to the next may have changed something for: their config, or what becomes of it.
 * Those of one target touch each other, since a tenant in one is not in another.
 */
export function touchedBy(
  before: CollectorSnapshot,
  after: CollectorSnapshot,
): (shard: string) => boolean {
  const targets = new Set<string | undefined>();
  const teams = new Set<string>();
  const groups = new Set<string>();
  const rollouts = new Set<string>();
  for (const [id, was, is] of differing(before.tenants, after.tenants)) {
    targets.add(was?.target).add(is?.target);
    for (const { teamsOf } of [before, after]) {
      for (const { teamId } of teamsOf.get(id) ?? []) teams.add(teamId);
    }
  }
  if (before.teams !== after.teams) {
    for (const [id, was, is] of differing(teamsById(before), teamsById(after))) {
      teams.add(id);
      targets.add(was?.target).add(is?.target);
    }
  }
  for (const [id, was, is] of differing(before.groups, after.groups)) {
    groups.add(id);
    targets.add(was?.target).add(is?.target);
  }
  for (const [id] of differing(before.quarantines, after.quarantines)) {
    targets.add(before.tenants.get(id)?.target).add(after.tenants.get(id)?.target);
  }
  for (const [id] of differing(before.rollouts, after.rollouts)) rollouts.add(id);
  targets.delete(undefined);

  return (shard) => {
    if (rollouts.has(shard)) return true;
    const team = teamOfKeyShard(shard);
    if (team !== undefined) return teams.has(team) || groups.has(`dedicated:${team}`);
    const parsed = parseGroupId(shard);
    if (!parsed) return false;
    const group = groupOf(parsed);
    if (groups.has(group)) return true;
    switch (parsed.kind) {
      case 'dedicated':
        return teams.has(parsed.team);
      case 'shared':
        return targets.has(parsed.target);
      case 'named':
        return targets.has(after.groups.get(group)?.target);
    }
  };
}
