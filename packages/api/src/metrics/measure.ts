import { secondsSince } from './metrics';
import type { Metrics } from './metrics';

/**
 * Does one round of the reconciler and measures it.
 * @param work answers how many tenants it took up.
 */
export async function measureReconcile(
  metrics: Metrics,
  work: () => Promise<number>,
): Promise<void> {
  const task = 'reconcile';
  const start = process.hrtime.bigint();
  let result: 'ok' | 'failed' = 'failed';
  try {
    metrics.count('reconciled_tenants_total', {}, await work());
    result = 'ok';
  } finally {
    metrics.count('task_rounds_total', { task, result });
    metrics.observe('task_round_duration_seconds', { task }, secondsSince(start));
  }
}

/** Measures a config that was built for a group; hands it on. */
export function measureConfig(
  metrics: Metrics,
  group: 'shared' | 'dedicated' | 'named',
  config: string | undefined,
): string | undefined {
  if (config === undefined) return undefined;
  metrics.count('opamp_configs_built_total', { group });
  metrics.observe('opamp_config_size_bytes', { group }, Buffer.byteLength(config));
  return config;
}
