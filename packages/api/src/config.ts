import { platformSettings } from '@hyperdx-tenancy/domain/plans';
import type { Plans, Settings } from '@hyperdx-tenancy/domain/plans';
import type { SiteTemplates } from '@hyperdx-tenancy/domain/tables';
import { parseSeeds, SeedError } from '@hyperdx-tenancy/domain/sources';
import type { Seeds } from '@hyperdx-tenancy/domain/sources';
import { z } from 'zod';

import { parseGoDuration } from './configFiles/forms';
import { readPlansFile } from './configFiles/plans';
import { loadSiteTemplates } from './configFiles/siteTemplates';
import { readTargetsFile } from './configFiles/targets';
import type { TargetConfig } from './configFiles/targets';
import type { TrustProxy } from './configFiles/trustProxy';
import { variables } from './configFiles/variables';
import { ConfigFileError } from './configFiles/yamlFile';
import { parseAllowedHosts } from './utils/publicAddress';

export type { TargetConfig };

/** How agents are let in. */
export interface OpampConfig {
  /** Whether a team's ingestion key opens its dedicated config, which then names no password. */
  acceptIngestionKey: boolean;
  /** Agents that this process remembers, in all and under one token. */
  maxAgents: number;
  maxAgentsPerToken: number;
  /** Files of a certificate and its key; `undefined`: without TLS. */
  tls: OpampTls | undefined;
}

export interface OpampTls {
  certFile: string;
  keyFile: string;
  /** Whose certificates agents may, or must, show. */
  clientCaFile: string | undefined;
  clientAuth: 'optional' | 'required';
}

export interface Config {
  env: string;
  version: string;
  bindAddress: string;
  port: number;
  opampPort: number;
  metricsPort: number;
  logLevel: string;
  mongoUri: string;
  /** Opens the admin API without any operator being there; `undefined`: switched off. */
  adminToken: string | undefined;
  /** Proxies whose `X-Forwarded-For` is believed. */
  trustProxy: TrustProxy;
  /** HyperDX's own API, which serves the routes that are not ours; `undefined`: they answer 501. */
  hyperdxApiUrl: string | undefined;
  /** Whether routes that the table of routes does not know are forwarded as well. */
  forwardUnknown: boolean;
  /** Where browsers find HyperDX's UI; it decides the session cookie's domain and whether it is secure. */
  frontendUrl: string;
  /** Signs session cookies; HyperDX's API has the same. */
  sessionSecret: string;
  /** What `DEFAULT_CONNECTIONS` and `DEFAULT_SOURCES` say of each new tenant. */
  seeds: Seeds;
  /** As HyperDX's UI is told of them. */
  usageStatsEnabled: boolean;
  aiAssistantEnabled: boolean;
  doorPort: number;
  /** Where HyperDX's API finds the query door: the host of every managed connection. */
  doorUrl: string;
  /** Whether tenants may have connections of their own, besides the managed one. */
  allowTenantConnections: boolean;
  /** Host names and networks that tenants' own connections may lead to although they are not public. */
  tenantConnectionHosts: readonly string[];
  /** What other secrets are derived from. */
  secret: string;
  /** The secret before this one, while tenants are moved from it. */
  previousSecret: string | undefined;
  /** Opens the shared collector group; more tokens are made through the admin API. */
  collectorToken: string | undefined;
  collectorMemoryLimitMiB: number;
  /** A folder in the collector for its queues (`file_storage`); memory queues where unset. */
  collectorStorageDirectory: string | undefined;
  /** After so many days without a word an agent is forgotten. */
  collectorAgentRetentionDays: number;
  opamp: OpampConfig;
  /** Never empty; tenants made without a wish of their own are placed on one of these. */
  targets: readonly TargetConfig[];
  /** What holds for tenants where neither they nor their plan say otherwise. */
  platform: Settings;
  plans: Plans;
  /** The site's own columns and indexes. */
  site: SiteTemplates;
}

/** A configuration that cannot be used; every fault is named at once. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

const HOUR_MS = 3_600_000;

const Environment = z.object(variables);

/** Blank means unset: what a compose file leaves empty must not count as a value. */
function withoutBlanks(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const entries = Object.entries(env).flatMap(([name, value]) =>
    value === undefined || value.trim() === '' ? [] : [[name, value] as const],
  );
  return Object.fromEntries(entries);
}

function fault(issue: z.core.$ZodIssue): string {
  const name = issue.path.join('.');
  const missing = issue.code === 'invalid_type' && issue.input === undefined;
  return missing ? `${name} is not set` : `${name}: ${issue.message}`;
}

type Environment = z.output<typeof Environment>;

function unusable(faults: readonly string[]): ConfigError {
  return new ConfigError(
    `The configuration cannot be used (see docs/configuration.md):\n` +
      faults.map((text) => `  ${text}`).join('\n'),
  );
}

