import { Writable } from 'node:stream';

import { Metrics } from '../../metrics';
import { createLogger } from '../../utils/logger';
import type { Logger } from '../../utils/logger';
import { AgentLog } from '../services/agentLog';
import type { AgentStore } from '../services/agentLog';
import { FuzzFleet } from './fuzzFleet';
import { Violation } from './oracle';

/** Told where something that leaves the process holds a secret. */
export class SecretWatch {
  private found: string | undefined;

  constructor(private readonly secrets: readonly string[]) {}

  look(where: string, what: unknown): void {
    const text = typeof what === 'string' ? what : JSON.stringify(what);
    // Whole ones: half of one, or one with a bit flipped, is no secret, and nobody can know it.
    if (this.secrets.some((secret) => text.includes(secret))) this.found ??= where;
  }

  /** @throws Violation where a secret was seen. */
  check(): void {
    if (this.found !== undefined) throw new Violation(`a secret in ${this.found}`);
  }
}

/** All that an OpAMP server stands on, but for MongoDB. */
export interface Ground {
  fleet: FuzzFleet;
  agentLog: AgentLog;
  log: Logger;
  metrics: Metrics;
  secrets: SecretWatch;
}

/** A store that keeps nothing, and looks at what it should. */
function storeOf(secrets: SecretWatch): AgentStore {
  const look = (where: string) => (what: unknown) => {
    secrets.look(where, what);
    return Promise.resolve();
  };
  return {
    heard: look('an agent document'),
    gone: look('an agent document'),
    effectiveConfigs: () => Promise.resolve(),
    move: look('a move'),
    findMoves: () => Promise.resolve([]),
  };
}

/** @param now the clock, in milliseconds. */
export function createGround(now: () => number): Ground {
  const fleet = new FuzzFleet();
  const secrets = new SecretWatch(fleet.shards.map(({ secret }) => secret));
  const metrics = new Metrics();
  const lines = new Writable({
    decodeStrings: false,
    write(line: string, _encoding, done) {
      secrets.look('the log', line);
      done();
    },
  });
  const log = createLogger('info', lines);
  const agentLog = new AgentLog({
    store: storeOf(secrets),
    processId: 'fuzz',
    retentionDays: 1,
    redactEffective: (text) => fleet.redact(text),
    log,
    metrics,
    now,
    flushMs: 20,
  });
  return { fleet, agentLog, log, metrics, secrets };
}
