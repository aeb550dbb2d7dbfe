import { startBackend, startManagedCollector } from '../harness/stack';
import type { Backend, Collector } from '../harness/stack';

/** Everything that the demo runs. */
export interface DemoStack {
  backend: Backend;
  collector: Collector;
  stop(): Promise<void>;
}

/**
 * Two cores serve many tenants' exporters at once here, and an exporter that gives up on a slow insert sends all kinds of
 * metrics again, those that were stored as well. (The dial time-out holds for the exporter's first query too.)
 */
const PATIENCE = '60s';

/**
 * Starts ClickHouse, MongoDB, the API, and a collector under its supervisor.
 * @throws the signal's reason once that is aborted; what had started is ended by then.
 */
export async function startDemoStack(
  progress: (line: string) => void,
  signal: AbortSignal,
): Promise<DemoStack> {
  const backend = await startBackend({
    progress,
    signal,
    env: { HYPERDX_OTEL_EXPORTER_TIMEOUT: PATIENCE },
    endpointParameters: { dial_timeout: PATIENCE, read_timeout: PATIENCE },
  });
  try {
    signal.throwIfAborted();
    progress('starting a collector under its OpAMP supervisor');
    const { api } = backend;
    const collector = await startManagedCollector(api.opampUrl, api.collectorToken);
    return {
      backend,
      collector,
      async stop() {
        await collector.stop().finally(() => backend.stop());
      },
    };
  } catch (error) {
    await backend.stop();
    throw error;
  }
}
