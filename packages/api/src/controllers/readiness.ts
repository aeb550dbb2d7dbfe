import mongoose from 'mongoose';

import type { Target } from '../clickhouse/target';
import type { Context } from './context';

type Reachability = 'reachable' | 'unreachable';

/** What this process needs to serve, and how it stands. */
export interface ReadinessState {
  mongo: Reachability;
  clickhouse: Reachability;
  /** False until the indexes are built; the log says what stands in the way. */
  indexes: boolean;
  /** False until the collectors' configs were read for the first time. */
  collectorConfigs: boolean;
  /** The names of what is not there; empty when ready. */
  missing: string[];
}

export interface Readiness {
  check(): Promise<ReadinessState>;
}

/** Probes come from several places every few seconds; the engines are asked once in this time. */
const ASK_EVERY_MS = 1_000;
const TIMEOUT_MS = 2_000;

async function within(work: Promise<unknown>): Promise<Reachability> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Reachability>((resolve) => {
    timer = setTimeout(() => resolve('unreachable'), TIMEOUT_MS);
  });
  const answer = work.then(
    () => 'reachable' as const,
    () => 'unreachable' as const,
  );
  return Promise.race([answer, late]).finally(() => clearTimeout(timer));
}

// A query rather than a ping: with wrong credentials it is not ready either.
async function askTarget(target: Target): Promise<void> {
  const result = await target.admin.query({
    query: 'SELECT 1',
    format: 'TabSeparated',
    abort_signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  await result.text();
}

/** One target out of reach holds up its own tenants alone: the service can do without all but one. */
async function askClickhouse({ targets }: Context): Promise<void> {
  await Promise.any(targets.all.map(askTarget));
}

async function askMongo(): Promise<void> {
  const { db } = mongoose.connection;
  if (!db) throw new Error('not connected yet');
  await db.command({ ping: 1 }, { timeoutMS: TIMEOUT_MS });
}

/** What this process itself has done so far. */
export interface Progress {
  indexes(): boolean;
  collectorConfigs(): boolean;
}

export function createReadiness(context: Context, progress: Progress): Readiness {
  async function ask(): Promise<[Reachability, Reachability]> {
    return Promise.all([within(askMongo()), within(askClickhouse(context))]);
  }
  let asked: { at: number; answer: Promise<[Reachability, Reachability]> } | undefined;

  return {
    async check() {
      const now = context.now().getTime();
      if (!asked || now - asked.at >= ASK_EVERY_MS) asked = { at: now, answer: ask() };
      const [mongo, clickhouse] = await asked.answer;
      const indexes = progress.indexes();
      const collectorConfigs = progress.collectorConfigs();
      const missing = [
        ...(mongo === 'reachable' ? [] : ['mongo']),
        ...(clickhouse === 'reachable' ? [] : ['clickhouse']),
        ...(indexes ? [] : ['indexes']),
        ...(collectorConfigs ? [] : ['collectorConfigs']),
      ];
      return { mongo, clickhouse, indexes, collectorConfigs, missing };
    },
  };
}
