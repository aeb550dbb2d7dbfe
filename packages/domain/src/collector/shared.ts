import { TenancyError } from '../errors';
import type { TenantId } from '../ids';
import type { Pipeline } from './config';
import type {
  BuildContext,
  BuildOptions,
  BuiltConfig,
  ComponentBuilder,
  ExtraReceivers,
} from './context';
import { bearerTokenAuth } from './components/bearerTokenAuth';
import { clickhouseExporter } from './components/clickhouse';
import { fileStorage } from './components/fileStorage';
import { firstRouter, keyRouters } from './components/keyRouters';
import type { Stream } from './components/keyRouters';
import { memoryLimiter } from './components/memoryLimiter';
import { OTLP_RECEIVER, otlpReceiver } from './components/otlpReceiver';
import { LOGS_IN, LOGS_OUT_DEFAULT, LOGS_OUT_RRWEB, replayRouter } from './components/replayRouter';
import { quarantineExporter, quarantineExporterId } from './components/quarantine';
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

/** The exporter a tenant's part of a stream ends in. */
function exporterOf(
  { quarantine }: BuildContext,
  { prefix }: Pick<Stream, 'prefix'>,
  tenantId: TenantId,
): string {
  return quarantine.tenants.has(tenantId)
    ? quarantineExporterId(quarantine, tenantId)
    : `clickhouse/${prefix}${tenantId}`;
}

const tenantExporters: ComponentBuilder = (context) => ({
  exporters: Object.fromEntries(
    context.tenants.flatMap((tenant) => {
      const { tenantId, credentials } = tenant;
      if (context.quarantine.tenants.has(tenantId)) {
        return [
          [
            quarantineExporterId(context.quarantine, tenantId),
            quarantineExporter(context.quarantine, tenant),
          ],
        ];
      }
      return (['', 'rrweb-'] as const).map((prefix) => [
        exporterOf(context, { prefix }, tenantId),
        clickhouseExporter(context, tenantId, credentials, {
          tables: prefix === '' ? 'telemetry' : 'replay',
          batching: true,
        }),
      ]);
    }),
  ),
});

const routers: readonly ComponentBuilder[] = streams.map(
  (stream): ComponentBuilder =>
    (context) =>
      context.tenants.length > 0
        ? keyRouters(stream, context.tenants, (of, tenantId) => exporterOf(context, of, tenantId))
        : {},
);

const layout: readonly ComponentBuilder[] = [
  otlpReceiver,
  bearerTokenAuth,
  fileStorage,
  memoryLimiter,
  entries,
  ...routers,
  tenantExporters,
  unrouted,
];

export interface SharedInput extends BuildOptions {
  teams: readonly CollectorTeam[];
  /**
   * Tenants that are let in and not written for: they end in an exporter that refuses at once, so that their senders try
   * again (HTTP 503, gRPC Unavailable), or at `quarantineEndpoint`.
   */
  quarantined?: ReadonlySet<TenantId>;
  /** OTLP/HTTP address of the collectors that serve the quarantined ones, under their own keys. */
  quarantineEndpoint?: string;
  /** There is no place for them: a part of `groupSettings` for groups of one team. */
  extraReceivers?: ExtraReceivers;
}

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
 * @throws TenancyError `internal` for a placeholder token that is no ingestion key, for extra receivers, and for a fragment
 *   of the other kind.
 */
export function buildSharedConfig(input: SharedInput): BuiltConfig {
  const { quarantined, quarantineEndpoint, extraReceivers, ...rest } = input;
  if (extraReceivers !== undefined) {
    throw new TenancyError('internal', 'A shared collector takes in nothing that carries no key.');
  }
  return buildConfig(
    {
      ...rest,
      kind: 'shared',
      authenticate: true,
      quarantine: { tenants: quarantined ?? new Set(), endpoint: quarantineEndpoint },
      extraReceivers: {},
    },
    layout,
  );
}
