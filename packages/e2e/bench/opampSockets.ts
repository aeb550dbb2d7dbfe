import { setTimeout as sleep } from 'node:timers/promises';

import { collectorMetrics } from '@hyperdx-tenancy/devkit/collector';
import { freePort, waitFor } from '@hyperdx-tenancy/devkit/process';
import type { CollectorGroup } from '@hyperdx-tenancy/domain/contracts/collectorGroup';
import type { Collection, Db } from 'mongodb';

import { openMemoryMeter } from './memory';
import type { MemoryMeter } from './memory';
import { Agents } from './opampAgentsControl';
import type { Arrivals } from './opampAgentsControl';
import { announce, writeTokens } from './opampGround';
import type { Install, OpampGround } from './opampGround';
import { cpuSeconds, openFilesLimit } from './processes';
import { median, percentile, ratio } from './shape';
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
const CONFIG_BYTES = 8_192;

const MOST_KB_AN_AGENT = 20;
const MOST_CPU_PERCENT = 50;
const MOST_CHANGE_MS = 1_000;

const CONNECT_TIMEOUT_MS = 300_000;
const CHANGE_TIMEOUT_MS = 60_000;

/** As many as the bench starts by itself. */
export async function defaultAgents(): Promise<number> {
  return Math.min(MOST_AGENTS, (await openFilesLimit(process.pid)) - FILES_LEFT);
}

/** What an operator may add to a group's config; it makes the config longer by about so many bytes, and another one for each number. */
function fragmentOf(value: number, bytes: number): string {
  const padding = 'x'.repeat(Math.max(bytes, 1));
  return [
    'processors:',
    '  transform/bench:',
    '    error_mode: ignore',
    '    log_statements:',
    `      - set(log.attributes["bench.change"], "${value}-${padding}")`,
    '',
  ].join('\n');
}

/** The installation that the agents belong to: a token for each team, and one for a group of one tenant. */
interface Fleet extends Install {
  groups: readonly string[];
  tokens: readonly string[];
  metricsPort: number;
}

async function openFleet(
  { install }: OpampGround,
  tenants: number,
  env: Record<string, string>,
): Promise<Fleet> {
  const metricsPort = await freePort();
  const installed = await install(tenants, { ...env, TENANCY_METRICS_PORT: String(metricsPort) });
  const { db, teams } = installed;
  const named: CollectorGroup = { kind: 'named', name: 'bench' };
  const dedicated = teams.map((team): CollectorGroup => ({
    kind: 'dedicated',
    team: team.toHexString(),
  }));
  const groups = ['named:bench', ...teams.map((team) => `dedicated:${team.toHexString()}`)];
  const now = new Date();
  await groupsOf(db).insertMany(
    groups.map((id) => ({
      _id: id,
      ...(id === 'named:bench'
        ? {
            target: 'default',
            members: { tenants: [String(installed.tenants[0])] },
            exclusive: false,
          }
        : {}),
      options: {},
      fragment: fragmentOf(0, 1),
      rollout: null,
      quarantine: [],
      version: 1,
      createdAt: now,
      updatedAt: now,
    })),
  );
  const tokens = await writeTokens(db, [named, ...dedicated]);
  return { ...installed, groups, tokens, metricsPort };
}

/** What an operator set of a group, as the API stores it. */
interface GroupDocument {
  _id: string;
  target?: string;
  members?: { tenants: string[] };
  exclusive?: boolean;
  options: object;
  fragment: string | null;
  rollout: null;
  quarantine: never[];
  version: number;
  createdAt: Date;
  updatedAt: Date;
}
const groupsOf = (db: Db): Collection<GroupDocument> => db.collection('collectorgroups');

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

/** How often the server was told that a config was applied. */
async function acknowledged({ metricsPort }: Fleet): Promise<number> {
  const metrics = await collectorMetrics(metricsPort);
  return metrics.sum('opamp_config_reports_total', { status: 'applied' });
}

