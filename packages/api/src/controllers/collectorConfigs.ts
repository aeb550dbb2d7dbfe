import { createHash } from 'node:crypto';

import {
  buildDedicatedConfig,
  buildSharedConfig,
  groupSettings,
  prettyJson,
  redactConfig,
  requiredComponents,
} from '@hyperdx-tenancy/domain/collector';
import type {
  BuiltConfig,
  CollectorConfig,
  CollectorTeam,
  ComponentTypes,
  LeftOut,
  ParsedFragment,
} from '@hyperdx-tenancy/domain/collector';
import type { GroupOptions } from '@hyperdx-tenancy/domain/contracts/collectorGroup';
import { groupId } from '@hyperdx-tenancy/domain/contracts/collectorGroup';
import type { CollectorGroup } from '@hyperdx-tenancy/domain/contracts/collectorGroup';
import { parseTenantId } from '@hyperdx-tenancy/domain/ids';
import type { TenantId } from '@hyperdx-tenancy/domain/ids';

import { getConfig } from '../config';
import type { Config } from '../config';
import { parseFragment } from '../utils/fragment';
import type { Logger } from '../utils/logger';
import { deriveSecret } from '../utils/secrets';
import { Membership } from './collectorShards';
import type { ShardSettings, ShardSource } from './collectorShards';
import { collectorTeam } from './collectorSnapshot';
import type { CollectorSnapshot, ConfigTeam } from './collectorSnapshot';

export { loadCollectorSnapshot } from './collectorSnapshot';
export type { CollectorSnapshot, PlacedTeam } from './collectorSnapshot';

/** The part of the configuration that configs of collectors depend on. */
export type ConfigSettings = Pick<
  Config,
  'secret' | 'collectorMemoryLimitMiB' | 'collectorStorageDirectory'
>;

/** What a config is to be built from, beside the secrets of today. */
export interface ShardInputs extends ShardSettings {
  tenants: readonly TenantId[];
}

/** A shard's config. */
export interface BuiltShard {
  /** With its secrets. */
  body: string;
  /** SHA-256 of the body. */
  hashHex: string;
  config: CollectorConfig;
  /** What a collector must have to run it. */
  requires: ComponentTypes;
  leftOut: readonly LeftOut[];
  warnings: readonly string[];
  /** Keys and passwords that it holds, as they are. */
  secrets: ReadonlySet<string>;
}

function buildOptions(options: GroupOptions, settings: ConfigSettings, placeholderOf: string) {
  return {
    placeholderToken: deriveSecret(settings.secret, `collector-placeholder/${placeholderOf}`),
    ...groupSettings(options, {
      memoryLimitMiB: settings.collectorMemoryLimitMiB,
      storageDirectory: settings.collectorStorageDirectory,
    }),
  };
}

/** For whoever has no more than an ingestion key, which browsers carry: the collector names its own credentials. */
function withoutPassword(team: CollectorTeam): CollectorTeam {
  if (team.credentials.kind === 'env') return team;
  const { database, timeout } = team.credentials;
  return {
    ...team,
    credentials: { kind: 'env', database, ...(timeout === undefined ? {} : { timeout }) },
  };
}

function build(
  source: ShardSource,
  { options, fragment, tenants }: ShardInputs,
  settings: ConfigSettings,
): BuiltConfig | undefined {
  const chosen = new Set(tenants);
  // Who is suspended is among them, to be turned away: a key of theirs is nobody else's meanwhile.
  const teams = source.teams.filter(
    ({ tenantId, suspended }) => suspended === true || chosen.has(tenantId),
  );
  const kind = source.kind === 'dedicated' ? 'dedicated' : 'shared';
  const parsed: { fragment?: ParsedFragment } =
    fragment === null ? {} : { fragment: parseFragment(fragment, kind) };
  if (kind === 'shared') {
    return buildSharedConfig({
      teams,
      quarantined: source.quarantined,
      ...buildOptions(options, settings, source.id),
      ...parsed,
    });
  }
  const [team] = teams;
  if (!team) return undefined;
  return buildDedicatedConfig({
    team: source.byKey ? withoutPassword(team) : team,
    ...buildOptions(options, settings, team.teamId),
    ...parsed,
  });
}

/**
 * Builds the config of a shard: with these settings, for those of these tenants that it still has, with the keys and
 * passwords of now. Pure: every process builds the same from the same.
 * @returns `undefined` where nothing can be offered: its team is gone, or nobody of it can be written for.
 * @throws TenancyError `invalid_request` for a fragment that was stored and is no longer taken.
 */
export function buildShard(
  source: ShardSource,
  inputs: ShardInputs,
  settings: ConfigSettings,
): BuiltShard | undefined {
  if (!source.complete) return undefined;
  const built = build(source, inputs, settings);
  if (!built) return undefined;
  return {
    ...built,
    hashHex: createHash('sha256').update(built.body).digest('hex'),
    requires: requiredComponents(built.config),
    secrets: new Set(source.teams.flatMap(secretsOf)),
  };
}

/** What of a team must reach no log and no reader: its keys, and the password of its tenant's writer. */
export function secretsOf({ apiKey, previousKeys = [], credentials }: CollectorTeam): string[] {
  const password = credentials.kind === 'literal' ? [credentials.password] : [];
  return [apiKey, ...previousKeys, ...password];
}

/** A config for its readers: on many lines, and without its secrets. */
export function readableConfig({ config, secrets }: BuiltShard): string {
  return prettyJson(redactConfig(config, (text) => secrets.has(text)));
}

/** What a shard's config is to be built from where nothing holds it back. */
export function liveInputs({ settings, served }: ShardSource): ShardInputs {
  return { ...settings, tenants: served };
}

/**
 * The text of a group's config as its settings are, with what is wrong with it in the log.
 * @returns `undefined` as {@link buildShard}, and for a group that there is not.
 */
export function buildGroupConfig(
  group: CollectorGroup,
  snapshot: CollectorSnapshot,
  settings: ConfigSettings,
  log: Logger,
): string | undefined {
  const source = new Membership(snapshot).sourceOf(groupId(group));
  const built = source && buildShard(source, liveInputs(source), settings);
  if (!built) return undefined;
  logFaults(source, built, log);
  return built.body;
}

/** Says in the log what is wrong with a config that was built. */
export function logFaults(
  { id }: Pick<ShardSource, 'id'>,
  { leftOut, warnings }: Pick<BuiltShard, 'leftOut' | 'warnings'>,
  log: Logger,
): void {
  for (const { teamId, tenantId, code, reason } of leftOut) {
    log.error(
      { tenant: tenantId, team: teamId, code },
      `team left out of the collectors' config: ${reason}`,
    );
  }
  for (const warning of warnings) log.warn({ group: id }, warning);
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
    ...buildOptions({}, settings, team._id.toString()),
  }).config;
}
