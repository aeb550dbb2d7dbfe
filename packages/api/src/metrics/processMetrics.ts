import { collectDefaultMetrics, Registry } from 'prom-client';

let registry: Registry | undefined;

/**
 * What concerns the process as a whole (CPU, memory, event loop, garbage collection), under the names that
 * prom-client gives it. One registry a process, whatever the number of servers in it: the observers behind it
 * cannot be ended.
 */
export function processMetrics(): Registry {
  if (!registry) {
    registry = new Registry();
    collectDefaultMetrics({ register: registry });
  }
  return registry;
}
