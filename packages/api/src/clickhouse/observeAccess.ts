import { ClickHouseError } from '@clickhouse/client';
import type {
  ObservedAccess,
  ObservedElement,
  ObservedGrant,
  ObservedInterval,
  ObservedQuota,
  ObservedUser,
} from '@hyperdx-tenancy/domain/doctor/observed';
import type { PrivilegeGroup } from '@hyperdx-tenancy/domain/doctor/rights';
import { quotaResources } from '@hyperdx-tenancy/domain/access';
import { TenancyError } from '@hyperdx-tenancy/domain/errors';
import type { ObservedObject } from '@hyperdx-tenancy/domain/tables';

import { select } from './run';
import type { Target } from './target';
import type { Login } from './tenantTables';

/** What all names of ours begin with. */
const OURS = 'hdx_';

/** ClickHouse's JSON has flags as numbers or as words, and 64-bit numbers as texts, by release and setting. */
type Flag = number | boolean;
type Numeric = number | string | null;

/**
 * Users, profiles and quotas of ours, as `system` shows them: one query for each of its tables, whatever the number of
 * tenants. Without roles, which need a right of their own: {@link observeRoles}.
 * @throws TenancyError `clickhouse_rejected`, `clickhouse_unavailable`.
 */
export async function observeAccess(target: Target): Promise<Omit<ObservedAccess, 'roles'>> {
  const [users, grants, profiles, elements, quotas] = await Promise.all([
    observeUsers(target),
    observeGrants(target),
    observeProfileNames(target),
    observeElements(target),
    observeQuotas(target),
  ]);
  return {
    users,
    grants,
    profiles: new Map(profiles.map((name) => [name, elements.byProfile.get(name) ?? []])),
    userSettings: elements.byUser,
    quotas,
  };
}

async function observeUsers(target: Target): Promise<Map<string, ObservedUser[]>> {
  const rows = await target.select<{
    name: string;
    auth: string;
    hosts: string[];
    grantees: Flag;
    database: string;
  }>(
    // `auth_type` is one value before 24.9, and a list from then on.
    `SELECT name, toString(auth_type) AS auth,
            arrayConcat(host_ip, host_names, host_names_regexp, host_names_like) AS hosts,
            grantees_any OR notEmpty(grantees_list) AS grantees, default_database AS database
     FROM system.users WHERE startsWith(name, {ours:String})`,
    { ours: OURS },
  );
  return groupBy(
    rows.map(({ name, auth, hosts, grantees, database }) => ({
      name,
      auth: auth.match(/\w+/g) ?? [],
      hosts,
      hasGrantees: Boolean(grantees),
      defaultDatabase: database,
    })),
    ({ name }) => name,
  );
}

type GrantTuple = [
  privilege: string,
  database: string | null,
  table: string | null,
  column: string | null,
  isRevoke: Flag,
  grantOption: Flag,
];

const GRANT_TUPLE =
  '(toString(access_type), database, table, column, is_partial_revoke, grant_option)';

function toGrant([
  privilege,
  database,
  table,
  column,
  isRevoke,
  grantOption,
]: GrantTuple): ObservedGrant {
  return {
    privilege,
    database,
    table,
    column,
    isRevoke: Boolean(isRevoke),
    grantOption: Boolean(grantOption),
  };
}

async function observeGrants(target: Target): Promise<Map<string, ObservedGrant[]>> {
  const rows = await target.select<{ user: string; list: GrantTuple[] }>(
    `SELECT assumeNotNull(user_name) AS user, groupArray(${GRANT_TUPLE}) AS list
     FROM system.grants WHERE startsWith(ifNull(user_name, ''), {ours:String}) GROUP BY user`,
    { ours: OURS },
  );
  return new Map(rows.map(({ user, list }) => [user, list.map(toGrant)]));
}

/** Roles granted to users of ours, by user. @throws as {@link observeAccess}. */
export async function observeRoles(target: Target): Promise<Map<string, string[]>> {
  const rows = await target.select<{ user: string; roles: string[] }>(
    `SELECT assumeNotNull(user_name) AS user, groupArray(granted_role_name) AS roles
     FROM system.role_grants WHERE startsWith(ifNull(user_name, ''), {ours:String}) GROUP BY user`,
    { ours: OURS },
  );
  return new Map(rows.map(({ user, roles }) => [user, roles]));
}

async function observeProfileNames(target: Target): Promise<string[]> {
  const rows = await target.select<{ name: string }>(
    'SELECT name FROM system.settings_profiles WHERE startsWith(name, {ours:String})',
    { ours: OURS },
  );
  return rows.map(({ name }) => name);
}

type ElementTuple = [
  index: Numeric,
  setting: string | null,
  value: string | null,
  min: string | null,
  max: string | null,
  writability: string | null,
  inherits: string | null,
];