/** Takes what arrives until so many have. @throws Error where fewer do in time. */
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
    throw new Error(`${arrivals.length} of ${count} agents were given the config`, {
      cause: error,
    });
  });
  return arrivals;
}

/** Changes the config of one team after another, by the admin API, and takes how long each of its agents waits for it. */
async function measureOneTeam(
  { api, groups, tokens }: Fleet,
  agents: Agents,
  changes: number,
  signal: AbortSignal,
): Promise<Figure[]> {
  const waits: number[] = [];
  const lasts: number[] = [];
  for (let change = 1; change <= changes; change += 1) {
    const at = change % groups.length;
    const group = groups[at] ?? '';
    const share = Math.floor(agents.count / tokens.length);
    await agents.arrivals();
    const begun = Date.now();
    const { status, body } = await api.call(
      'PATCH',
      `/collector-groups/${group}`,
      { fragment: fragmentOf(change, 1) },
      signal,
    );
    if (status !== 200) throw new Error(`PATCH ${group}: ${status} ${JSON.stringify(body)}`);
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
  await groupsOf(fleet.db).updateMany(
    {},
    {
      $set: { fragment: fragmentOf(value, padding), updatedAt: new Date() },
      $inc: { version: 1 },
    },
  );
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

/** Kills the server and starts it again. */
async function measureStorm(
  fleet: Fleet,
  agents: Agents,
  { progress }: BenchOptions,
): Promise<Figure[]> {
  progress(`the server is killed, and ${agents.count} agents come back`);
  const killedAt = Date.now();
  await fleet.api.kill();
  await fleet.api.restart();
  const readyAt = Date.now();
  const { pid } = fleet.api;
  if (pid === undefined) throw new Error('the API does not run');
  fleet.pid = pid;
  await agents.until('inStep', CONNECT_TIMEOUT_MS);
  const { lastBackAt, longestAwayMs, inStep } = await agents.state();
  return [
    {
      name: 'after a restart: agents back and in step',
      value: inStep,
      unit: 'agents',
      reach: { atLeast: agents.count },
    },
    { name: 'after a restart: longest wait of an agent', value: longestAwayMs / 1_000, unit: 's' },
    {
      name: 'after a restart: until the server was ready',
      value: (readyAt - killedAt) / 1_000,
      unit: 's',
    },
    {
      name: 'after a restart: from then until all were back and in step',
      value: Math.max(lastBackAt - readyAt, 0) / 1_000,
      unit: 's',
    },
    {
      name: "after a restart: server's CPU until then, with its start",
      value: await cpuSeconds(pid),
      unit: 's',
    },
  ];
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
  // The first shows how long a config is without padding.
  const plain = await changeForAll(fleet, agents, 1, 1, signal);
  const padding = Math.max(CONFIG_BYTES - Math.round(plain.bytes), 1);
  const forAll: ForAll[] = [];
  for (let change = 0; change < size.changesForAll; change += 1) {
    forAll.push(await changeForAll(fleet, agents, 2 + change, padding, signal));
  }
  const waits = forAll.flatMap((one) => one.waits);
  figures.push(
    {
      name: 'a change for all: acknowledged by all after',
      value: median(forAll.map((one) => one.acknowledgedMs)) / 1_000,
      unit: 's',
    },
    { name: 'a change for all: at an agent, p50', value: percentile(waits, 0.5), unit: 'ms' },
    { name: 'a change for all: at an agent, p99', value: percentile(waits, 0.99), unit: 'ms' },
    {
      name: 'a change for all: bytes of a config',
      value: median(forAll.map((one) => one.bytes)),
      unit: 'bytes',
    },
    {
      name: "a change for all: server's CPU",
      value: median(forAll.map((one) => one.cpuSeconds)),
      unit: 's',
    },
  );

  figures.push(...(await measureStorm(fleet, agents, options)));
  const after = await changeForAll(fleet, agents, 2 + size.changesForAll, padding, signal);
  figures.push({
    name: 'after a restart: agents that the next change for all reached',
    value: after.waits.length,
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
