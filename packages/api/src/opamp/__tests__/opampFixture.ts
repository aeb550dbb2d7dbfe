import type { AddressInfo } from 'node:net';

import type { OpampConfig } from '../../config';
import { Metrics } from '../../metrics';
import { createLogger } from '../../utils/logger';
import createOpampServer from '../app';
import type { OpampLimits, OpampServer } from '../app';
import { answered } from './agentMessages';
import type { Answered } from './agentMessages';
import { MemoryAgentLog } from './memoryAgentLog';
import { MemoryFleet } from '../fuzz/memoryFleet';

export interface StartedOpamp {
  fleet: MemoryFleet;
  agentLog: MemoryAgentLog;
  metrics: Metrics;
  opamp: OpampServer;
  url: string;
  port: number;
  stop(): Promise<void>;
}

export interface Polled {
  status: number;
  headers: Headers;
  body: Buffer;
  /** Of an answer in protobuf. */
  answer: Answered | undefined;
}

/** An OpAMP server on a port of its own, with token `t` for the shard `shared:default` and a config for it. */
export async function startOpamp(
  options: { config?: Partial<OpampConfig>; limits?: Partial<OpampLimits>; port?: number } = {},
): Promise<StartedOpamp> {
  const fleet = new MemoryFleet();
  const agentLog = new MemoryAgentLog();
  const metrics = new Metrics();
  fleet.addToken('t', 'shared:default');
  fleet.offer('shared:default', 'first config');
  const opamp = createOpampServer({
    fleet,
    agentLog,
    metrics,
    log: createLogger('silent'),
    readiness: {
      check: () =>
        Promise.resolve({
          mongo: 'reachable',
          clickhouse: 'reachable',
          indexes: true,
          collectorConfigs: true,
          missing: [],
        }),
    },
    config: {
      acceptIngestionKey: false,
      maxAgents: 1_000,
      maxAgentsPerToken: 500,
      tls: undefined,
      ...options.config,
    },
    limits: { spreadMs: 0, ...options.limits },
  });
  await new Promise<void>((resolve) =>
    opamp.server.listen(options.port ?? 0, '127.0.0.1', resolve),
  );
  const { port } = opamp.server.address() as AddressInfo;
  const scheme = options.config?.tls ? 'https' : 'http';
  return {
    fleet,
    agentLog,
    metrics,
    opamp,
    port,
    url: `${scheme}://127.0.0.1:${port}/v1/opamp`,
    stop: () => opamp.stop(),
  };
}

/** A poll as a collector sends it. */
export async function poll(
  url: string,
  token: string | undefined,
  body: Uint8Array,
  headers: Record<string, string> = {},
): Promise<Polled> {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-protobuf',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...headers,
    },
    body: Buffer.from(body),
  });
  const bytes = Buffer.from(await response.arrayBuffer());
  const isMessage = response.headers.get('content-type') === 'application/x-protobuf';
  return {
    status: response.status,
    headers: response.headers,
    body: bytes,
    answer: isMessage ? answered(bytes) : undefined,
  };
}

/** The value of a series. */
export async function valueOf(metrics: Metrics, series: string): Promise<number | undefined> {
  const line = (await metrics.render())
    .split('\n')
    .find((text) => text.startsWith(`hyperdx_tenancy_${series} `));
  return line === undefined ? undefined : Number(line.split(' ').at(-1));
}
