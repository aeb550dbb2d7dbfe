import { TenancyError } from '../errors';
import type { TenantId } from '../ids';
import { parseTenantId } from '../ids';
import type { SiteTemplates } from './siteTable';
import type { Signal } from './template';
import type { ClickHouseVersion } from './version';
import { isAtLeast, oldestVersion } from './version';

/** `Replicated*` engines keep a table's log in Keeper under `path`, as `replica`; both may hold the server's macros. */
export type Engine = 'MergeTree' | { replicated: { path: string; replica: string } };

/** Coarser partitions mean fewer parts, which a table per tenant runs out of first; data then outlives its retention by up to one. */
export type Partitioning = 'day' | 'week' | 'month';

/** Hours that rows are kept, by signal. */
export type Retention = Record<Signal, number>;

/** The place of a tenant's tables: enough to name and to drop them. */
export interface TablesAt {
  tenantId: TenantId;
  database: string;
  /** Runs each statement `ON CLUSTER` this one. */
  cluster?: string;
}

/** Everything a tenant's DDL depends on. */
export interface TablesContext extends TablesAt {
  clickhouseVersion: ClickHouseVersion;
  engine: Engine;
  partitioning: Partitioning;
  retention: Retention;
  /** The user that views run as; without it whoever creates them, whose removal then stops every insert. */
  definer?: string;
  /** The site's own columns and indexes. */
  site?: SiteTemplates;
}

/** `HYPERDX_OTEL_EXPORTER_TABLES_TTL` of HyperDX 2.36: 720h. */
export const defaultRetention: Readonly<Retention> = {
  logs: 720,
  traces: 720,
  sessions: 720,
  metrics: 720,
};

/**
 * 50 years. A TTL is a DateTime, which ends in 2106 and wraps: a longer retention would delete rows at once.
 */
export const maxRetentionHours = 438_000;

/**
 * Refuses what would make a statement fail half way through a tenant, or do harm later.
 * @throws TenancyError `invalid_request` naming the field, `invalid_tenant_id`.
 */
export function checkContext(context: TablesContext): void {
  parseTenantId(context.tenantId);
  const { clickhouseVersion: version, engine } = context;
  if (!isAtLeast(version, oldestVersion)) {
    refuse(
      `clickhouseVersion: ${version.major}.${version.minor} is older than ${oldestVersion.major}.${oldestVersion.minor}.`,
    );
  }
  for (const [signal, hours] of Object.entries(context.retention)) {
    if (!Number.isInteger(hours) || hours < 1 || hours > maxRetentionHours) {
      refuse(`retention.${signal}: whole hours from 1 to ${maxRetentionHours}.`);
    }
  }
  // One path for all tables would let the first create and make every other one fail.
  if (engine !== 'MergeTree' && !/\{(table|uuid)\}/.test(engine.replicated.path)) {
    refuse('engine.replicated.path: must hold {table} or {uuid}, so that each table has its own.');
  }
}

function refuse(message: string): never {
  throw new TenancyError('invalid_request', message);
}
