import { Writable } from 'node:stream';
import { gunzipSync } from 'node:zlib';

import { redactEffective } from '@hyperdx-tenancy/domain/collector';

import { Metrics } from '../../metrics';
import { createLogger } from '../../utils/logger';
import type { Logger } from '../../utils/logger';
import { AgentLog } from '../services/agentLog';
import type { AgentStore } from '../services/agentLog';
import { FuzzFleet } from './fuzzFleet';
import { Violation } from './oracle';

/** What a word of a config may be made of. */
const WORD = /[A-Za-z0-9._~+/$=-]/;

/** Told where something that leaves the process holds a secret. */
export class SecretWatch {
  private found: string | undefined;

  constructor(private readonly secrets: readonly string[]) {}

  look(where: string, what: unknown): void {
    const text = typeof what === 'string' ? what : JSON.stringify(what);
    // Whole ones: half of one, or one with a bit flipped, is no secret, and nobody can know it.
    if (this.secrets.some((secret) => text.includes(secret))) this.found ??= where;
  }

  /** The same of what is redacted word by word: what a secret is a part of is another word, and nobody's secret. */
  lookAtText(where: string, text: Buffer): void {
    for (const secret of this.secrets) {
      for (let at = text.indexOf(secret); at >= 0; at = text.indexOf(secret, at + 1)) {
        const around = [text[at - 1], text[at + secret.length]];
        if (around.every((byte) => byte === undefined || !WORD.test(String.fromCharCode(byte)))) {
          this.found ??= where;
        }
      }
    }
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
    effectiveConfigs: (configs) => {
      for (const { body } of configs) secrets.lookAtText('an effective config', gunzipSync(body));
      return Promise.resolve();
    },
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
    redactEffective: (text) => redactEffective(text, (word) => fleet.known.has(word)),
    log,
    metrics,
    now,
    flushMs: 20,
  });
  return { fleet, agentLog, log, metrics, secrets };
}
