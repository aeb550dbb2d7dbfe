import { randomUUID } from 'node:crypto';

import { waitFor } from '@hyperdx-tenancy/devkit/process';

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
  ms: number[];
  cpuMs: number;
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
  const [token = ''] = await writeTokens(db, [{ kind: 'dedicated', team: team.toHexString() }]);
  progress('an agent takes its config');
  let agent: PollingAgent | undefined;
  await waitFor(
    async () => {
      const one = await PollingAgent.open({ port: opampPort, token });
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
  const known = agent;
  if (!known) throw new Error('no agent');
  started({
    stop: () => {
      known.close();
      return Promise.resolve();
    },
  });

  const change = async (isNamed: boolean): Promise<Waits> => {
    progress(isNamed ? 'changes that say what they are about' : 'changes that do not');
    const ms: number[] = [];
    const cpuBefore = await cpuSeconds(pid);
    for (let made = 0; made < changes; made += 1) {
      await db
        .collection('teams')
        .updateOne({ _id: team }, { $set: { apiKey: randomUUID(), updatedAt: new Date() } });
      const begun = performance.now();
      await announce(db, isNamed ? { teams: [team.toHexString()] } : undefined);
      await known.news(TIMEOUT_MS, signal);
      ms.push(performance.now() - begun);
    }
    return { ms, cpuMs: ratio(((await cpuSeconds(pid)) - cpuBefore) * 1_000, changes) };
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
    { name: `a change at an agent, ${at}`, value: median(named.ms), unit: 'ms' },
    { name: `a change at an agent, ${at}: CPU`, value: named.cpuMs, unit: 'ms' },
    { name: 'the same, had everything to be read', value: median(unnamed.ms), unit: 'ms' },
    { name: 'the same, had everything to be read: CPU', value: unnamed.cpuMs, unit: 'ms' },
  ];
}
