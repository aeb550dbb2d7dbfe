import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';

import type {
  AgentQuery,
  CollectorAgentDetail,
  CollectorAgentList,
  CollectorAgentView,
  ListCollectorAgents,
} from '@hyperdx-tenancy/domain/contracts/collectorAgent';
import { groupId } from '@hyperdx-tenancy/domain/contracts/collectorGroup';
import { TenancyError } from '@hyperdx-tenancy/domain/errors';

import CollectorAgent from '../models/collectorAgent';
import type { ICollectorAgent } from '../models/collectorAgent';
import CollectorEffectiveConfig from '../models/collectorEffectiveConfig';
import { eraseAgents, shardsWithin } from './collectorAgents';
import { keyShard } from './collectorShards';
import type { Context } from './context';

const inflate = promisify(gunzip);

/** Larger texts are not kept: what inflates to more was not written by us. */
const MAX_INFLATED = 16 * 1024 * 1024;

const KEY_SHARD = keyShard('');

/** The group as operators know it: who comes with an ingestion key is one of its team's. */
function shownGroup(shard: string): string {
  if (!shard.startsWith(KEY_SHARD)) return shard;
  return groupId({ kind: 'dedicated', team: shard.slice(KEY_SHARD.length) });
}

/** The shards that an operator means by the id of a group or of one of them. */
function meant(group: string): object[] {
  const [kind, team = ''] = group.split(':');
  return [...shardsWithin(group), ...(kind === 'dedicated' ? [{ shard: keyShard(team) }] : [])];
}

/**
 * What an agent may not have said yet: one that comes from another process leaves out what it said there. Filled in here,
 * because FerretDB ignores empty values in `$setOnInsert`.
 */
const unsaid = {
  capabilities: [],
  attributes: [],
  hash: null,
  configRevision: null,
  error: '',
  lacking: [],
  healthyChangedAt: null,
  lastError: '',
  components: null,
  blocked: [],
} satisfies Partial<ICollectorAgent>;

function isConnected({ goneAt, aliveUntil }: ICollectorAgent, now: Date): boolean {
  return goneAt === null && aliveUntil > now;
}

/** Why an agent does not run what is meant for it. */
function reasonOf({ state, error, lacking }: ICollectorAgent): string | null {
  if (state === 'withheld') return `lacks ${lacking.join(', ')}`;
  return error === '' ? null : error;
}

function agentView(agent: ICollectorAgent, now: Date): CollectorAgentView {
  return {
    instanceUid: agent.instanceUid,
    group: shownGroup(agent.shard),
    connected: isConnected(agent, now),
    transport: agent.transport,
    seenAt: agent.heardAt.toISOString(),
    firstSeenAt: agent.firstHeardAt.toISOString(),
    attributes: Object.fromEntries(agent.attributes.map(({ name, value }) => [name, value])),
    config: {
      state: agent.state,
      hash: agent.hash,
      revision: agent.configRevision,
      reason: reasonOf(agent),
    },
    healthy: agent.healthy,
    healthyChangedAt: agent.healthyChangedAt?.toISOString() ?? null,
    lastError: agent.lastError === '' ? null : agent.lastError,
  };
}

/** A page of agents, by group and instance. */
export async function listAgents(
  query: ListCollectorAgents,
  context: Context,
): Promise<CollectorAgentList> {
  const now = context.now();
  const connected = { goneAt: null, aliveUntil: { $gt: now } };
  const agents = await CollectorAgent.find({
    $and: [
      // What an earlier version kept of agents says too little, and is gone in a day.
      { forgetAt: { $exists: true } },
      ...(query.group === undefined ? [] : [{ $or: meant(query.group) }]),
      ...(query.state === undefined ? [] : [{ state: query.state }]),
      ...(query.connected === 'true' ? [connected] : []),
      ...(query.connected === 'false' ? [{ $nor: [connected] }] : []),
      ...(query.after === undefined ? [] : [{ _id: { $gt: query.after } }]),
    ],
  })
    .sort({ _id: 1 })
    // One more than asked for tells whether there is a next page.
    .limit(query.limit + 1)
    .lean<ICollectorAgent[]>();
  const page = agents.slice(0, query.limit).map((agent) => ({ ...unsaid, ...agent }));
  return {
    data: page.map((agent) => agentView(agent, now)),
    next: agents.length > page.length ? (page.at(-1)?._id ?? null) : null,
  };
}

