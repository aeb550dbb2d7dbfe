import type { BuildOptions, BuiltConfig, ComponentBuilder } from './context';
import { bearerTokenAuth } from './components/bearerTokenAuth';
import { clickhouseExporter } from './components/clickhouse';
import { fileStorage } from './components/fileStorage';
import { OTLP_RECEIVER, otlpReceiver } from './components/otlpReceiver';
import { LOGS_IN, LOGS_OUT_DEFAULT, LOGS_OUT_RRWEB, replayRouter } from './components/replayRouter';
import { UNROUTED, unrouted } from './components/unrouted';
import { buildConfig } from './build';
import type { CollectorTeam } from './teams';

// HyperDX's own names.
const REPLAY_ROUTER = 'routing/logs';
const TELEMETRY_EXPORTER = 'clickhouse';
const REPLAY_EXPORTER = 'clickhouse/rrweb';

/** HyperDX's pipelines. Processors are left to the bootstrap: behind one team's key nothing is routed. */
const pipelines: ComponentBuilder = ({ tenants }) => {
  const served = tenants.length > 0;
  const telemetry = [served ? TELEMETRY_EXPORTER : UNROUTED];
  const replay = [served ? REPLAY_EXPORTER : UNROUTED];
  return {
    connectors: { [REPLAY_ROUTER]: replayRouter },
    pipelines: {
      traces: { receivers: [OTLP_RECEIVER], exporters: telemetry },
      metrics: { receivers: [OTLP_RECEIVER], exporters: telemetry },
      [LOGS_IN]: { receivers: [OTLP_RECEIVER], exporters: [REPLAY_ROUTER] },
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
      [TELEMETRY_EXPORTER]: exporter('telemetry'),
      [REPLAY_EXPORTER]: exporter('replay'),
    },
  };
};

const layout: readonly ComponentBuilder[] = [
  otlpReceiver,
  bearerTokenAuth,
  fileStorage,
  pipelines,
  exporters,
];

/**
 * The config of one team's own collector: HyperDX's pipelines under HyperDX's names, with the tenant's tables.
 * A team that is suspended, or whose key cannot be served, gets one that answers 401 and stores nothing.
 * Pure and deterministic; valid alone and merged over HyperDX's bootstrap file.
 * @throws TenancyError `internal` for a placeholder token that is no ingestion key.
 */
export function buildDedicatedConfig(input: { team: CollectorTeam } & BuildOptions): BuiltConfig {
  const { team, ...options } = input;
  return buildConfig({ ...options, teams: [team], authenticate: team.authenticate }, layout);
}
