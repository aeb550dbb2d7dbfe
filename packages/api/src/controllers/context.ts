import { randomUUID } from 'node:crypto';

import type { Plans, Settings } from '@hyperdx-tenancy/domain/plans';
import type { Seeds } from '@hyperdx-tenancy/domain/sources';

import { observeStatements } from '../clickhouse/run';
import { getConfig } from '../config';
import type { Config } from '../config';
import { Metrics } from '../metrics';
import { Keyring } from '../utils/keyring';
import { createLogger } from '../utils/logger';
import type { Logger } from '../utils/logger';
import { Targets } from './targets';

/** What the controllers need of the world; made once a process and handed down. */
export interface Context {
  /** Names this process in leases. */
  processId: string;
  targets: Targets;
  /** Where tenants' queries go: the host of every managed connection. */
  door: {
    /** As configured. */
    readonly configured: string;
    /** The same, with the port that was taken where 0 is configured. */
    url: string;
  };
  /** What holds for tenants where neither they nor their plan say otherwise. */
  platform: Settings;
  /** What each new team starts with. */
  seeds: Seeds;
  plans: Plans;
  keyring: Keyring;
  log: Logger;
  metrics: Metrics;
  now(): Date;
}

export function createContext(config: Config, log: Logger): Context {
  const now = (): Date => new Date();
  const metrics = new Metrics();
  const targets = new Targets(config.targets, config.site, log, now);
  for (const { admin } of targets.all) {
    observeStatements(admin, (statement, seconds) =>
      metrics.observe('clickhouse_statement_duration_seconds', statement, seconds),
    );
  }
  return {
    processId: randomUUID(),
    targets,
    door: { configured: config.doorUrl, url: config.doorUrl },
    platform: config.platform,
    seeds: config.seeds,
    plans: config.plans,
    keyring: new Keyring(config.secret, config.previousSecret),
    log,
    metrics,
    now,
  };
}

let processContext: Context | undefined;

/**
 * The context of a caller that brings none: HyperDX's own code, which calls these functions with
 * HyperDX's arguments. Configured by the environment.
 */
export function defaultContext(): Context {
  processContext ??= createContext(getConfig(), createLogger(getConfig().logLevel));
  return processContext;
}
