import CollectorAgent from '../models/collectorAgent';
import type { ICollectorAgent } from '../models/collectorAgent';
import CollectorEffectiveConfig from '../models/collectorEffectiveConfig';
import type { ICollectorEffectiveConfig } from '../models/collectorEffectiveConfig';
import CollectorToken from '../models/collectorToken';
import { recordChange, systemOrigin } from './audit';
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
  /** That it lives is all that is certain; the rest counts only where nothing is known of it. */
  isPresence: boolean;
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
async function withHealthChanges(agents: readonly HeardAgent[]): Promise<HeardAgent[]> {
  return Promise.all(
    agents.map(async (agent) => {
      const { isNew, fields } = agent;
      if (!isNew || agent.isPresence || fields.healthy === null) return agent;
      // One by one: a look-up by its key alone is one by an index everywhere.
      const before = await CollectorAgent.findById(agentKey(agent), { healthy: 1 }).lean();
      return before && before.healthy !== fields.healthy
        ? { ...agent, fields: { ...fields, healthyChangedAt: fields.heardAt } }
        : agent;
    }),
  );
}

/** Of what is written of an agent: that it lives, and where; and all else. */
function presenceOf(fields: HeardAgent['fields']): {
  sure: Partial<ICollectorAgent>;
  rest: Partial<ICollectorAgent>;
} {
  const { token, process, transport, heardAt, aliveUntil, forgetAt, ...rest } = fields;
  return { sure: { token, process, transport, heardAt, aliveUntil, forgetAt }, rest };
}

/** Writes what was heard of agents, all of them at once. */
export async function recordAgents(agents: readonly HeardAgent[]): Promise<void> {
  if (agents.length === 0) return;
  const changed = await withHealthChanges(agents);
  await CollectorAgent.bulkWrite(
    changed.map(({ shard, instanceUid, fields, isPresence }) => {
      const { sure, rest } = isPresence ? presenceOf(fields) : { sure: fields, rest: {} };
      const knowsHealth = fields.healthy !== null && fields.healthyChangedAt === undefined;
      return {
        updateOne: {
          filter: { _id: agentKey({ shard, instanceUid }) },
          update: {
            $set: { shard, instanceUid, ...sure, goneAt: null },
            $setOnInsert: {
              ...rest,
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

/** Writes that all agents that came with a token are gone: they get nothing more. */
export async function recordRevoked(token: string, goneAt: Date): Promise<void> {
  await CollectorAgent.updateMany(
    { token, goneAt: null },
    // Long past: nobody waits for them.
    { $set: { goneAt, aliveUntil: new Date(0) } },
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

/** What is kept of agents in all before it is looked at who has too many: four times what one process serves at once. */
const MAX_REMEMBERED = 200_000;
/** Agents of one shard that are gone, and kept in mind all the same. */
export const MAX_GONE_OF_SHARD = 50_000;
/** Taken away with one command, and so many commands a round. */
const FORGOTTEN_AT_ONCE = 500;
const FORGOTTEN_A_ROUND = 100;

/**
 * Forgets agents that are gone before their time where there are too many of a shard, those first that were heard of least
 * lately: whoever holds a token can name any number of instances.
 */
export async function forgetSurplus(
  context: Context,
  { remembered, goneOfShard } = { remembered: MAX_REMEMBERED, goneOfShard: MAX_GONE_OF_SHARD },
): Promise<void> {
  if ((await CollectorAgent.estimatedDocumentCount()) <= remembered) return;
  const gone = { aliveUntil: { $lt: context.now() } };
  const shards = await CollectorAgent.aggregate<{ _id: string; count: number }>([
    { $match: gone },
    { $group: { _id: '$shard', count: { $sum: 1 } } },
  ]);
  for (const { _id: shard, count } of shards) {
    let surplus = Math.min(count - goneOfShard, FORGOTTEN_AT_ONCE * FORGOTTEN_A_ROUND);
    if (surplus <= 0) continue;
    context.log.warn(
      { group: shard, agents: surplus },
      'too many agents are gone: forgotten early',
    );
    while (surplus > 0) {
      const oldest = await CollectorAgent.find({ ...gone, shard }, { _id: 1 })
        .sort({ heardAt: 1 })
        .limit(Math.min(surplus, FORGOTTEN_AT_ONCE))
        .lean<{ _id: string }[]>();
      if (oldest.length === 0) break;
      await eraseAgents(oldest.map(({ _id }) => _id));
      surplus -= oldest.length;
    }
  }
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
      .filter(({ aliveUntil }) => aliveUntil < now)
      .map(({ shard: from }) => ({ instanceUid, from, to: shard })),
  );
}

/** Ids of a group and of all its shards, as a filter. */
export function shardsWithin(group: string): object[] {
  // `:` stands before `;` in ASCII, and nothing between the two.
  return [{ shard: group }, { shard: { $gte: `${group}:`, $lt: `${group};` } }];
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
  await forgetSurplus(context);
  await CollectorEffectiveConfig.deleteMany({ forgetAt: { $lt: now } });
  await CollectorToken.deleteMany({
    $or: [{ revokedAt: { $lt: before } }, { expiresAt: { $lt: before } }],
  });
}
