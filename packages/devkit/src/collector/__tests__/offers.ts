/** A config as a server offers it: the receiver that HyperDX names, on the ports that it names, a key, and its four pipelines. */
export function offeredConfig(marker: string, more: object = {}): string {
  return JSON.stringify({
    receivers: {
      nop: {},
      'otlp/hyperdx': {
        protocols: {
          grpc: { endpoint: '0.0.0.0:4317', include_metadata: true, auth },
          http: { endpoint: '0.0.0.0:4318', include_metadata: true, auth },
        },
      },
    },
    exporters: { nop: {} },
    connectors: { forward: {} },
    extensions: { 'bearertokenauth/hyperdx': { scheme: '', tokens: [`key-${marker}`] } },
    service: {
      extensions: ['bearertokenauth/hyperdx'],
      telemetry: { resource: { marker } },
      pipelines: {
        traces: { receivers: ['otlp/hyperdx'], exporters: ['nop'] },
        metrics: { receivers: ['otlp/hyperdx'], exporters: ['nop'] },
        'logs/in': { receivers: ['otlp/hyperdx'], exporters: ['forward'] },
        'logs/out-default': { receivers: ['forward'], exporters: ['nop'] },
        'logs/out-rrweb': { receivers: ['nop'], exporters: ['nop'] },
      },
    },
    ...more,
  });
}

const auth = { authenticator: 'bearertokenauth/hyperdx' };

/** Parsed, and refused for the exporter that no collector has. */
export function badConfig(marker: string): string {
  return offeredConfig(marker, { exporters: { nosuchexporter: {} } });
}
