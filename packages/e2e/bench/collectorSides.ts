import { randomBytes, randomUUID } from 'node:crypto';

import { bootstrapConfig, startCollector } from '@hyperdx-tenancy/devkit/collector';
import type { Collector } from '@hyperdx-tenancy/devkit/collector';
import { buildSharedConfig } from '@hyperdx-tenancy/domain/collector';
import type { CollectorConfig } from '@hyperdx-tenancy/domain/collector';
import { parseTenantId } from '@hyperdx-tenancy/domain/ids';

import { stockConfig } from './ingestSides';
import type { Tenant } from './ingestSides';
import { cpuSeconds } from './processes';
import type { Program } from './program';

/** What a collector ends in: ClickHouse exporters that write to the sink, by the address they are given, or exporters that do nothing. */
export type Ending = 'tcp' | 'http' | 'nop';

/** One config to compare: HyperDX's own for one team, or the product's shared one for so many tenants. */
export type Kind = 'stock' | number;

/** A collector that takes part. */
export interface Side {
  kind: Kind;
  /** Under which the sink counts its rows. */
  database: string;
  keys: readonly string[];
  collector: Collector;
  pid: number;
  /** Of its start, until its receivers were open: from start to end and of processor time, seconds. */
  start: { seconds: number; cpu: number };
  configBytes: number;
}

export function sideName(kind: Kind): string {
  if (kind === 'stock') return 'stock';
  return kind === 1 ? '1 tenant' : `${kind} tenants`;
}

/** As nobody's password: the sink lets everybody in. */
const PASSWORD = 'bench';
const START_TIMEOUT_MS = 120_000;

const makeTenant = (): Tenant => ({
  id: parseTenantId(randomBytes(12).toString('hex')),
  key: randomUUID(),
});

function sharedConfig(tenants: readonly Tenant[], endpoint: string, database: string): string {
  return buildSharedConfig({
    placeholderToken: randomUUID(),
    teams: tenants.map(({ id, key }) => ({
      teamId: id,
      tenantId: id,
      apiKey: key,
      authenticate: true,
      credentials: { kind: 'literal', endpoint, username: 'bench', password: PASSWORD, database },
    })),
  }).body;
}

/** The same config with every exporter that writes replaced by one that does nothing. */
function withoutWriting(config: string): string {
  const { exporters = {}, service, ...rest } = JSON.parse(config) as CollectorConfig;
  const renamed = (name: string): string => name.replace(/^clickhouse(?=\/|$)/, 'nop');
  return JSON.stringify({
    ...rest,
    exporters: Object.fromEntries(
      Object.entries(exporters).map(([name, settings]) => {
        const other = renamed(name);
        return [other, other === name ? settings : {}];
      }),
    ),
    service: {
      ...service,
      pipelines: Object.fromEntries(
        Object.entries(service.pipelines).map(([name, pipeline]) => [
          name,
          { ...pipeline, exporters: pipeline.exporters.map(renamed) },
        ]),
      ),
    },
  });
}

/** Starts the collector of a kind, on the bootstrap of HyperDX's image, and takes what the start costs. */
export async function startSide(kind: Kind, ending: Ending, sink: Program): Promise<Side> {
  const tenants = Array.from({ length: kind === 'stock' ? 1 : kind }, makeTenant);
  const database = `${ending}_${kind === 'stock' ? 'stock' : `shared${kind}`}`;
  const scheme = ending === 'http' ? 'http' : 'tcp';
  const endpoint = `${scheme}://127.0.0.1:${sink.port}?compress=none`;
  const [first] = tenants;
  if (!first) throw new Error('a collector without tenants takes no records');
  const writing =
    kind === 'stock'
      ? JSON.stringify(
          stockConfig({ endpoint, user: 'bench', password: PASSWORD, database }, first),
        )
      : sharedConfig(tenants, endpoint, database);
  const config = ending === 'nop' ? withoutWriting(writing) : writing;
  const begun = performance.now();
  const collector = await startCollector({
    config: [bootstrapConfig, config],
    startTimeoutMs: START_TIMEOUT_MS,
  });
  const seconds = (performance.now() - begun) / 1_000;
  const { pid } = collector;
  if (pid === undefined) {
    await collector.stop();
    throw new Error(`the collector of ${sideName(kind)} has ended`);
  }
  return {
    kind,
    database,
    keys: tenants.map(({ key }) => key),
    collector,
    pid,
    start: { seconds, cpu: await cpuSeconds(pid) },
    configBytes: Buffer.byteLength(config),
  };
}
