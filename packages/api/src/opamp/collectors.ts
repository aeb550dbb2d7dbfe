import { setImmediate as turn } from 'node:timers/promises';

import { redactingEffective } from '@hyperdx-tenancy/domain/collector';

import type { Config } from '../config';
import {
  findMoves,
  forgetOldCollectors,
  recordAgents,
  recordEffectiveConfigs,
  recordGone,
  recordMove,
} from '../controllers/collectorAgents';
import { advanceRollouts } from '../controllers/collectorCanaries';
import { Quarantine } from '../controllers/collectorQuarantine';
import type { Context } from '../controllers/context';
import { PeriodicTask } from '../tasks/periodic';
import type { AgentLog as AgentLogPort } from './fleet';
import { AgentLog } from './services/agentLog';
import { createFleet } from './services/fleet/fleet';
import type { CollectorFleet } from './services/fleet/fleet';

/** What the OpAMP server speaks for: the configs on offer, what is kept of agents, and what is done about both in the background. */
export interface Collectors {
  fleet: CollectorFleet;
  agentLog: AgentLogPort;
  /** Begins to read and to work; MongoDB has to be there. */
  start(): void;
  /** Ends it all, and writes what is left. */
  stop(): Promise<void>;
}

const ROLLOUTS_EVERY_MS = 1_000;
const QUARANTINE_EVERY_MS = 30_000;
const FORGET_EVERY_MS = 10 * 60_000;

/** Does work of many steps, with a turn for all else after each: that of one large config takes a second. */
async function inTurns<T>(steps: Generator<undefined, T>): Promise<T> {
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
    await turn();
  }
}

/** @param everyMs the least time between two rounds of a task. */
export function createCollectors(config: Config, context: Context, everyMs: number): Collectors {
  const { log, metrics } = context;
  const retentionDays = config.collectorAgentRetentionDays;
  const quarantine = new Quarantine(context);
  const startedAt = context.now();
  const fleet = createFleet({
    config,
    context,
    quarantine,
    tokenOf: (shard, uid) => agents.tokenOf(shard, uid),
  });
  const agents = new AgentLog({
    store: {
      heard: recordAgents,
      gone: recordGone,
      effectiveConfigs: recordEffectiveConfigs,
      move: (move) => recordMove(move, context),
      findMoves: (arrived) => findMoves(arrived, context),
    },
    processId: context.processId,
    retentionDays,
    redactEffective: (text) => inTurns(redactingEffective(text, (token) => fleet.isSecret(token))),
    log,
    metrics,
  });
  const advance = (): Promise<void> =>
    advanceRollouts(context, startedAt, async (shard, forMs) => {
      const target = fleet.targetOf(shard);
      return target === undefined || quarantine.answered(target, forMs);
    });
  const tasks = [
    { name: 'rollouts', each: ROLLOUTS_EVERY_MS, work: advance },
    { name: 'quarantine', each: QUARANTINE_EVERY_MS, work: () => quarantine.checkAll() },
    {
      name: 'collectors',
      each: FORGET_EVERY_MS,
      work: () => forgetOldCollectors(retentionDays, context),
    },
  ].map(({ name, each, work }) => {
    return new PeriodicTask({ name, everyMs: Math.max(everyMs, each), work, log });
  });
  return {
    fleet,
    agentLog: {
      note: (note) => agents.note(note),
      effectiveConfig: (shard, uid, files) => agents.effectiveConfig(shard, uid, files),
      components: (shard, uid, components) => agents.components(shard, uid, components),
      gone: (shard, uid, why) => {
        fleet.gone(shard, uid);
        agents.gone(shard, uid, why);
      },
      moved: (uid, from, to) => {
        fleet.gone(from.shard, uid);
        agents.moved(uid, from, to);
      },
    },
    start() {
      fleet.start();
      for (const task of tasks) task.start();
    },
    async stop() {
      await Promise.all(tasks.map((task) => task.stop()));
      await Promise.all([fleet.stop(), agents.stop()]);
    },
  };
}