/** The target that `CLICKHOUSE_*` describe. */
function defaultTarget(env: Environment, host: string): TargetConfig {
  return {
    name: 'default',
    host,
    username: env.CLICKHOUSE_USER,
    password: env.CLICKHOUSE_PASSWORD,
    database: env.HYPERDX_OTEL_EXPORTER_CLICKHOUSE_DATABASE,
    collectorEndpoint: env.CLICKHOUSE_ENDPOINT ?? host,
    exporterTimeout: env.HYPERDX_OTEL_EXPORTER_TIMEOUT,
    access: env.TENANCY_ACCESS_MODE,
    capacity: {},
  };
}

/** All targets: the one of the environment first, unless the file has one of that name. */
function readTargets(env: Environment): TargetConfig[] {
  const { TENANCY_TARGETS_FILE: path, CLICKHOUSE_HOST: host } = env;
  const inFile = path === undefined ? [] : readTargetsFile(path, env.HYPERDX_OTEL_EXPORTER_TIMEOUT);
  const named = inFile.some(({ name }) => name === 'default');
  return host === undefined || named ? inFile : [defaultTarget(env, host), ...inFile];
}

const NO_TARGET = 'CLICKHOUSE_HOST is not set, and no TENANCY_TARGETS_FILE names a target either';

/** What only several values together show to be wrong. */
function contradictions(env: Environment, targets: readonly TargetConfig[]): string[] {
  const faults: string[] = [];
  if (targets.length === 0) {
    faults.push(NO_TARGET);
  }
  const guarded = targets.filter(({ access }) => access === 'guard').map(({ name }) => name);
  if (
    guarded.length > 0 &&
    env.NODE_ENV === 'production' &&
    env.TENANCY_ALLOW_GUARD_MODE === 'false'
  ) {
    faults.push(
      `TENANCY_ACCESS_MODE: target ${guarded.join(', ')} has access mode "guard", in which ClickHouse itself does not ` +
        `keep tenants apart; use "grants", or set TENANCY_ALLOW_GUARD_MODE=true if that is what you want`,
    );
  }
  if (env.TENANCY_SECRET_PREVIOUS === env.TENANCY_SECRET) {
    faults.push('TENANCY_SECRET_PREVIOUS: is the same as TENANCY_SECRET');
  }
  return [...faults, ...tlsContradictions(env)];
}

function tlsContradictions(env: Environment): string[] {
  const { TENANCY_OPAMP_TLS_CERT_FILE: cert, TENANCY_OPAMP_TLS_KEY_FILE: key } = env;
  const { TENANCY_OPAMP_TLS_CLIENT_CA_FILE: ca, TENANCY_OPAMP_TLS_CLIENT_AUTH: auth } = env;
  const faults: string[] = [];
  if ((cert === undefined) !== (key === undefined)) {
    const lacking = cert === undefined ? 'CERT' : 'KEY';
    faults.push(`TENANCY_OPAMP_TLS_${lacking}_FILE: a certificate and its key go together`);
  }
  if (ca !== undefined && cert === undefined) {
    faults.push('TENANCY_OPAMP_TLS_CLIENT_CA_FILE: needs TENANCY_OPAMP_TLS_CERT_FILE and its key');
  }
  if (auth === 'required' && ca === undefined) {
    faults.push('TENANCY_OPAMP_TLS_CLIENT_AUTH: needs TENANCY_OPAMP_TLS_CLIENT_CA_FILE');
  }
  return faults;
}

function opampTls(env: Environment): OpampTls | undefined {
  const { TENANCY_OPAMP_TLS_CERT_FILE: certFile, TENANCY_OPAMP_TLS_KEY_FILE: keyFile } = env;
  if (certFile === undefined || keyFile === undefined) return undefined;
  return {
    certFile,
    keyFile,
    clientCaFile: env.TENANCY_OPAMP_TLS_CLIENT_CA_FILE,
    clientAuth: env.TENANCY_OPAMP_TLS_CLIENT_AUTH,
  };
}

/** Reads a file that a variable names. @throws ConfigError naming the variable. */
function fromFile<T>(variable: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ConfigFileError)) throw error;
    throw unusable(error.message.split('\n').map((text) => `${variable}: ${text}`));
  }
}

/** @throws ConfigError naming the variable. */
function readSeeds(env: Environment): Seeds {
  try {
    return parseSeeds({
      defaultConnections: env.DEFAULT_CONNECTIONS,
      defaultSources: env.DEFAULT_SOURCES,
    });
  } catch (error) {
    if (!(error instanceof SeedError)) throw error;
    throw unusable([error.message]);
  }
}

/** Entries of a list that commas separate. */
function listed(text = ''): string[] {
  return text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}

