import { buildDedicatedConfig, buildSharedConfig } from '@hyperdx-tenancy/domain/collector';
import type {
  BuildOptions,
  BuiltConfig,
  CollectorConfig,
  CollectorCredentials,
  CollectorTeam,
} from '@hyperdx-tenancy/domain/collector';
import type { CollectorGroup } from '@hyperdx-tenancy/domain/contracts/collectorToken';
import { parseTenantId } from '@hyperdx-tenancy/domain/ids';
import type { TenantId } from '@hyperdx-tenancy/domain/ids';

import { Types } from 'mongoose';

import { getConfig } from '../config';
import type { Config, TargetConfig } from '../config';
import CollectorToken from '../models/collectorToken';
import type { ICollectorToken } from '../models/collectorToken';
import Team from '../models/team';
import type { ITeam } from '../models/team';
import Tenant from '../models/tenant';
import type { Logger } from '../utils/logger';
import { deriveSecret, hashToken } from '../utils/secrets';
import { readRevision } from './revisions';

/** All that the collectors' configs depend on, read at one time. */
export interface CollectorSnapshot {
  revision: number;
  teams: readonly CollectorTeam[];
  /** What each token opens, by the token's hash. */
  tokens: ReadonlyMap<string, CollectorGroup>;
}

/** The fields of a team that its config depends on. */
export type ConfigTeam = Pick<ITeam, '_id' | 'apiKey' | 'collectorAuthenticationEnforced'>;

type ConfigSettings = Pick<
  Config,
  'secret' | 'collectorMemoryLimitMiB' | 'collectorStorageDirectory'
>;

function collectorTeam(
  team: ConfigTeam,
  tenantId: TenantId,
  credentials: CollectorCredentials,
  suspended = false,
): CollectorTeam {
  return {
    teamId: team._id.toString(),
    tenantId,
    apiKey: team.apiKey,
    authenticate: team.collectorAuthenticationEnforced,
    suspended,
    credentials,
  };
}

function writerCredentials(target: TargetConfig): CollectorCredentials {
  return {
    kind: 'literal',
    endpoint: target.collectorEndpoint,
    username: target.username,
    password: target.password,
    database: target.database,
    timeout: target.exporterTimeout,
  };
}

/**
 * Reads tenants, teams and tokens: three queries, whatever their number. Teams of tenants that are not
 * complete are not among them, since an exporter that misses a table stores its batches again and again.
 */
export async function loadCollectorSnapshot(
  config: Pick<Config, 'target' | 'collectorToken'>,
): Promise<CollectorSnapshot> {
  // Before the rest: a change in between is then seen as one more, and read again.
  const revision = await readRevision('collectors');
  const tenants = await Tenant.find(
    { status: { $in: ['active', 'suspended'] } },
    { status: 1 },
  ).lean();
  const status = new Map(tenants.map((tenant) => [tenant._id.toHexString(), tenant.status]));
  const teams = await Team.find(
    {},
    { tenant: 1, apiKey: 1, collectorAuthenticationEnforced: 1 },
  ).lean();
  const tokens = await CollectorToken.find().lean<ICollectorToken[]>();
  const credentials = writerCredentials(config.target);
  return {
    revision,
    teams: teams.flatMap((team) => {
      // A team made by HyperDX itself has no tenant, or whatever was written there.
      const { tenant, apiKey } = team as Partial<ITeam>;
      if (!(tenant instanceof Types.ObjectId) || typeof apiKey !== 'string') return [];
      const at = status.get(tenant.toHexString());
      if (at === undefined) return [];
      return [
        collectorTeam(team, parseTenantId(tenant.toHexString()), credentials, at === 'suspended'),
      ];
    }),
    tokens: new Map([
      ...tokens.map(({ hash, group }) => [hash, group] as const),
      ...(config.collectorToken === undefined
        ? []
        : [[hashToken(config.collectorToken), { kind: 'shared' }] as const]),
    ]),
  };
}

function buildOptions(settings: ConfigSettings, group: string): BuildOptions {
  const { collectorStorageDirectory: directory } = settings;
  return {
    placeholderToken: deriveSecret(settings.secret, `collector-placeholder/${group}`),
    memoryLimitMiB: settings.collectorMemoryLimitMiB,
    ...(directory === undefined ? {} : { storage: { extension: 'file_storage', directory } }),
  };
}

/**
 * The text of a group's config, with what is wrong with it in the log.
 * @returns `undefined` for the dedicated group of a team that is not (or no longer) complete.
 */
export function buildGroupConfig(
  group: CollectorGroup,
  snapshot: CollectorSnapshot,
  settings: ConfigSettings,
  log: Logger,
): string | undefined {
  let built: BuiltConfig;
  if (group.kind === 'shared') {
    built = buildSharedConfig({ teams: [...snapshot.teams], ...buildOptions(settings, 'shared') });
  } else {
    const team = snapshot.teams.find(({ teamId }) => teamId === group.team);
    if (!team) return undefined;
    built = buildDedicatedConfig({ team, ...buildOptions(settings, group.team) });
  }
  for (const { teamId, tenantId, code, reason } of built.leftOut) {
    log.error(
      { tenant: tenantId, team: teamId, code },
      `team left out of the collectors' config: ${reason}`,
    );
  }
  for (const warning of built.warnings) log.warn({ group: group.kind }, warning);
  return built.body;
}

/**
 * HyperDX's name for the config of a collector, here of one team: its telemetry goes to its tenant's
 * tables. Credentials are named as the collector's own `CLICKHOUSE_*` variables, never spelled out.
 */
export function buildOtelCollectorConfig(team: ConfigTeam, tenantId: string): CollectorConfig {
  const settings = getConfig();
  const { database, exporterTimeout: timeout } = settings.target;
  return buildDedicatedConfig({
    team: collectorTeam(team, parseTenantId(tenantId), { kind: 'env', database, timeout }),
    ...buildOptions(settings, team._id.toString()),
  }).config;
}
