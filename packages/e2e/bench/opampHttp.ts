import { BARE_BYTES, REBUILDING_MONGO } from './opampBaselines';
import type { OpampGround } from './opampGround';
import { PollingAgent, pollFor } from './opampPolls';
import type { PollTarget } from './opampPolls';
import { cpuSeconds } from './processes';
import { median, ratio } from './shape';
import type { BenchOptions, Figure } from './shape';

export interface HttpSize {
  /** Turns of each server, and how long one is. */
  rounds: number;
  ms: number;
  warmUpMs: number;
  /** Of the larger of our two installations, and of HyperDX's way. */
  tenants: number;
}

/** Agents, each with a connection of its own, that ask again as soon as they have their answer. */
export const POLLING_AGENTS = 32;
const FEW_TENANTS = 10;

/** What must be left of a bare server's speed, and of that with few tenants; and how much faster than HyperDX's way it must be. */
const LEAST_OF_BARE = 0.6;
const LEAST_OF_FEW = 0.9;
const LEAST_TIMES_REBUILDING = 20;

/** A server that takes part. */
interface Contender {
  name: string;
  pid: number;
  agents: readonly PollingAgent[];
  /** Whether its agents never sleep: where it needs the other core itself, they must. */
  awake: boolean;
  /** Of each round: polls a second, and milliseconds of its processor time a poll. */
  rates: number[];
  cpu: number[];
  answerBytes: number;
}

async function contender(
  name: string,
  target: PollTarget & { pid: number },
  started: OpampGround['started'],
  { settle, awake }: { settle: boolean; awake: boolean },
): Promise<Contender> {
  const agents: PollingAgent[] = [];
  started({
    stop: () => {
      for (const agent of agents) agent.close();
      return Promise.resolve();
    },
  });
  for (let made = 0; made < POLLING_AGENTS; made += 1) {
    const agent = await PollingAgent.open(target);
    agents.push(agent);
    if (settle) await agent.settle();
  }
  return { name, pid: target.pid, agents, awake, rates: [], cpu: [], answerBytes: 0 };
}

async function turn(one: Contender, ms: number, signal: AbortSignal): Promise<void> {
  const before = await cpuSeconds(one.pid);
  const { polls, seconds, answerBytes } = await pollFor(one.agents, ms, one.awake, signal);
  one.rates.push(polls / seconds);
  one.cpu.push(ratio(((await cpuSeconds(one.pid)) - before) * 1_000, polls));
  one.answerBytes = answerBytes;
}

function figuresOf(
  few: Contender,
  many: Contender,
  bare: Contender,
  rebuilding: Contender,
): Figure[] {
  const paired = (one: Contender, other: Contender): number =>
    median(one.rates.map((rate, at) => ratio(rate, other.rates[at] ?? NaN)));
  const all = [bare, few, many, rebuilding];
  return [
    ...[few, many].map((ours) => ({
      name: `polls a second: ${ours.name} / ${bare.name}`,
      value: paired(ours, bare),
      unit: 'x',
      reach: { atLeast: LEAST_OF_BARE },
    })),
    {
      name: `polls a second: ${many.name} / ${few.name}`,
      value: paired(many, few),
      unit: 'x',
      reach: { atLeast: LEAST_OF_FEW },
    },
    {
      name: `polls a second: ${many.name} / ${rebuilding.name}`,
      value: paired(many, rebuilding),
      unit: 'x',
      reach: { atLeast: LEAST_TIMES_REBUILDING },
    },
    {
      name: `CPU a poll: ${bare.name} / ${many.name}`,
      value: median(bare.cpu.map((cpu, at) => ratio(cpu, many.cpu[at] ?? NaN))),
      unit: 'x',
    },
    ...all.map(({ name, rates }) => ({ name, value: median(rates), unit: 'polls/s' })),
    ...all.map(({ name, cpu }) => ({
      name: `${name}: CPU a poll`,
      value: median(cpu),
      unit: 'ms',
    })),
    ...all.map(({ name, answerBytes }) => ({
      name: `${name}: answer`,
      value: answerBytes,
      unit: 'bytes',
    })),
  ];
}

/** Polls of agents that have what they should have, over kept connections. */
export async function measureHttp(
  ground: OpampGround,
  size: HttpSize,
  { progress, signal }: BenchOptions,
): Promise<Figure[]> {
  const { install, start, started } = ground;
  const ours = async (tenants: number): Promise<Contender> => {
    const { api, pid, opampPort } = await install(tenants);
    const target = { port: opampPort, token: api.collectorToken, pid };
    return contender(`ours, ${tenants} tenants`, target, started, { settle: true, awake: true });
  };
  const few = await ours(FEW_TENANTS);
  const installed = await install(size.tenants);
  const { api, pid, opampPort } = installed;
  progress('agents take their config');
  const many = await contender(
    `ours, ${size.tenants} tenants`,
    { port: opampPort, token: api.collectorToken, pid },
    started,
    { settle: true, awake: true },
  );
  // As long as what we answer with when there is nothing new.
  await turn(few, size.warmUpMs, signal);
  const bareProgram = await start('opampBare', { [BARE_BYTES]: String(few.answerBytes) });
  const bare = await contender('bare node:http', { ...bareProgram, token: 'none' }, started, {
    settle: false,
    awake: true,
  });
  const rebuildingProgram = await start('opampRebuilding', {
    [REBUILDING_MONGO]: installed.mongoUri,
  });
  const rebuilding = await contender(
    `HyperDX's way, ${size.tenants} tenants`,
    { ...rebuildingProgram, token: 'none' },
    started,
    { settle: false, awake: false },
  );
  const all = [few, many, bare, rebuilding];
  for (const one of all) await turn(one, size.warmUpMs, signal);
  for (const one of all) one.rates.length = one.cpu.length = 0;
  for (let round = 0; round < size.rounds; round += 1) {
    progress(`polls over HTTP: round ${round + 1} of ${size.rounds}`);
    // Who goes first changes: what one leaves behind for the next evens out.
    const order = all.map((_, at) => all[(at + round) % all.length] ?? bare);
    for (const one of order) await turn(one, size.ms, signal);
  }
  const figures = figuresOf(few, many, bare, rebuilding);
  for (const one of all) for (const agent of one.agents) agent.close();
  return figures;
}