function hostFaults(hosts: readonly string[]): string[] {
  try {
    parseAllowedHosts(hosts);
    return [];
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return [`TENANCY_TENANT_CONNECTION_HOSTS: ${error.message}`];
  }
}

/**
 * The configuration, parsed once and strictly, with the files that it names.
 * @throws ConfigError that names every variable at fault; it never repeats a value.
 */
export function parseConfig(
  environment: Readonly<Record<string, string | undefined>>,
  version = '0.1.0',
): Config {
  const given = withoutBlanks(environment);
  const parsed = Environment.safeParse(given, { reportInput: true });
  if (!parsed.success) {
    const noTarget = !('CLICKHOUSE_HOST' in given || 'TENANCY_TARGETS_FILE' in given);
    throw unusable([...parsed.error.issues.map(fault), ...(noTarget ? [NO_TARGET] : [])]);
  }
  const env = parsed.data;
  const targets = fromFile('TENANCY_TARGETS_FILE', () => readTargets(env));
  const { TENANCY_PLANS_FILE: plansFile, TENANCY_TEMPLATES_DIRECTORY: templates } = env;
  const plans = fromFile('TENANCY_PLANS_FILE', () => readPlansFile(plansFile));
  const site = fromFile('TENANCY_TEMPLATES_DIRECTORY', () =>
    templates === undefined ? {} : loadSiteTemplates(templates),
  );
  const seeds = readSeeds(env);
  const tenantConnectionHosts = listed(env.TENANCY_TENANT_CONNECTION_HOSTS);
  const faults = [...contradictions(env, targets), ...hostFaults(tenantConnectionHosts)];
  if (faults.length > 0) throw unusable(faults);
  // TTL expressions count in hours; a shorter time still keeps an hour.
  const hours = Math.max(
    1,
    Math.ceil((parseGoDuration(env.HYPERDX_OTEL_EXPORTER_TABLES_TTL) ?? 0) / HOUR_MS),
  );
  return {
    env: env.NODE_ENV,
    version,
    bindAddress: env.TENANCY_BIND_ADDRESS,
    port: env.HYPERDX_API_PORT ?? env.PORT,
    opampPort: env.OPAMP_PORT,
    metricsPort: env.TENANCY_METRICS_PORT,
    logLevel: env.HYPERDX_LOG_LEVEL,
    mongoUri: env.MONGO_URI,
    adminToken: env.TENANCY_ADMIN_TOKEN,
    trustProxy: env.TENANCY_TRUST_PROXY ?? false,
    hyperdxApiUrl: env.HYPERDX_API_URL,
    forwardUnknown: env.TENANCY_FORWARD_UNKNOWN === 'true',
    frontendUrl: env.FRONTEND_URL.replace(/\/+$/, ''),
    sessionSecret: env.EXPRESS_SESSION_SECRET,
    seeds,
    usageStatsEnabled: env.USAGE_STATS_ENABLED === 'true',
    aiAssistantEnabled: (env.AI_API_KEY ?? env.ANTHROPIC_API_KEY) !== undefined,
    doorPort: env.TENANCY_DOOR_PORT,
    doorUrl: env.TENANCY_DOOR_URL ?? `http://127.0.0.1:${env.TENANCY_DOOR_PORT}`,
    allowTenantConnections: env.TENANCY_ALLOW_TENANT_CONNECTIONS === 'true',
    tenantConnectionHosts,
    secret: env.TENANCY_SECRET,
    previousSecret: env.TENANCY_SECRET_PREVIOUS,
    collectorToken: env.TENANCY_COLLECTOR_TOKEN,
    collectorMemoryLimitMiB: env.TENANCY_COLLECTOR_MEMORY_LIMIT_MIB,
    collectorStorageDirectory: env.TENANCY_COLLECTOR_STORAGE_DIRECTORY,
    collectorAgentRetentionDays: env.TENANCY_COLLECTOR_AGENT_RETENTION_DAYS,
    opamp: {
      acceptIngestionKey: env.TENANCY_OPAMP_ACCEPT_INGESTION_KEY === 'true',
      maxAgents: env.TENANCY_OPAMP_MAX_AGENTS,
      maxAgentsPerToken: env.TENANCY_OPAMP_MAX_AGENTS_PER_TOKEN,
      tls: opampTls(env),
    },
    targets,
    platform: {
      ...platformSettings,
      retentionHours: { logs: hours, traces: hours, sessions: hours, metrics: hours },
    },
    plans,
    site,
  };
}

let cached: Config | undefined;

/**
 * The configuration of this process, parsed on first use. Only what starts things, and HyperDX's own
 * entry points that take no configuration, ask for it; all other code is given what it needs.
 */
export function getConfig(): Config {
  cached ??= parseConfig(process.env);
  return cached;
}
