import type { Component, Pipeline } from './config';
import type { BuildOptions, BuiltConfig, ComponentBuilder } from './context';
import { bearerTokenAuth } from './components/bearerTokenAuth';
import { clickhouseExporter } from './components/clickhouse';
import { fileStorage } from './components/fileStorage';
import { firstRouter, keyRouters, tenantExporter } from './components/keyRouters';
import type { Stream } from './components/keyRouters';
import { OTLP_RECEIVER, otlpReceiver } from './components/otlpReceiver';
import { LOGS_IN, LOGS_OUT_DEFAULT, LOGS_OUT_RRWEB, replayRouter } from './components/replayRouter';
import { UNROUTED, unrouted } from './components/unrouted';
import { buildConfig } from './build';
import type { CollectorTeam } from './teams';

const REPLAY_ROUTER = 'routing/replay';

/** A stream, the pipeline that takes it in, and what that pipeline reads from and does. */
interface SharedStream extends Stream {
  readonly entry: string;
  readonly receiver: string;
  readonly processors: readonly string[];
}

/**
 * Every list of processors is stated: the bootstrap has a `batch` at the end of its own, which forgets whose
 * a request was, so that nothing behind it could be routed. Batches are made in the tenants' queues instead.
 */
const streams: readonly SharedStream[] = [
  {
    signal: 'logs',
    prefix: '',
    entry: LOGS_OUT_DEFAULT,
    receiver: REPLAY_ROUTER,
    processors: ['memory_limiter', 'transform'],
  },
  {
    signal: 'logs',
    prefix: 'rrweb-',
    entry: LOGS_OUT_RRWEB,
    receiver: REPLAY_ROUTER,
    processors: ['memory_limiter'],
  },
  {
    signal: 'traces',
    prefix: '',
    entry: 'traces',
    receiver: OTLP_RECEIVER,
    processors: ['memory_limiter'],
  },
  {
    signal: 'metrics',
    prefix: '',
    entry: 'metrics',
    receiver: OTLP_RECEIVER,
    processors: ['memory_limiter'],
  },
];

/** From the receiver to the first key router of each stream; with nobody to route to, to `unrouted`. */
const entries: ComponentBuilder = ({ tenants }) => ({
  connectors: { [REPLAY_ROUTER]: replayRouter },
  pipelines: {
    [LOGS_IN]: { receivers: [OTLP_RECEIVER], processors: [], exporters: [REPLAY_ROUTER] },
    ...Object.fromEntries(
      streams.map((stream): [string, Pipeline] => [
        stream.entry,
        {
          receivers: [stream.receiver],
          processors: stream.processors,
          exporters: [tenants.length > 0 ? firstRouter(stream) : UNROUTED],
        },
      ]),
    ),
  },
});

const tenantExporters: ComponentBuilder = (context) => ({
  exporters: Object.fromEntries(
    context.tenants.flatMap(({ tenantId, credentials }) =>
      (['', 'rrweb-'] as const).map((prefix): [string, Component] => [
        tenantExporter({ signal: 'logs', prefix }, tenantId),
        clickhouseExporter(context, tenantId, credentials, {
          tables: prefix === '' ? 'telemetry' : 'replay',
          batching: true,
        }),
      ]),
    ),
  ),
});

const routers: readonly ComponentBuilder[] = streams.map(
  (stream): ComponentBuilder =>
    ({ tenants }) =>
      tenants.length > 0 ? keyRouters(stream, tenants) : {},
);

const layout: readonly ComponentBuilder[] = [
  otlpReceiver,
  bearerTokenAuth,
  fileStorage,
  entries,
  ...routers,
  tenantExporters,
  unrouted,
];

/**
 * The config of a collector that many tenants share, told apart by ingestion key:
 *
 *     otlp ── logs/in ── replay router ─┬─ logs/out-default ── key routers ── logs/<tenant> ── clickhouse/<tenant>
 *                                       └─ logs/out-rrweb ──── key routers ── logs/rrweb-<tenant> ── clickhouse/rrweb-<tenant>
 *          ── traces, metrics ── key routers ── traces/<tenant>, metrics/<tenant> ── clickhouse/<tenant>
 *
 * Pure, and the same bytes for the same teams in any order. It always authenticates, whatever a team's
 * `authenticate` says: a request without a key belongs to nobody. It is valid with no team at all.
 * To be merged over HyperDX's bootstrap file, whose `memory_limiter` and `transform` it uses.
 * @throws TenancyError `internal` for a placeholder token that is no ingestion key.
 */
export function buildSharedConfig(input: { teams: CollectorTeam[] } & BuildOptions): BuiltConfig {
  return buildConfig({ ...input, authenticate: true }, layout);
}
