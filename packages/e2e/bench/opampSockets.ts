import { setTimeout as sleep } from 'node:timers/promises';

import { openMemoryMeter } from './memory';
import type { MemoryMeter } from './memory';
import { Agents } from './opampAgentsControl';
import { ChangesForAll, measureOneTeam } from './opampChanges';
import { openFleet } from './opampFleet';
import type { Fleet } from './opampFleet';
import type { OpampGround } from './opampGround';
import { measureStorm } from './opampStorm';
import { cpuSeconds, openFilesLimit } from './processes';
import { ratio } from './shape';
import type { BenchOptions, Figure } from './shape';

export interface SocketsSize {
  /** At the most: as many as the open-file limit leaves room for. */
  agents: number;
  tenants: number;
  /** Until what a start leaves to do is done: agents are written down, garbage is made. */
  settleMs: number;
  /** How long heartbeats are watched. */
  watchMs: number;
  /** Changes of one team, and of all. */
  changes: number;
  changesForAll: number;
}

export const MOST_AGENTS = 25_000;
/** What a server needs besides its agents' connections. */
const FILES_LEFT = 2_000;
const HEARTBEAT_SECONDS = 30;

const MOST_KB_AN_AGENT = 20;
const MOST_CPU_PERCENT = 50;

const CONNECT_TIMEOUT_MS = 180_000;

/** As many as the bench starts by itself. */
export async function defaultAgents(): Promise<number> {
  return Math.min(MOST_AGENTS, (await openFilesLimit(process.pid)) - FILES_LEFT);
}

/** Bytes that a process keeps for each of its agents, once its garbage is collected. */
interface PerAgent {
  rss: number;
  heap: number;
}

async function memoryPerAgent(
  pid: number,
  agents: Agents,
  connect: () => Promise<void>,
  meter: MemoryMeter,
  signal: AbortSignal,
): Promise<PerAgent> {
  const before = await meter.measure(pid, signal);
  await connect();
  const after = await meter.measure(pid, signal);
  return {
    rss: ratio(after.rss - before.rss, agents.count),
    heap: ratio(after.heap - before.heap, agents.count),
  };
}

async function measureIdle(
  { start }: OpampGround,
  agents: Agents,
  meter: MemoryMeter,
  signal: AbortSignal,
): Promise<PerAgent> {
  const idle = await start('opampIdle', meter.env);
  const memory = await memoryPerAgent(
    idle.pid,
    agents,
    async () => {
      await agents.start(idle.port, ['none']);
      await agents.until('connected', CONNECT_TIMEOUT_MS);
    },
    meter,
    signal,
  );
  await agents.drop();
  await idle.stop();
  return memory;
}

async function measureOurs(
  fleet: Fleet,
  agents: Agents,
  idle: PerAgent,
  meter: MemoryMeter,
  size: SocketsSize,
  options: BenchOptions,
): Promise<Figure[]> {
  const { progress, signal } = options;
  progress(`${agents.count} agents connect to ours`);
  const begun = Date.now();
  let connectedMs = 0;
  const ours = await memoryPerAgent(
    fleet.pid,
    agents,
    async () => {
      await agents.start(fleet.opampPort, fleet.tokens);
      await agents.until('inStep', CONNECT_TIMEOUT_MS);
      connectedMs = Date.now() - begun;
      await sleep(size.settleMs, undefined, { signal });
    },
    meter,
    signal,
  );
  const kilobytes = (value: number): number => value / 1_024;
  const figures: Figure[] = [
    {
      name: 'memory an agent, above an idle ws server',
      value: kilobytes(ours.rss - idle.rss),
      unit: 'KB',
      reach: { atMost: MOST_KB_AN_AGENT },
    },
    { name: 'memory an agent: idle ws server', value: kilobytes(idle.rss), unit: 'KB' },
    { name: 'memory an agent: ours', value: kilobytes(ours.rss), unit: 'KB' },
    { name: 'heap an agent: idle ws server', value: kilobytes(idle.heap), unit: 'KB' },
    { name: 'heap an agent: ours', value: kilobytes(ours.heap), unit: 'KB' },
    { name: 'first connection of all, until in step', value: connectedMs / 1_000, unit: 's' },
  ];

  progress(`heartbeats every ${HEARTBEAT_SECONDS} s`);
  await agents.beat(HEARTBEAT_SECONDS);
  await sleep(1_000, undefined, { signal });
  const cpuBefore = await cpuSeconds(fleet.pid);
  const watchedFrom = performance.now();
  await sleep(size.watchMs, undefined, { signal });
  const used = (await cpuSeconds(fleet.pid)) - cpuBefore;
  figures.push({
    name: `CPU at heartbeats of ${HEARTBEAT_SECONDS} s`,
    value: ratio(used * 100_000, performance.now() - watchedFrom),
    unit: '% of a core',
    reach: { atMost: MOST_CPU_PERCENT },
  });

  progress("one team's change");
  figures.push(...(await measureOneTeam(fleet, agents, size.changes, signal)));

  progress('a change for all');
  const changes = new ChangesForAll(fleet, agents, signal);
  figures.push(...(await changes.measure(size.changesForAll)));

  figures.push(...(await measureStorm(fleet, agents, options)));
  const areAllBack = (await agents.state()).inStep === agents.count;
  // As after the first connection: all of them are written down anew.
  await sleep(size.settleMs, undefined, { signal });
  figures.push({
    name: 'after a restart: agents that the next change for all reached',
    value: areAllBack ? await changes.reached() : 0,
    unit: 'agents',
    reach: { atLeast: agents.count },
  });
  return figures;
}

/** Agents on WebSockets, thousands of them on one process of ours. */
export async function measureSockets(
  ground: OpampGround,
  size: SocketsSize,
  options: BenchOptions,
): Promise<Figure[]> {
  const { progress, signal } = options;
  const meter = ground.started(await openMeter());
  const agents = ground.started(await Agents.open(size.agents, signal));
  progress(`${size.agents} agents connect to an idle ws server`);
  const idle = await measureIdle(ground, agents, meter, signal);
  const fleet = await openFleet(ground, size.tenants, meter.env);
  return measureOurs(fleet, agents, idle, meter, size, options);
}

async function openMeter(): Promise<MemoryMeter & { stop(): Promise<void> }> {
  const meter = await openMemoryMeter();
  return { ...meter, stop: () => meter.close() };
}
