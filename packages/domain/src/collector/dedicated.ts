import type { BuildOptions, BuiltConfig, ComponentBuilder, ExtraReceivers } from './context';
import { bearerTokenAuth } from './components/bearerTokenAuth';
import { clickhouseExporter } from './components/clickhouse';
import { FLUENTFORWARD, PROMETHEUS, extraReceivers } from './components/extraReceivers';
import { fileStorage } from './components/fileStorage';
import { memoryLimiter } from './components/memoryLimiter';
import { OTLP_RECEIVER, otlpReceiver } from './components/otlpReceiver';
import { LOGS_IN, LOGS_OUT_DEFAULT, LOGS_OUT_RRWEB, replayRouter } from './components/replayRouter';
import { UNROUTED, unrouted } from './components/unrouted';
import { buildConfig } from './build';
import { TEAM_EXPORTER } from './fragment/reserved';
import type { CollectorTeam } from './teams';

// HyperDX's own names.
const REPLAY_ROUTER = 'routing/logs';
const REPLAY_EXPORTER = 'clickhouse/rrweb';

/** HyperDX's pipelines. Processors are left to the bootstrap: behind one team's key nothing is routed. */
const pipelines: ComponentBuilder = (context) => {
  const served = context.tenants.length > 0;
  const { receivers = {} } = extraReceivers(context);
  const also = (id: string) => (Object.hasOwn(receivers, id) ? [id] : []);
  const telemetry = [served ? TEAM_EXPORTER : UNROUTED];
  const replay = [served ? REPLAY_EXPORTER : UNROUTED];
  return {
    connectors: { [REPLAY_ROUTER]: replayRouter },
    pipelines: {
      traces: { receivers: [OTLP_RECEIVER], exporters: telemetry },
      metrics: { receivers: [OTLP_RECEIVER, ...also(PROMETHEUS)], exporters: telemetry },
      [LOGS_IN]: {
        receivers: [OTLP_RECEIVER, ...also(FLUENTFORWARD)],
        exporters: [REPLAY_ROUTER],
      },
      [LOGS_OUT_DEFAULT]: { receivers: [REPLAY_ROUTER], exporters: telemetry },
      [LOGS_OUT_RRWEB]: { receivers: [REPLAY_ROUTER], exporters: replay },
    },
  };
};

const exporters: ComponentBuilder = (context) => {
  const [tenant] = context.tenants;
  if (!tenant) return unrouted(context);
  const exporter = (tables: 'telemetry' | 'replay') =>
    // The bootstrap's pipelines batch already.
    clickhouseExporter(context, tenant.tenantId, tenant.credentials, { tables, batching: false });
  return {
    exporters: {
      [TEAM_EXPORTER]: exporter('telemetry'),
      [REPLAY_EXPORTER]: exporter('replay'),
    },
  };
};

const layout: readonly ComponentBuilder[] = [
  otlpReceiver,
  extraReceivers,
  bearerTokenAuth,
  fileStorage,
  memoryLimiter,
  pipelines,
  exporters,
];

export interface DedicatedInput extends BuildOptions {
  team: CollectorTeam;
  /** Beside OTLP, with no key: whatever comes in by them is the team's. */
  extraReceivers?: ExtraReceivers;
}

/**
 * The config of one team's own collector: HyperDX's pipelines under HyperDX's names, with the tenant's tables.
 * A team that is suspended, or whose key cannot be served, gets one that answers 401 and stores nothing.
 * Pure and deterministic; valid alone and merged over HyperDX's bootstrap file.
 * @throws TenancyError `internal` for a placeholder token that is no ingestion key, and for a fragment of the other kind.
 */
export function buildDedicatedConfig(input: DedicatedInput): BuiltConfig {
  const { team, extraReceivers: extra = {}, ...options } = input;
  return buildConfig(
    {
      ...options,
      kind: 'dedicated',
      teams: [team],
      authenticate: team.authenticate,
      quarantine: { tenants: new Set(), endpoint: undefined },
      extraReceivers: extra,
    },
    layout,
  );
}
