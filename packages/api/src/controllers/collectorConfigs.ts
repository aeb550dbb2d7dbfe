import { buildDedicatedConfig, buildSharedConfig } from '@hyperdx-tenancy/domain/collector';
import type {
  BuildOptions,
  BuiltConfig,
  CollectorConfig,
  CollectorCredentials,
  CollectorTeam,
} from '@hyperdx-tenancy/domain/collector';
import { groupId } from '@hyperdx-tenancy/domain/contracts/collectorGroup';
import type { CollectorGroup } from '@hyperdx-tenancy/domain/contracts/collectorGroup';
import { livingStatuses } from '@hyperdx-tenancy/domain/contracts/tenant';
import { TenancyError } from '@hyperdx-tenancy/domain/errors';
import { parseTenantId } from '@hyperdx-tenancy/domain/ids';
import type { TenantId } from '@hyperdx-tenancy/domain/ids';

import { Types } from 'mongoose';

import type { Target } from '../clickhouse/target';
import type { Login } from '../clickhouse/tenantTables';
import { getConfig } from '../config';
import type { Config } from '../config';
import CollectorToken from '../models/collectorToken';
import type { ICollectorToken } from '../models/collectorToken';
import Team from '../models/team';
import type { ITeam } from '../models/team';
import Tenant from '../models/tenant';
import type { ITenant } from '../models/tenant';
import type { Logger } from '../utils/logger';
import { deriveSecret, hashToken } from '../utils/secrets';
import type { Context } from './context';
import { adminLogin, loginOf } from './credentials';
import { readRevision } from './revisions';

/** A team, and the target that its tenant's tables are on. */
export interface PlacedTeam extends CollectorTeam {
  target: string;
}

/** All that the collectors' configs depend on, read at one time. */
export interface CollectorSnapshot {
  revision: number;
  teams: readonly PlacedTeam[];
  /** Targets with tenants that were left out, since they cannot be written for. */
  incomplete: ReadonlySet<string>;
  /** What each token opens, by the token's hash. */
  tokens: ReadonlyMap<string, CollectorGroup>;
}

/** The fields of a team that its config depends on. */
export type ConfigTeam = Pick<
  ITeam,
  '_id' | 'apiKey' | 'previousApiKeys' | 'collectorAuthenticationEnforced'
>;

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
    previousKeys: (team.previousApiKeys ?? []).map(({ key }) => key),
    authenticate: team.collectorAuthenticationEnforced,
    suspended,
    credentials,
  };
}

type TenantPart = Pick<ITenant, '_id' | 'status' | 'target' | 'credentials' | 'applied'>;

/** Its own user, from the time on at which it has one. @throws TenancyError `secret_unknown`. */
function writerLogin(tenant: TenantPart, target: Target, context: Context): Login {
  // The target has users since a short while: the tenant gets its own by a change of settings.
  if (tenant.applied?.access === 'guard') return adminLogin(target);
  const id = parseTenantId(tenant._id.toHexString());
  return loginOf('writer', target, id, tenant.credentials, context);
}

/** Where and as whom a tenant's telemetry is written. @throws TenancyError `target_unknown`, `secret_unknown`. */
function writerCredentials(tenant: TenantPart, context: Context): CollectorCredentials {
  const target = context.targets.get(tenant.target);
  const { collectorEndpoint, database, exporterTimeout, collectorTls } = target.config;
  return {
    kind: 'literal',
    endpoint: collectorEndpoint,
    ...writerLogin(tenant, target, context),
    database,
    timeout: exporterTimeout,
    ...(collectorTls === undefined ? {} : { tls: collectorTls }),
  };
}

/** Ids of tenants in one line of the log; their number says the rest. */
const LOGGED_IDS = 10;

