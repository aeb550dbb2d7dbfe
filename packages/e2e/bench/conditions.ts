import { availableParallelism, cpus, loadavg } from 'node:os';

import type { Backend } from '../harness/stack';
import type { Conditions } from './shape';

/** What a bench runs on; without MongoDB where it has none. */
export type Ground = Pick<Backend, 'clickhouse'> & Partial<Pick<Backend, 'mongo'>>;

/** The machine that a bench ran on. Call it before the work: the load is what others cause. */
export function machineConditions(): Conditions {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    loadBefore: Number((loadavg()[0] ?? NaN).toFixed(2)),
    node: process.version,
  };
}

/** The machine and the versions that a bench ran on. Call it before the work, as {@link machineConditions}. */
export function conditionsOf({ clickhouse, mongo }: Ground): Conditions {
  return {
    ...machineConditions(),
    engine: `ClickHouse ${clickhouse.version} (embedded)`,
    ...(mongo === undefined ? {} : { mongo: mongo.how }),
  };
}
