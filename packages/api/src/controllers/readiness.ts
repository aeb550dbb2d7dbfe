import mongoose from 'mongoose';

import type { Context } from './context';

/** What this process needs to serve, and how it stands. */
export interface ReadinessState {
  /** mongoose's word for its connection. */
  mongo: string;
  clickhouse: 'reachable' | 'unreachable';
  /** False until the collectors' configs were read for the first time. */
  collectorConfigs: boolean;
  /** The names of what is not there yet; empty when ready. */
  missing: string[];
}

export interface Readiness {
  check(): Promise<ReadinessState>;
}

/** Probes come from several places every few seconds; ClickHouse is asked once in this time. */
const PING_EVERY_MS = 2_000;
const PING_TIMEOUT_MS = 2_000;

async function reaches(context: Context): Promise<boolean> {
  const timeout = AbortSignal.timeout(PING_TIMEOUT_MS);
  // A query rather than a ping: wrong credentials are "not ready" too.
  const answer = await context.target.admin
    .query({ query: 'SELECT 1', format: 'TabSeparated', abort_signal: timeout })
    .then((result) => result.text())
    .catch(() => undefined);
  return answer !== undefined;
}

/** @param configsLoaded whether the collectors' configs are at hand. */
export function createReadiness(context: Context, configsLoaded: () => boolean): Readiness {
  let asked = { at: -Infinity, answer: Promise.resolve(false) };

  return {
    async check() {
      const now = context.now().getTime();
      if (now - asked.at >= PING_EVERY_MS) asked = { at: now, answer: reaches(context) };
      const mongo = mongoose.STATES[mongoose.connection.readyState];
      const clickhouse = (await asked.answer) ? 'reachable' : 'unreachable';
      const collectorConfigs = configsLoaded();
      const missing = [
        ...(mongo === 'connected' ? [] : ['mongo']),
        ...(clickhouse === 'reachable' ? [] : ['clickhouse']),
        ...(collectorConfigs ? [] : ['collectorConfigs']),
      ];
      return { mongo, clickhouse, collectorConfigs, missing };
    },
  };
}
