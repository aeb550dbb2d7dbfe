import type { TenantId } from '../ids';
import { parseTenantId } from '../ids';
import type { Grant } from './grants';
import { readerGrants, writerGrants } from './grants';
import type { QuotaInterval, ReaderLimits, WriterLimits } from './limits';
import {
  checkLimits,
  checkQuota,
  checkReaderLimits,
  defaultQuota,
  defaultReaderLimits,
  defaultWriterLimits,
} from './limits';
import type { AccessRole } from './names';
import { profileName, quotaName, readerPins, userName } from './names';
import type { ServerSetting, SettingRule } from './settings';
import { knownRules, readerSettings, spokenOf, writerSettings } from './settings';

/**
 * How a reader is kept from changing settings off the allow-list.
 * - `readonly`: `readonly = 1`, the allow-list `CHANGEABLE_IN_READONLY`. The default. Needs the server's
 *   `settings_constraints_replace_previous`, and refuses the `readonly=2` that HyperDX's raw-SQL charts, alerts and MCP
 *   send: for where the query door sets `readonly` itself.
 * - `pins`: `readonly = 2`, and every other setting `CONST` in one profile per target (`renderReaderPins`), which has to
 *   be renewed when the server is upgraded. Accepts `readonly=2`, and needs nothing of the server.
 */
export type ReaderMode = 'readonly' | 'pins';

export interface AccessOptions {
  tenantId: TenantId;
  /** Of the tenant's tables. */
  database: string;
  /** `system.settings` of the target. */
  serverSettings: readonly ServerSetting[];
  /** @default 'readonly' */
  readerMode?: ReaderMode;
  /** Limits that differ from the defaults. */
  reader?: Partial<ReaderLimits>;
  writer?: Partial<WriterLimits>;
  /** @default {@link defaultQuota} for each */
  quota?: Partial<Record<AccessRole, readonly QuotaInterval[]>>;
}

/** One ClickHouse user of a tenant, with all that belongs to it: data, from which statements and users files are made. */
export interface UserAccess {
  role: AccessRole;
  user: string;
  database: string;
  profile: string;
  /** A profile whose settings and constraints `profile` takes over. */
  inherits?: string;
  quota: string;
  grants: readonly Grant[];
  settings: readonly SettingRule[];
  /** `settings` marked changeable are `CHANGEABLE_IN_READONLY`. */
  changeableInReadonly: boolean;
  intervals: readonly QuotaInterval[];
}

export interface TenantAccess {
  tenantId: TenantId;
  reader: UserAccess;
  writer: UserAccess;
}

/**
 * What a tenant may do in ClickHouse, as data.
 * @throws TenancyError `invalid_tenant_id`; `invalid_request` for a limit that is 0 or too low for HyperDX.
 */
export function accessFor(options: AccessOptions): TenantAccess {
  const tenantId = parseTenantId(options.tenantId);
  const reader = { ...defaultReaderLimits, ...options.reader };
  const writer = { ...defaultWriterLimits, ...options.writer };
  checkReaderLimits(reader);
  checkLimits(writer);
  const mode = options.readerMode ?? 'readonly';
  const known = (rules: SettingRule[]) => knownRules(rules, options.serverSettings);
  const common = (role: AccessRole) => {
    const intervals = options.quota?.[role] ?? defaultQuota;
    checkQuota(intervals);
    return {
      role,
      user: userName(role, tenantId),
      database: options.database,
      profile: profileName(role, tenantId),
      quota: quotaName(role, tenantId),
      intervals,
    };
  };
  return {
    tenantId,
    reader: {
      ...common('reader'),
      ...(mode === 'pins' && { inherits: readerPins }),
      grants: readerGrants(tenantId, options.database),
      settings: [readonlyRule(mode), ...known(readerSettings(reader))],
      changeableInReadonly: mode === 'readonly',
    },
    writer: {
      ...common('writer'),
      grants: writerGrants(tenantId, options.database),
      settings: known(writerSettings(writer)),
      changeableInReadonly: false,
    },
  };
}

/** The access of a tenant that is suspended: its writer keeps what its exporter asks at start, and inserts nothing. */
export function withoutInserts({ writer, ...rest }: TenantAccess): TenantAccess {
  const grants = writer.grants.map((grant) => ({
    ...grant,
    privileges: grant.privileges.filter((privilege) => privilege !== 'INSERT'),
  }));
  return { ...rest, writer: { ...writer, grants } };
}

/** What the profile of pins holds fast: every setting of the server that no reader's profile speaks of. */
export function pinnedNames(server: readonly ServerSetting[]): string[] {
  const stated = spokenOf([readonlyRule('pins'), ...readerSettings(defaultReaderLimits)], server);
  return server.map(({ name }) => name).filter((name) => !stated.has(name));
}

function readonlyRule(mode: ReaderMode): SettingRule {
  return {
    name: 'readonly',
    access: 'const',
    value: mode === 'pins' ? 2 : 1,
    why: 'a reader reads, and does not make itself anything else',
  };
}