/** All agents of an instance UID, the one heard of last first. @throws TenancyError `not_found`. */
async function findAgents(
  uid: string,
  { group }: AgentQuery,
): Promise<[ICollectorAgent, ...ICollectorAgent[]]> {
  const [latest, ...others] = await CollectorAgent.find({
    instanceUid: uid,
    ...(group === undefined ? {} : { $or: meant(group) }),
  })
    .sort({ heardAt: -1 })
    .lean<ICollectorAgent[]>();
  if (latest) {
    return [{ ...unsaid, ...latest }, ...others.map((agent) => ({ ...unsaid, ...agent }))];
  }
  throw new TenancyError('not_found', 'There is no collector with this instance UID.');
}

/** One agent, with what it says that it runs. @throws TenancyError `not_found`. */
export async function getAgent(
  uid: string,
  query: AgentQuery,
  context: Context,
): Promise<CollectorAgentDetail> {
  const [agent] = await findAgents(uid, query);
  const effective = await CollectorEffectiveConfig.findById(agent._id);
  const text = effective && (await inflate(effective.body, { maxOutputLength: MAX_INFLATED }));
  return {
    ...agentView(agent, context.now()),
    capabilities: agent.capabilities,
    components:
      agent.components &&
      Object.fromEntries(agent.components.map(({ kind, types }) => [kind, types])),
    effectiveConfig: text?.toString('utf8') ?? null,
    effectiveConfigAt: effective?.at.toISOString() ?? null,
  };
}

/**
 * Forgets an agent that is gone, in all places where it is not connected.
 * @returns the groups in which it was known.
 * @throws TenancyError `not_found`; `agent_connected` where it is connected in each of them.
 */
export async function forgetAgent(
  uid: string,
  query: AgentQuery,
  context: Context,
): Promise<string[]> {
  const agents = await findAgents(uid, query);
  const gone = agents.filter((agent) => !isConnected(agent, context.now()));
  if (gone.length === 0) {
    throw new TenancyError(
      'agent_connected',
      'The collector is connected, and would be back with its next message.',
    );
  }
  await eraseAgents(gone.map(({ _id }) => _id));
  return gone.map(({ shard }) => shownGroup(shard));
}

/** Connected agents, and how many of them run what is meant for them or could not apply it. */
export interface AgentCounts {
  connected: number;
  inStep: number;
  failed: number;
}

/** Connected agents of each shard that has any, by its id; of these shards, or of all. */
export async function countAgents(
  context: Context,
  shards?: readonly string[],
): Promise<ReadonlyMap<string, AgentCounts>> {
  const counted = await CollectorAgent.aggregate<{
    _id: { shard: string; state: string };
    count: number;
  }>([
    {
      $match: {
        ...(shards === undefined ? {} : { shard: { $in: [...shards] } }),
        aliveUntil: { $gt: context.now() },
        goneAt: null,
      },
    },
    { $group: { _id: { shard: '$shard', state: '$state' }, count: { $sum: 1 } } },
  ]);
  const counts = new Map<string, AgentCounts>();
  for (const { _id, count } of counted) {
    const before = counts.get(_id.shard) ?? { connected: 0, inStep: 0, failed: 0 };
    counts.set(_id.shard, {
      connected: before.connected + count,
      inStep: before.inStep + (_id.state === 'in_step' ? count : 0),
      failed: before.failed + (_id.state === 'failed' ? count : 0),
    });
  }
  return counts;
}
