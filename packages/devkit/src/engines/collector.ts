import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startCollector } from '../collector';
import { startContainer } from './container';
import { imageOf } from './images';
import { testEngine, type TestEngine } from './testEngine';

/** A collector for a test, whichever engine it is. */
export interface TestCollector {
  /** Base of its OTLP/HTTP address, as tests reach it. */
  readonly otlpUrl: string;
  stop(): Promise<void>;
}

export interface OpenCollectorOptions {
  /**
   * Configs in YAML or JSON, merged in order. Their receiver is `otlp/hyperdx`, on HyperDX's own port: HTTP at
   * `0.0.0.0:4318`.
   */
  config: readonly string[];
  /** @default what `TEST_ENGINES` says; `env` names no collector, so it is the embedded one. */
  engine?: TestEngine;
}

const otlpPort = 4318;

/**
 * Starts an OpenTelemetry Collector and waits until it takes telemetry.
 * @throws Error with the end of its log when it refuses the config.
 */
export async function openCollector({
  config,
  engine = testEngine(),
}: OpenCollectorOptions): Promise<TestCollector> {
  if (engine === 'containers') return openContainer(config);
  const collector = await startCollector({ config });
  return {
    otlpUrl: `http://127.0.0.1:${collector.httpPort}`,
    stop: () => collector.stop(),
  };
}

/** An empty export: a collector that serves answers it, whatever it thinks of who asks. */
async function answers(host: string, port: number): Promise<boolean> {
  const response = await fetch(`http://${host}:${port}/v1/logs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{}',
    signal: AbortSignal.timeout(2_000),
  });
  return response.status < 500;
}

async function openContainer(config: readonly string[]): Promise<TestCollector> {
  const folder = await mkdtemp(join(tmpdir(), 'hyperdx-tenancy-collector-'));
  try {
    const files = await Promise.all(
      config.map(async (text, index) => {
        const source = join(folder, `${index}.yaml`);
        await writeFile(source, text);
        return { source, target: `/etc/otelcol-test/${index}.yaml` };
      }),
    );
    const container = await startContainer({
      name: 'the collector',
      image: imageOf('collector'),
      port: otlpPort,
      command: files.map(({ target }) => `--config=${target}`),
      files,
      serves: answers,
    });
    return {
      otlpUrl: `http://${container.host}:${container.port}`,
      stop: () => container.stop(),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
