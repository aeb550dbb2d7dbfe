import { groupId } from '@hyperdx-tenancy/domain/contracts/collectorGroup';
import type { TenantId } from '@hyperdx-tenancy/domain/ids';

import CollectorAgent from '../models/collectorAgent';
import CollectorGroup from '../models/collectorGroup';
import type { ICollectorGroup } from '../models/collectorGroup';
import CollectorRevision from '../models/collectorRevision';
import type { ICollectorRevision } from '../models/collectorRevision';
import Team from '../models/team';
import { keyShard } from './collectorShards';
import type { Context } from './context';

/** Shards, by what is known of whether their collectors run a config with a tenant. */
interface Reach {
  /** It is in them. */
  serving: Set<string>;
  /** It may be in them: in one of several, or where it is kept apart. */
  perhaps: Set<string>;
  /** It is in none of them, and may have been until lately. */
  left: Set<string>;
}

type Named = Pick<ICollectorGroup, '_id' | 'shards' | 'exclusive'>;

const idsOf = (groups: readonly { _id: string }[]): ReadonlySet<string> =>
  new Set(groups.map(({ _id }) => _id));

/** Who is a member of an exclusive group is in no other one that takes in everybody; of several, the first by name counts. */
async function reachOf(tenantId: TenantId, target: string): Promise<Reach> {
  const [teams, named, open, listing] = await Promise.all([
    Team.find({ tenant: tenantId }, { _id: 1 }).lean(),
    // Without their members, which may be thousands.
    CollectorGroup.find({ target }, { shards: 1, exclusive: 1 }).sort({ _id: 1 }).lean<Named[]>(),
    CollectorGroup.find({ target, members: 'all' }, { _id: 1 }).lean<Named[]>().then(idsOf),
    CollectorGroup.find({ target, 'members.tenants': tenantId }, { _id: 1 })
      .lean<Named[]>()
      .then(idsOf),
  ]);
  const holder = named.find(
    ({ _id, exclusive }) => exclusive === true && (open.has(_id) || listing.has(_id)),
  )?._id;
  const isFree = (group: string): boolean => holder === undefined || holder === group;

  const dedicated = teams.map(({ _id }) => _id.toHexString());
  const reach: Reach = {
    serving: new Set(
      dedicated.flatMap((team) => [groupId({ kind: 'dedicated', team }), keyShard(team)]),
    ),
    perhaps: new Set(),
    left: new Set(),
  };
  const add = (group: string, shards: number | undefined, isMember: boolean): void => {
    const parts = Array.from({ length: shards ?? 0 }, (_, index) => `${group}:${index + 1}`);
    // A group that has shards was one config before.
    reach[isMember && shards === undefined ? 'serving' : 'left'].add(group);
    for (const id of [...parts, `${group}:quarantine`]) {
      reach[isMember ? 'perhaps' : 'left'].add(id);
    }
  };
  const shared = groupId({ kind: 'shared', target });
  add(shared, undefined, isFree(shared));
  for (const { _id, shards } of named) {
    add(_id, shards, listing.has(_id) || (open.has(_id) && isFree(_id)));
  }
  return reach;
}

/** Agents of one shard that run the same. */
interface Running {
  _id: { shard: string; hash: string | null };
  count: number;
}

/** Of configs that collectors run, whether a tenant is in them, by shard and hash; those of long ago are not in it. */
async function holding(
  tenantId: TenantId,
  running: readonly Running[],
): Promise<ReadonlyMap<string, boolean>> {
  const hashes = running.flatMap(({ _id: { hash } }) => (hash === null ? [] : [hash]));
  if (hashes.length === 0) return new Map();
  const revisions = await CollectorRevision.find(
    { shard: { $in: running.map(({ _id }) => _id.shard) }, hash: { $in: hashes } },
    { shard: 1, hash: 1, tenants: 1 },
  ).lean<Pick<ICollectorRevision, 'shard' | 'hash' | 'tenants'>[]>();
  return new Map(
    revisions.map(({ shard, hash, tenants }) => [
      `${shard} ${hash}`,
      tenants.some((id) => id.toHexString() === tenantId),
    ]),
  );
}

/** Three polls of a supervisor that keeps its own interval of 30 s. */
const SILENT_MS = 90_000;

/** Where nobody could be heard for a while, because MongoDB or all of us were away: agents alive before that count as well. */
const UNHEARD_MS = 15 * 60_000;

/**
 * How many collectors have not applied a config of this revision or a later one, and run one with a tenant, or are about
 * to. Those of a group that it has left count for as long as they have it.
 * @param of with the time since which agents could be heard without a break.
 */
export async function unacknowledged(
  of: { tenantId: TenantId; target: string; revision: number; since: Date },
  context: Context,
): Promise<number> {
  const now = context.now().getTime();
  const patience = now - of.since.getTime() >= SILENT_MS ? 0 : UNHEARD_MS;
  const { serving, perhaps, left } = await reachOf(of.tenantId, of.target);
  const behind = await CollectorAgent.aggregate<Running>([
    {
      $match: {
        shard: { $in: [...serving, ...perhaps, ...left] },
        aliveUntil: { $gte: new Date(now - patience) },
        revision: { $lt: of.revision },
      },
    },
    { $group: { _id: { shard: '$shard', hash: '$hash' }, count: { $sum: 1 } } },
  ]);
  const inDoubt = behind.filter(({ _id: { shard } }) => !serving.has(shard));
  const held = await holding(of.tenantId, inDoubt);
  const counts = ({ _id: { shard, hash } }: Running): boolean =>
    serving.has(shard) || (held.get(`${shard} ${hash}`) ?? perhaps.has(shard));
  return behind.filter(counts).reduce((sum, { count }) => sum + count, 0);
}
