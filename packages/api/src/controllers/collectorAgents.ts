import { groupId } from '@hyperdx-tenancy/domain/contracts/collectorGroup';
import type { TenantId } from '@hyperdx-tenancy/domain/ids';

import CollectorAgent from '../models/collectorAgent';
import type { ICollectorAgent } from '../models/collectorAgent';
import CollectorEffectiveConfig from '../models/collectorEffectiveConfig';
import type { ICollectorEffectiveConfig } from '../models/collectorEffectiveConfig';
import CollectorGroup from '../models/collectorGroup';
import CollectorToken from '../models/collectorToken';
import Team from '../models/team';
import { recordChange, systemOrigin } from './audit';
import { keyShard } from './collectorShards';
import type { Context } from './context';

/** Where an agent is known. */
export interface AgentPlace {
  shard: string;
  instanceUid: string;
}

/** What is written of an agent that was heard of. */
export interface HeardAgent extends AgentPlace {
  fields: Partial<ICollectorAgent> &
    Pick<
      ICollectorAgent,
      | 'token'
      | 'process'
      | 'transport'
      | 'status'
      | 'state'
      | 'revision'
      | 'healthy'
      | 'heardAt'
      | 'aliveUntil'
      | 'forgetAt'
    >;
  /** The process hears of it for the first time: what its health was before is in the document alone. */
  isNew: boolean;
}

/** What is written of an agent that is gone. */
export interface GoneAgent extends AgentPlace {
  process: string;
  goneAt: Date;
  aliveUntil: Date;
}

/** The key of an agent's documents. */
export function agentKey({ shard, instanceUid }: AgentPlace): string {
  return `${shard}/${instanceUid}`;
}

/** Where an agent's health was not known in this process, only the document can say whether it is another one now. */
async function noteHealthOfNew(agents: readonly HeardAgent[]): Promise<void> {
  const changed = agents.filter(({ isNew, fields }) => isNew && fields.healthy !== null);
  if (changed.length === 0) return;
  await CollectorAgent.bulkWrite(
    changed.map(({ shard, instanceUid, fields: { healthy, heardAt } }) => ({
      updateOne: {
        filter: { _id: agentKey({ shard, instanceUid }), healthy: { $ne: healthy } },
        update: { $set: { healthyChangedAt: heardAt } },
      },
    })),
    { ordered: false },
  );
}

/** Writes what was heard of agents, all of them at once. */
export async function recordAgents(agents: readonly HeardAgent[]): Promise<void> {
  if (agents.length === 0) return;
  await noteHealthOfNew(agents);
  await CollectorAgent.bulkWrite(
    agents.map(({ shard, instanceUid, fields }) => {
      const knowsHealth = fields.healthy !== null && fields.healthyChangedAt === undefined;
      return {
        updateOne: {
          filter: { _id: agentKey({ shard, instanceUid }) },
          update: {
            $set: { shard, instanceUid, ...fields, goneAt: null },
            $setOnInsert: {
              firstHeardAt: fields.heardAt,
              ...(knowsHealth ? { healthyChangedAt: fields.heardAt } : {}),
            },
          },
          upsert: true,
        },
      };
    }),
    { ordered: false },
  );
}

/** Writes that agents are gone, but for those that speak to another process by now. */
export async function recordGone(agents: readonly GoneAgent[]): Promise<void> {
  if (agents.length === 0) return;
  await CollectorAgent.bulkWrite(
    agents.map(({ shard, instanceUid, process, goneAt, aliveUntil }) => ({
      updateOne: {
        filter: { _id: agentKey({ shard, instanceUid }), process },
        update: { $set: { goneAt, aliveUntil } },
      },
    })),
    { ordered: false },
  );
}

/** Keeps what agents say that they run; texts are without secrets by now. */
export async function recordEffectiveConfigs(
  configs: readonly ICollectorEffectiveConfig[],
): Promise<void> {
  if (configs.length === 0) return;
  await CollectorEffectiveConfig.bulkWrite(
    configs.map(({ _id, ...config }) => ({
      updateOne: { filter: { _id }, update: { $set: config }, upsert: true },
    })),
    { ordered: false },
  );
}

/** Takes all that is known of an agent in one place away. */
export async function eraseAgents(keys: readonly string[]): Promise<number> {
  const filter = { _id: { $in: [...keys] } };
  const { deletedCount } = await CollectorAgent.deleteMany(filter);
  await CollectorEffectiveConfig.deleteMany(filter);
  return deletedCount;
}

/** An agent that came with another token than before. */
export interface AgentMove {
  instanceUid: string;
  from: string;
  to: string;
}

