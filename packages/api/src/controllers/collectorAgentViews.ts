import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';

import type {
  AgentConfigState,
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
import CollectorRollout from '../models/collectorRollout';
import type { ICollectorRollout } from '../models/collectorRollout';
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

interface Counted {
  _id: { shard: string; state: AgentConfigState; hash: string | null };
  count: number;
}

/**
 * Hash of the present config of each of these shards that everybody is to run. Agents that poll say seconds after a change
 * that they are behind: until then, their state is of the config before.
 */
async function meantForAll(shards: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const rollouts = await CollectorRollout.find(
    { _id: { $in: [...shards] }, phase: 'steady' },
    { current: 1 },
  ).lean<Pick<ICollectorRollout, '_id' | 'current'>[]>();
  return new Map(
    rollouts.flatMap(({ _id, current }): [string, string][] =>
      current ? [[_id, current.hash]] : [],
    ),
  );
}

/** Of the agents of a shard that run another config, those that failed the present one: they are meant to run the other. */
async function countSpared(shard: string, hash: string, connected: object): Promise<number> {
  return CollectorAgent.countDocuments({
    ...connected,
    shard,
    state: 'in_step',
    hash: { $ne: hash },
    blocked: hash,
  });
}

/** Connected agents of each of these shards that has any, by its id. */
export async function countAgents(
  context: Context,
  shards: readonly string[],
): Promise<ReadonlyMap<string, AgentCounts>> {
  const connected = { aliveUntil: { $gt: context.now() }, goneAt: null };
  // First: an agent that is counted by a config newer than this one is as far as it can be.
  const meant = await meantForAll(shards);
  const counted = await CollectorAgent.aggregate<Counted>([
    { $match: { shard: { $in: [...shards] }, ...connected } },
    {
      $group: { _id: { shard: '$shard', state: '$state', hash: '$hash' }, count: { $sum: 1 } },
    },
  ]);
  const counts = new Map<string, AgentCounts>();
  const late = new Set<string>();
  for (const { _id, count } of counted) {
    const { shard, state, hash } = _id;
    const of = counts.get(shard) ?? { connected: 0, inStep: 0, failed: 0 };
    counts.set(shard, of);
    of.connected += count;
    if (state === 'failed') of.failed += count;
    if (state !== 'in_step') continue;
    if ((meant.get(shard) ?? hash) === hash) of.inStep += count;
    else late.add(shard);
  }
  for (const shard of late) {
    const of = counts.get(shard);
    if (of) of.inStep += await countSpared(shard, meant.get(shard) ?? '', connected);
  }
  return counts;
}
