import { randomUUID } from 'node:crypto';

import { waitFor } from '@hyperdx-tenancy/devkit/process';

import type { Db, ObjectId } from 'mongodb';

import { announce, writeTokens } from './opampGround';
import type { OpampGround } from './opampGround';
import { PollingAgent } from './opampPolls';
import { cpuSeconds } from './processes';
import { median, ratio } from './shape';
import type { BenchOptions, Figure } from './shape';

export interface FollowingSize {
  tenants: number;
  /** Changes of each kind. */
  changes: number;
}

const MOST_MS = 2_000;
/** A whole read of ten thousand tenants takes that long on a FerretDB that has little of the machine. */
const TIMEOUT_MS = 120_000;

/** What changes came to: from the moment at which each was told until an agent was given it, and the server's processor time. */
interface Waits {
  /** At the one of that team alone. */
  ms: number[];
  /** At one of a group of many tenants. */
  amongMs: number[];
  cpuMs: number;
}

/** As many as one shard holds. */
const GROUP_TENANTS = 250;

/** A group of many tenants, a team's among them. */
async function writeGroup(db: Db, name: string, team: ObjectId): Promise<void> {
  const own = await db
    .collection<{ _id: ObjectId; tenant: ObjectId }>('teams')
    .findOne({ _id: team });
  if (!own) throw new Error('a team that is not there');
  const others = await db
    .collection('tenants')
    .find({ _id: { $ne: own.tenant } }, { projection: { _id: 1 } })
    .limit(GROUP_TENANTS - 1)
    .toArray();
  const tenants = [own.tenant, ...others.map(({ _id }) => _id)];
  await db.collection<{ _id: string }>('collectorgroups').insertOne({
    _id: `named:${name}`,
    target: 'default',
    members: { tenants: tenants.map((id) => id.toHexString()) },
    exclusive: false,
    options: {},
    fragment: null,
    rollout: null,
    quarantine: [],
    version: 1,
  } as { _id: string });
}

/** An agent that has its config: its token is known by then. */
async function agentOf(
  place: { port: number; token: string },
  signal: AbortSignal,
): Promise<PollingAgent> {
  let agent: PollingAgent | undefined;
  await waitFor(
    async () => {
      const one = await PollingAgent.open(place);
      const isKnown = await one.settle().then(
        () => true,
        () => false,
      );
      if (isKnown) agent = one;
      else one.close();
      return isKnown;
    },
    { what: 'the token to be known', timeoutMs: TIMEOUT_MS, intervalMs: 200, signal },
  );
  if (!agent) throw new Error('no agent');
  return agent;
}

/**
 * How soon a change made by another process is in a config, where there are many tenants: one that says what it is about, as all do that
 * processes make, and one that does not, for which everything is read.
 */
export async function measureFollowing(
  { install, started }: OpampGround,
  { tenants, changes }: FollowingSize,
  { progress, signal }: BenchOptions,
): Promise<Figure[]> {
  const { db, teams, opampPort, pid } = await install(tenants);
  const [team] = teams;
  if (!team) throw new Error('an installation without teams');
  const group = { kind: 'named', name: 'together' } as const;
  await writeGroup(db, group.name, team);
  const tokens = await writeTokens(db, [{ kind: 'dedicated', team: team.toHexString() }, group]);
  progress('two agents take their configs');
  const agents: PollingAgent[] = [];
  started({
    stop: () => {
      for (const agent of agents) agent.close();
      return Promise.resolve();
    },
  });
  for (const token of tokens) agents.push(await agentOf({ port: opampPort, token }, signal));
  const [alone, among] = agents;
  if (!alone || !among) throw new Error('no agents');

  const change = async (isNamed: boolean): Promise<Waits> => {
    progress(isNamed ? 'changes that say what they are about' : 'changes that do not');
    const waits: Waits = { ms: [], amongMs: [], cpuMs: 0 };
    const cpuBefore = await cpuSeconds(pid);
    for (let made = 0; made < changes; made += 1) {
      await db
        .collection('teams')
        .updateOne({ _id: team }, { $set: { apiKey: randomUUID(), updatedAt: new Date() } });
      const begun = performance.now();
      await announce(db, isNamed ? { teams: [team.toHexString()] } : undefined);
      const had = async (agent: PollingAgent, ms: number[]): Promise<void> => {
        await agent.news(TIMEOUT_MS, signal);
        ms.push(performance.now() - begun);
      };
      await Promise.all([had(alone, waits.ms), had(among, waits.amongMs)]);
    }
    return { ...waits, cpuMs: ratio(((await cpuSeconds(pid)) - cpuBefore) * 1_000, changes) };
  };
  const unnamed = await change(false);
  const named = await change(true);
  const at = `${tenants} tenants`;
  return [
    {
      name: `a change at an agent, ${at}: the longest`,
      value: Math.max(...named.ms),
      unit: 'ms',
      reach: { atMost: MOST_MS },
    },
    {
      name: `a change at an agent of ${GROUP_TENANTS} of them, ${at}: the longest`,
      value: Math.max(...named.amongMs),
      unit: 'ms',
      reach: { atMost: MOST_MS },
    },
    {
      name: `a change at an agent of ${GROUP_TENANTS} of them, ${at}`,
      value: median(named.amongMs),
      unit: 'ms',
    },
    { name: `a change at an agent, ${at}`, value: median(named.ms), unit: 'ms' },
    { name: `a change at an agent, ${at}: CPU`, value: named.cpuMs, unit: 'ms' },
    { name: 'the same, had everything to be read', value: median(unnamed.ms), unit: 'ms' },
    { name: 'the same, had everything to be read: CPU', value: unnamed.cpuMs, unit: 'ms' },
  ];
}