/**
 * Ends what is known of an agent where it was before, and records it.
 * @throws TenancyError `audit_unavailable`, `mongo_unavailable`: nothing was changed then.
 */
export async function recordMove(move: AgentMove, context: Context): Promise<void> {
  const { instanceUid, from } = move;
  await recordChange(
    systemOrigin('opamp'),
    { action: 'collectorAgent.move', subject: instanceUid, asked: move },
    () => eraseAgents([agentKey({ shard: from, instanceUid })]),
    () => ({}),
    context,
  );
}

/**
 * Which of these agents are known elsewhere too, and have not been heard of there since although they should have been:
 * those have moved.
 * @param arrived with the time since which each is in its new place.
 */
export async function findMoves(
  arrived: readonly (AgentPlace & { at: Date })[],
  context: Context,
): Promise<AgentMove[]> {
  if (arrived.length === 0) return [];
  const now = context.now();
  const known = await CollectorAgent.find(
    { instanceUid: { $in: arrived.map(({ instanceUid }) => instanceUid) } },
    { shard: 1, instanceUid: 1, heardAt: 1, aliveUntil: 1, goneAt: 1 },
  ).lean<ICollectorAgent[]>();
  const byUid = new Map<string, ICollectorAgent[]>();
  for (const agent of known) {
    byUid.set(agent.instanceUid, [...(byUid.get(agent.instanceUid) ?? []), agent]);
  }
  return arrived.flatMap(({ shard, instanceUid, at }) =>
    (byUid.get(instanceUid) ?? [])
      .filter((agent) => agent.shard !== shard && agent.heardAt < at)
      .filter(({ goneAt, aliveUntil }) => goneAt !== null || aliveUntil < now)
      .map(({ shard: from }) => ({ instanceUid, from, to: shard })),
  );
}

/** Ids of a group and of all its shards, as a filter. */
export function shardsWithin(group: string): object[] {
  // `:` stands before `;` in ASCII, and nothing between the two.
  return [{ shard: group }, { shard: { $gte: `${group}:`, $lt: `${group};` } }];
}

/** Shards whose configs serve a tenant, or may: of all groups that it is a member of. */
async function shardsOfTenant(tenantId: TenantId, target: string): Promise<object[]> {
  const [teams, groups] = await Promise.all([
    Team.find({ tenant: tenantId }, { _id: 1 }).lean(),
    CollectorGroup.find(
      { target, $or: [{ members: 'all' }, { 'members.tenants': tenantId }] },
      { _id: 1 },
    ).lean(),
  ]);
  const ids = teams.map(({ _id }) => _id.toHexString());
  return [
    ...shardsWithin(groupId({ kind: 'shared', target })),
    ...groups.flatMap(({ _id }) => shardsWithin(_id)),
    { shard: { $in: ids.map((team) => groupId({ kind: 'dedicated', team })) } },
    { shard: { $in: ids.map(keyShard) } },
  ];
}

/** Three polls of a supervisor that keeps its own interval of 30 s. */
const SILENT_MS = 90_000;

/** Where nobody could be heard for a while, because MongoDB or all of us were away: agents alive before that count as well. */
const UNHEARD_MS = 15 * 60_000;

/**
 * How many collectors that serve a tenant have not applied a config of this revision or a later one.
 * @param of with the time since which agents could be heard without a break.
 */
export async function unacknowledged(
  of: { tenantId: TenantId; target: string; revision: number; since: Date },
  context: Context,
): Promise<number> {
  const now = context.now().getTime();
  const patience = now - of.since.getTime() >= SILENT_MS ? 0 : UNHEARD_MS;
  return CollectorAgent.countDocuments({
    $or: await shardsOfTenant(of.tenantId, of.target),
    aliveUntil: { $gte: new Date(now - patience) },
    revision: { $lt: of.revision },
  });
}

const DAY_MS = 86_400_000;

/**
 * Forgets agents whose time is over, for servers without TTL indexes; and tokens that were revoked or replaced so long ago
 * that nobody can be expected to come with them.
 * @param retentionDays how long both are remembered.
 */
export async function forgetOldCollectors(retentionDays: number, context: Context): Promise<void> {
  const now = context.now();
  const before = new Date(now.getTime() - retentionDays * DAY_MS);
  await CollectorAgent.deleteMany({ forgetAt: { $lt: now } });
  await CollectorEffectiveConfig.deleteMany({ forgetAt: { $lt: now } });
  await CollectorToken.deleteMany({
    $or: [{ revokedAt: { $lt: before } }, { expiresAt: { $lt: before } }],
  });
}
