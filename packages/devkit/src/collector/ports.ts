import { freePort } from '../process';

/** Where one collector listens, all on 127.0.0.1: so that several run on one machine. */
export interface CollectorPorts {
  /** OTLP over gRPC; 4317 where a collector has a machine of its own. */
  readonly grpcPort: number;
  /** OTLP over HTTP; 4318. */
  readonly httpPort: number;
  /** Fluentd's forward protocol; 24225. */
  readonly fluentPort: number;
  /** The `health_check` extension; 13133. */
  readonly healthPort: number;
  /** The collector's own metrics, in Prometheus' format; 8888. */
  readonly metricsPort: number;
}

/** Free ports for what `given` does not say. */
export async function collectorPorts(given: Partial<CollectorPorts> = {}): Promise<CollectorPorts> {
  return {
    grpcPort: given.grpcPort ?? (await freePort()),
    httpPort: given.httpPort ?? (await freePort()),
    fluentPort: given.fluentPort ?? (await freePort()),
    healthPort: given.healthPort ?? (await freePort()),
    metricsPort: given.metricsPort ?? (await freePort()),
  };
}

/** The environment that `docker/collector/bootstrap.yaml` reads. */
export function portEnvironment(ports: CollectorPorts): Record<string, string> {
  return {
    OTELCOL_LISTEN_HOST: '127.0.0.1',
    OTELCOL_HEALTH_PORT: String(ports.healthPort),
    OTELCOL_METRICS_PORT: String(ports.metricsPort),
  };
}

/**
 * A config to merge last: it moves the receivers that HyperDX's configs name to this collector's ports on 127.0.0.1. Those that
 * no pipeline uses stay unstarted.
 * @param queueDirectory where the queues of this collector are kept, in place of the directory that an offer names.
 */
export function localConfig(ports: CollectorPorts, queueDirectory?: string): string {
  const at = (port: number) => `127.0.0.1:${port}`;
  return JSON.stringify({
    receivers: {
      'otlp/hyperdx': {
        protocols: {
          grpc: { endpoint: at(ports.grpcPort) },
          http: { endpoint: at(ports.httpPort) },
        },
      },
      fluentforward: { endpoint: at(ports.fluentPort) },
    },
    ...(queueDirectory !== undefined && {
      extensions: {
        file_storage: {
          directory: queueDirectory,
          create_directory: true,
          compaction: { directory: queueDirectory },
        },
      },
    }),
    service: {
      telemetry: {
        metrics: {
          readers: [
            { pull: { exporter: { prometheus: { host: '127.0.0.1', port: ports.metricsPort } } } },
          ],
        },
      },
    },
  });
}
