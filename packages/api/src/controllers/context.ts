import { randomUUID } from 'node:crypto';

import { getClickhouseClient } from '../clickhouse/client';
import type { ClickHouseClient } from '../clickhouse/client';
import { getConfig } from '../config';
import type { Config, TargetConfig } from '../config';
import { createLogger } from '../utils/logger';
import type { Logger } from '../utils/logger';

/** A ClickHouse target with the client that runs our statements on it. */
export interface Target extends TargetConfig {
  admin: ClickHouseClient;
}

/** What the controllers need of the world; made once a process and handed down. */
export interface Context {
  /** Names this process in leases. */
  processId: string;
  target: Target;
  log: Logger;
  now(): Date;
}

export function createContext(config: Config, log: Logger): Context {
  return {
    processId: randomUUID(),
    target: { ...config.target, admin: getClickhouseClient(config.target) },
    log,
    now: () => new Date(),
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