async function observeElements(
  target: Target,
): Promise<Record<'byProfile' | 'byUser', Map<string, ObservedElement[]>>> {
  const rows = await target.select<{ profile: string; user: string; list: ElementTuple[] }>(
    `SELECT ifNull(profile_name, '') AS profile, ifNull(user_name, '') AS user,
            groupArray((index, setting_name, value, min, max, toString(writability), inherit_profile)) AS list
     FROM system.settings_profile_elements
     WHERE startsWith(ifNull(profile_name, ''), {ours:String}) OR startsWith(ifNull(user_name, ''), {ours:String})
     GROUP BY profile, user`,
    { ours: OURS },
  );
  const of = (list: ElementTuple[]): ObservedElement[] =>
    list
      .sort(([a], [b]) => Number(a) - Number(b))
      .map(([, setting, value, min, max, writability, inherits]) => {
        return { setting, value, min, max, writability, inherits };
      });
  return {
    byProfile: new Map(
      rows.flatMap(({ profile, list }) => (profile === '' ? [] : [[profile, of(list)] as const])),
    ),
    byUser: new Map(
      rows.flatMap(({ user, list }) => (user === '' ? [] : [[user, of(list)] as const])),
    ),
  };
}

async function observeQuotas(target: Target): Promise<Map<string, ObservedQuota>> {
  const resources = Object.values(quotaResources);
  const [quotas, limits] = await Promise.all([
    target.select<{ name: string; users: string[]; keyed: Flag; all: Flag }>(
      `SELECT name, apply_to_list AS users, notEmpty(keys) AS keyed, apply_to_all AS all
       FROM system.quotas WHERE startsWith(name, {ours:String})`,
      { ours: OURS },
    ),
    target.select<{ quota: string; seconds: Numeric } & Record<string, Numeric>>(
      `SELECT quota_name AS quota, duration AS seconds, ${resources.map((name) => `max_${name} AS ${name}`).join(', ')}
       FROM system.quota_limits WHERE startsWith(quota_name, {ours:String})`,
      { ours: OURS },
    ),
  ]);
  const intervals = groupBy(limits, ({ quota }) => quota);
  const interval = (row: Record<string, Numeric>): ObservedInterval => ({
    seconds: Number(row['seconds']),
    limits: Object.fromEntries(
      resources.flatMap((name) => (row[name] == null ? [] : [[name, Number(row[name])]])),
    ),
  });
  return new Map(
    quotas.map(({ name, users, keyed, all }) => [
      name,
      {
        name,
        users,
        isKeyed: Boolean(keyed),
        appliesToAll: Boolean(all),
        intervals: (intervals.get(name) ?? []).map(interval),
      },
    ]),
  );
}

/** What the administrator was granted, by itself and by its roles, and how privileges are grouped. @throws as {@link observeAccess}. */
export async function observeRights(
  target: Target,
): Promise<{ grants: ObservedGrant[]; groups: PrivilegeGroup[] }> {
  const [rows, groups] = await Promise.all([
    target.select<{ tuple: GrantTuple }>(
      `SELECT ${GRANT_TUPLE} AS tuple FROM system.grants
       WHERE user_name = {user:String} OR role_name IN (SELECT toString(role_name) FROM system.enabled_roles)`,
      { user: target.config.username },
    ),
    target.select<PrivilegeGroup>(
      `SELECT toString(privilege) AS name, ifNull(toString(parent_group), '') AS parent FROM system.privileges`,
    ),
  ]);
  return { grants: rows.map(({ tuple }) => toGrant(tuple)), groups };
}

/**
 * Users and roles of others that hold IMPERSONATE. Whether the server lets them use it (`EXECUTE AS`) cannot be read:
 * `system.server_settings` of 26.7 lists `allow_impersonate_user` as off, where the configuration's other place for it,
 * which it does not list, makes it on. Whoever holds ALL needs no such way. @throws as {@link observeAccess}.
 */
export async function observeImpersonators(target: Target): Promise<string[]> {
  const rows = await target.select<{ name: string }>(
    // As a text: releases that do not know the privilege would refuse it.
    `SELECT DISTINCT coalesce(user_name, role_name, '') AS name FROM system.grants
     WHERE toString(access_type) = 'IMPERSONATE' AND NOT is_partial_revoke AND NOT startsWith(ifNull(user_name, ''), {ours:String})
     ORDER BY name LIMIT 100`,
    { ours: OURS },
  );
  return rows.map(({ name }) => name);
}

/** Everything in a target's database with the name of a tenant's table, by name. @throws as {@link observeAccess}. */
export async function observeTables(target: Target): Promise<Map<string, ObservedObject>> {
  const rows = await target.select<{ name: string; engine: string; comment: string }>(
    `SELECT name, engine, comment FROM system.tables
     WHERE database = {database:String} AND match(name, '_[a-f0-9]{24}$')`,
    { database: target.config.database },
  );
  return new Map(
    rows.map(({ name, engine, comment }) => [
      name,
      { name, kind: engine === 'MaterializedView' ? 'view' : 'table', comment },
    ]),
  );
}

/**
 * Asks something as a tenant's user.
 * @returns ClickHouse's error code, or 0 where it answered; what it answered is of no interest.
 * @throws TenancyError where it was no answer of ClickHouse's.
 */
export async function askAs(target: Target, login: Login, sql: string): Promise<number> {
  try {
    await select(target.admin, sql, {}, login);
    return 0;
  } catch (error) {
    if (!(error instanceof TenancyError && error.cause instanceof ClickHouseError)) throw error;
    return Number(error.cause.code);
  }
}

function groupBy<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group) group.push(item);
    else groups.set(key(item), [item]);
  }
  return groups;
}
