import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { OpampController } from '../controllers/opampController';
import { AgentRegistry } from '../services/registry';
import { FuzzAgent } from './agents';
import { createGround } from './harness';
import type { FuzzFleet } from './fuzzFleet';
import { mutations } from './mutations';
import { bytesOf, judgeAnswer, judgeError, Violation, watchPrototypes } from './oracle';
import type { Verdict } from './oracle';
import { Random } from './random';
import { WireDoor } from './wireDoor';

export interface FuzzOptions {
  cases: number;
  /** The same cases in the same order come of the same seed. */
  seed: number;
  /** Called now and then with the number of cases that are done. */
  progress?: (done: number) => void;
}

export interface FuzzResult {
  cases: number;
  seed: number;
  verdicts: Record<Verdict, number>;
  /** How many went through a real server, by transport. */
  http: number;
  websocket: number;
  /** How often each mutation was made; `none`: messages as they should be. */
  mutations: Record<string, number>;
  /** The most agents that were known at once. */
  agents: number;
  /** Between a tenth of all cases and the end, after collecting garbage. */
  heapGrowthBytes: number;
  slowestMs: number;
}

const LIMITS = { total: 400, token: 150, newPerHour: Infinity };
const AGENTS_PER_SHARD = 50;
/** One in so many goes over the wire. */
const WIRE_EVERY = 50;
/** Between two cases; a sweep comes after a second of these. */
const STEP_MS = 50;
const SWEEP_EVERY = 1_000 / STEP_MS;
/** What the heap may grow by while the number of agents does not: half of it, kinds of collectors that differ may take. */
const HEAP_LIMIT_BYTES = 32 * 1024 * 1024;
/** What one message may take: none is worth more than a few milliseconds, but the machine may be busy. */
const SLOWEST_MS = 5_000;
/** Bytes of a message that are shown of a case that failed. */
const SHOWN_BYTES = 2_048;

const names = Object.keys(mutations) as [string, ...string[]];

/** A case that showed something that must not be. */
export class FuzzFailure extends Error {
  override readonly name = 'FuzzFailure';
}

function heapUsed(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}

function agentsOf(fleet: FuzzFleet, random: Random): [FuzzAgent, ...FuzzAgent[]] {
  const agents = fleet.shards.flatMap((shard, at) =>
    Array.from({ length: AGENTS_PER_SHARD }, (_, number) => {
      // Some instance UIDs are used in several shards.
      const uid = number % 10 === 0 ? Buffer.alloc(16, number) : random.bytes(16);
      uid[6] = number % 10 === 0 ? 0x70 : at;
      return new FuzzAgent(shard, random, uid);
    }),
  );
  return agents as [FuzzAgent, ...FuzzAgent[]];
}

/** A message, and how it was made. */
interface Case {
  how: string;
  body: Buffer;
}

function caseOf(agent: FuzzAgent, random: Random): Case {
  const body = agent.next();
  if (random.chance(0.4)) return { how: 'none', body };
  const how = random.pick(names);
  const changed = mutations[how]?.(body, random) ?? body;
  // Now and then two at once.
  if (random.chance(0.8)) return { how, body: changed };
  return { how, body: mutations[random.pick(names)]?.(changed, random) ?? changed };
}

/**
 * Sends messages through all that the server does with them, as they should be and as broken or hostile senders make them, one
 * in fifty of them to a real server over HTTP or a WebSocket.
 *
 * @throws FuzzFailure where a message is answered with another shard's config, or with anything but a message or a refusal;
 *   where a secret reaches log or store; where a prototype changes, more agents are known than may be, or memory grows; where
 *   a promise is rejected unseen.
 */
export async function fuzz({ cases, seed, progress }: FuzzOptions): Promise<FuzzResult> {
  const random = new Random(seed);
  let now = 1_000_000;
  const clock = (): number => now;
  const { fleet, agentLog, log, metrics, secrets } = createGround(clock);
  const registry = new AgentRegistry(agentLog, LIMITS, clock);
  const controller = new OpampController({
    fleet,
    agents: registry,
    agentLog,
    log,
    metrics,
    now: clock,
  });
  const agents = agentsOf(fleet, random);
  const door = await WireDoor.open(random);
  const checkPrototypes = watchPrototypes();
  const result: FuzzResult = {
    ...{ cases, seed, http: 0, websocket: 0, agents: 0, heapGrowthBytes: 0, slowestMs: 0 },
    verdicts: { answered: 0, offered: 0, refused: 0 },
    mutations: {},
  };
  let unseen: unknown;
  const onUnseen = (reason: unknown): void => void (unseen ??= reason);
  process.on('unhandledRejection', onUnseen);

  function handle(agent: FuzzAgent, body: Buffer): Verdict {
    const { shard } = agent;
    let bytes: Buffer;
    try {
      bytes = bytesOf(controller.handle({ admitted: shard.admitted }, body));
    } catch (error) {
      return judgeError(error);
    }
    const verdict = judgeAnswer(shard, bytes);
    agent.hear(bytes);
    return verdict;
  }

  async function one(at: number): Promise<void> {
    const agent = random.pick(agents);
    const { how, body } = caseOf(agent, random);
    result.mutations[how] = (result.mutations[how] ?? 0) + 1;
    const began = performance.now();
    try {
      if (at % WIRE_EVERY === 0) {
        const { transport, verdict } = await door.send(agent.shard.admitted.shard, body);
        result[transport] += 1;
        result.verdicts[verdict] += 1;
      } else {
        result.verdicts[handle(agent, body)] += 1;
        const ms = performance.now() - began;
        result.slowestMs = Math.max(result.slowestMs, ms);
        if (ms > SLOWEST_MS) throw new Violation(`a message took ${Math.round(ms)} ms`);
      }
      checkPrototypes();
      secrets.check();
      door.check();
      if (unseen !== undefined) throw new Violation('a rejection nobody saw', { cause: unseen });
    } catch (cause) {
      const hex = body.subarray(0, SHOWN_BYTES).toString('hex');
      const what = cause instanceof Error ? cause.message : String(cause);
      throw new FuzzFailure(
        `seed ${seed}, case ${at} (${how}): ${what}\n${body.length} bytes: ${hex}`,
        {
          cause,
        },
      );
    }
  }

  let heapBefore = 0;
  try {
    for (let at = 0; at < cases; at += 1) {
      if (at === Math.floor(cases / 10)) heapBefore = heapUsed();
      await one(at);
      now += STEP_MS;
      if (at % SWEEP_EVERY === 0) {
        controller.sweep();
        if (random.chance(0.2)) fleet.turn(random.pick(fleet.shards as [(typeof fleet.shards)[0]]));
        await nextTurn();
      }
      result.agents = Math.max(result.agents, registry.size);
      if (registry.size > LIMITS.total) throw new FuzzFailure(`${registry.size} agents are known`);
      if (at % 10_000 === 0) progress?.(at);
    }
    result.heapGrowthBytes = heapUsed() - heapBefore;
    if (result.heapGrowthBytes > HEAP_LIMIT_BYTES)
      throw new FuzzFailure(`seed ${seed}: the heap grew by ${result.heapGrowthBytes} bytes`);
    return result;
  } finally {
    process.off('unhandledRejection', onUnseen);
    await door.close();
    await agentLog.stop();
  }
}
