import { collectorMetrics } from '@hyperdx-tenancy/devkit/collector';
import { waitFor } from '@hyperdx-tenancy/devkit/process';

import type { Agents, Arrivals } from './opampAgentsControl';
import { fragmentOf, groupsOf } from './opampFleet';
import type { Fleet } from './opampFleet';
import { announce } from './opampGround';
import { cpuSeconds } from './processes';
import { median, percentile, ratio } from './shape';
import type { Figure } from './shape';

const CONFIG_BYTES = 8_192;
const MOST_CHANGE_MS = 1_000;
const CHANGE_TIMEOUT_MS = 60_000;

/** How often the server was told that a config was applied. */
async function acknowledged({ metricsPort }: Fleet): Promise<number> {
  const metrics = await collectorMetrics(metricsPort);
  return metrics.sum('hyperdx_tenancy_opamp_config_reports_total', { status: 'applied' });
}

/** Fewer agents than should have were given a config in time. */
class TooFew extends Error {
  constructor(
    readonly count: number,
    wanted: number,
    cause: unknown,
  ) {
    super(`${count} of ${wanted} agents were given the config`, { cause });
  }
}

/** Takes what arrives until so many have. @throws TooFew where fewer do in time. */
async function collect(agents: Agents, count: number, signal: AbortSignal): Promise<Arrivals> {
  const arrivals: Arrivals = [];
  await waitFor(
    async () => {
      arrivals.push(...(await agents.arrivals()));
      return arrivals.length >= count;
    },
    {
      what: `${count} agents to be given a config`,
      timeoutMs: CHANGE_TIMEOUT_MS,
      intervalMs: 100,
      signal,
    },
  ).catch((error: unknown) => {
    signal.throwIfAborted();
    throw new TooFew(arrivals.length, count, error);
  });
  return arrivals;
}

/** Changes a group in the database, as another process of the installation would. */
async function changeGroup({ db }: Fleet, _id: string, fragment: string): Promise<void> {
  await groupsOf(db).updateOne(
    { _id },
    { $set: { fragment, updatedAt: new Date() }, $inc: { version: 1 } },
  );
}

/**
 * Changes the config of one team after another, and takes how long each of its agents waits for it. Not by the admin API, whose
 * answer counts the group's agents: FerretDB looks through all of them for it, for seconds, and everything else waits.
 */
export async function measureOneTeam(
  fleet: Fleet,
  agents: Agents,
  changes: number,
  signal: AbortSignal,
): Promise<Figure[]> {
  const { db, groups, tokens } = fleet;
  const waits: number[] = [];
  const lasts: number[] = [];
  for (let change = 1; change <= changes; change += 1) {
    const at = change % groups.length;
    const group = groups[at] ?? '';
    const share = Math.floor(agents.count / tokens.length);
    await agents.arrivals();
    const begun = Date.now();
    await changeGroup(fleet, group, fragmentOf(change, 1));
    await announce(db, { groups: [group] });
    const arrivals = await collect(agents, Math.max(share, 1), signal);
    const times = arrivals.map(([, arrivedAt]) => arrivedAt - begun);
    waits.push(...times);
    lasts.push(Math.max(...times));
    if (arrivals.some(([token]) => token !== at)) {
      throw new Error('an agent of another team was given a config');
    }
  }
  return [
    {
      name: "one team's change at its agents, p99",
      value: percentile(waits, 0.99),
      unit: 'ms',
      reach: { atMost: MOST_CHANGE_MS },
    },
    { name: "one team's change at its agents, p50", value: percentile(waits, 0.5), unit: 'ms' },
    { name: "one team's change at the last of its agents", value: median(lasts), unit: 'ms' },
    { name: 'agents of one team', value: ratio(waits.length, changes), unit: 'agents' },
  ];
}

/** What a change for all came to. */
interface ForAll {
  waits: number[];
  /** Until the server had taken in that all have applied it, milliseconds. */
  acknowledgedMs: number;
  cpuSeconds: number;
  bytes: number;
}

/** Changes every group's config in the database, as another process of the installation would, and tells of it once. */
async function changeForAll(
  fleet: Fleet,
  agents: Agents,
  value: number,
  padding: number,
  signal: AbortSignal,
): Promise<ForAll> {
  await agents.arrivals();
  const acknowledgedBefore = await acknowledged(fleet);
  const cpuBefore = await cpuSeconds(fleet.pid);
  for (const group of fleet.groups) await changeGroup(fleet, group, fragmentOf(value, padding));
  const begun = Date.now();
  await announce(fleet.db);
  const arrivals = await collect(agents, agents.count, signal);
  await waitFor(async () => (await acknowledged(fleet)) >= acknowledgedBefore + agents.count, {
    what: 'all agents to have acknowledged the config',
    timeoutMs: CHANGE_TIMEOUT_MS,
    intervalMs: 20,
    signal,
  });
  return {
    waits: arrivals.map(([, arrivedAt]) => arrivedAt - begun),
    acknowledgedMs: Date.now() - begun,
    cpuSeconds: (await cpuSeconds(fleet.pid)) - cpuBefore,
    bytes: ratio(
      arrivals.reduce((sum, [, , length]) => sum + length, 0),
      arrivals.length,
    ),
  };
}

/** Changes for all, each of some 8 KB an agent. */
export class ChangesForAll {
  /** Beyond the numbers of {@link measureOneTeam}: what a group has already is no change. */
  private made = 1_000;
  private padding = 1;

  constructor(
    private readonly fleet: Fleet,
    private readonly agents: Agents,
    private readonly signal: AbortSignal,
  ) {}

  /** Makes so many of them. */
  async measure(count: number): Promise<Figure[]> {
    // The first shows how long a config is without padding.
    const plain = await this.next();
    this.padding = Math.max(CONFIG_BYTES - Math.round(plain.bytes), 1);
    const all: ForAll[] = [];
    for (let change = 0; change < count; change += 1) all.push(await this.next());
    const waits = all.flatMap((one) => one.waits);
    const of = (value: (one: ForAll) => number): number => median(all.map(value));
    const name = (what: string): string => `a change for all: ${what}`;
    return [
      {
        name: name('acknowledged by all after'),
        value: of((one) => one.acknowledgedMs) / 1_000,
        unit: 's',
      },
      { name: name('at an agent, p50'), value: percentile(waits, 0.5), unit: 'ms' },
      { name: name('at an agent, p99'), value: percentile(waits, 0.99), unit: 'ms' },
      { name: name('bytes of a config'), value: of((one) => one.bytes), unit: 'bytes' },
      { name: name("server's CPU"), value: of((one) => one.cpuSeconds), unit: 's' },
    ];
  }

  /** Makes one more. @returns how many agents it reached, be it too few: what was measured before is not lost over it. */
  async reached(): Promise<number> {
    try {
      return (await this.next()).waits.length;
    } catch (error) {
      if (error instanceof TooFew) return error.count;
      throw error;
    }
  }

  private next(): Promise<ForAll> {
    this.made += 1;
    return changeForAll(this.fleet, this.agents, this.made, this.padding, this.signal);
  }
}
