import { collectorMetrics, runTelemetrygen, startCollector, type Collector } from '..';
import { badConfig, offeredConfig } from './offers';

jest.setTimeout(300_000);

describe('startCollector', () => {
  let collector: Collector;

  beforeAll(async () => {
    collector = await startCollector({ config: [offeredConfig('one')] });
  });

  afterAll(() => collector.stop());

  async function count(kind: string): Promise<number> {
    const metrics = await collectorMetrics(collector.metricsPort);
    return metrics.sum(`otelcol_receiver_accepted_${kind}`);
  }

  it('serves all three signals on its ports, and counts them', async () => {
    const grpc = `127.0.0.1:${collector.grpcPort}`;
    await runTelemetrygen({ signal: 'logs', endpoint: grpc, key: 'key-one', count: 3 });
    await runTelemetrygen({ signal: 'metrics', endpoint: grpc, key: 'key-one', count: 4 });
    const http = `127.0.0.1:${collector.httpPort}`;
    await runTelemetrygen({
      signal: 'traces',
      endpoint: http,
      http: true,
      key: 'key-one',
      count: 5,
    });
    expect(await count('log_records')).toBe(3);
    expect(await count('metric_points')).toBe(4);
    // A parent and a child each.
    expect(await count('spans')).toBe(10);
  });

  it('counts what a receiver refuses, where failures are allowed', async () => {
    const { failedExports } = await runTelemetrygen({
      signal: 'logs',
      endpoint: `127.0.0.1:${collector.grpcPort}`,
      key: 'another-key',
      count: 1,
      allowFailures: true,
    });
    expect(failedExports).toBe(1);
  });

  it('starts again on the same ports', async () => {
    const before = collector.pid;
    await collector.kill();
    await collector.restart();
    expect(collector.pid).not.toBe(before);
    await runTelemetrygen({
      signal: 'logs',
      endpoint: `127.0.0.1:${collector.grpcPort}`,
      key: 'key-one',
      count: 1,
    });
    expect(await count('log_records')).toBe(1);
  });

  it('says why a collector does not start', async () => {
    await expect(startCollector({ config: [badConfig('bad')] })).rejects.toThrow(
      /unknown type: "nosuchexporter"/,
    );
  });
});