/** One tenant of which something is missing must not keep the others from their config: it is left out, and said so. */
function allWriterCredentials(
  tenants: readonly TenantPart[],
  context: Context,
): Map<TenantPart, CollectorCredentials> {
  const credentials = new Map<TenantPart, CollectorCredentials>();
  const leftOut = new Map<string, { message: string; tenants: string[] }>();
  for (const tenant of tenants) {
    try {
      credentials.set(tenant, writerCredentials(tenant, context));
    } catch (error) {
      if (!(error instanceof TenancyError)) throw error;
      const { code, message } = error;
      const same = leftOut.get(code) ?? { message, tenants: [] };
      same.tenants.push(tenant._id.toHexString());
      leftOut.set(code, same);
    }
  }
  for (const [code, { message, tenants: ids }] of leftOut) {
    context.log.error(
      { code, count: ids.length, tenants: ids.slice(0, LOGGED_IDS) },
      `tenants left out of the collectors' configs: ${message}`,
    );
  }
  return credentials;
}

/**
 * Reads tenants, teams and tokens: three queries, whatever their number. Teams of tenants that are not
 * complete are not among them, since an exporter that misses a table stores its batches again and again.
 */
export async function loadCollectorSnapshot(
  config: Pick<Config, 'collectorToken'>,
  context: Context,
): Promise<CollectorSnapshot> {
  // Before the rest: a change in between is then seen as one more, and read again.
  const revision = await readRevision('collectors');
  const [tenants, teams, tokens] = await Promise.all([
    Tenant.find(
      { status: { $in: livingStatuses } },
      { status: 1, target: 1, credentials: 1, 'applied.access': 1 },
    ).lean<TenantPart[]>(),
    Team.find(
      {},
      { tenant: 1, apiKey: 1, 'previousApiKeys.key': 1, collectorAuthenticationEnforced: 1 },
    ).lean(),
    CollectorToken.find().lean<ICollectorToken[]>(),
  ]);
  const byId = new Map(tenants.map((tenant) => [tenant._id.toHexString(), tenant]));
  const credentialsOf = allWriterCredentials(tenants, context);
  return {
    revision,
    incomplete: new Set(
      tenants.filter((tenant) => !credentialsOf.has(tenant)).map(({ target }) => target),
    ),
    teams: teams.flatMap((team): PlacedTeam[] => {
      // A team made by HyperDX itself has no tenant, or whatever was written there.
      const { tenant: of, apiKey } = team as Partial<ITeam>;
      if (!(of instanceof Types.ObjectId) || typeof apiKey !== 'string') return [];
      const tenant = byId.get(of.toHexString());
      const credentials = tenant && credentialsOf.get(tenant);
      if (!tenant || !credentials) return [];
      const suspended = tenant.status === 'suspended';
      const id = parseTenantId(of.toHexString());
      return [{ ...collectorTeam(team, id, credentials, suspended), target: tenant.target }];
    }),
    tokens: new Map([
      ...tokens.map(({ hash, group }) => [hash, group] as const),
      ...(config.collectorToken === undefined
        ? []
        : [[hashToken(config.collectorToken), { kind: 'shared', target: 'default' }] as const]),
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
 * @returns `undefined` for the dedicated group of a team that is not (or no longer) complete; and for a shared one of which
 *   no tenant can be written for: a config without them would silence them all, while the one that collectors run may well do.
 */
export function buildGroupConfig(
  group: CollectorGroup,
  snapshot: CollectorSnapshot,
  settings: ConfigSettings,
  log: Logger,
): string | undefined {
  let built: BuiltConfig;
  if (group.kind === 'shared') {
    const teams = snapshot.teams.filter(({ target }) => target === group.target);
    if (teams.length === 0 && snapshot.incomplete.has(group.target)) return undefined;
    built = buildSharedConfig({ teams, ...buildOptions(settings, groupId(group)) });
  } else if (group.kind === 'named') {
    return undefined;
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
  const [target] = settings.targets;
  if (!target) throw new Error('a configuration without targets');
  const { database, exporterTimeout: timeout } = target;
  return buildDedicatedConfig({
    team: collectorTeam(team, parseTenantId(tenantId), { kind: 'env', database, timeout }),
    ...buildOptions(settings, team._id.toString()),
  }).config;
}
