import { emptyDatabase, systemReads } from '../access';
import { quoteIdentifier } from '../tables/quote';
import { listed } from './fault';
import type { Fault } from './fault';
import type { ObservedGrant } from './observed';

/** A line of `system.privileges`: whoever has the group has the privilege. */
export interface PrivilegeGroup {
  name: string;
  /** Blank for the topmost. */
  parent: string;
}

interface Need {
  privilege: string;
  /** `null`: on everything. */
  database: string | null;
  table?: string;
  /** To hand on to tenants' users. */
  grantOption?: true;
}

const accessManagement = ['USER', 'SETTINGS PROFILE', 'QUOTA'].flatMap((kind) =>
  ['CREATE', 'ALTER', 'DROP'].map((verb) => `${verb} ${kind}`),
);
/** What only this examination asks for. */
const shown = ['SHOW USERS', 'SHOW ROLES', 'SHOW SETTINGS PROFILES', 'SHOW QUOTAS'];
/** Read by this examination alone: the SHOW privileges do not open them. */
const examined = ['grants', 'role_grants', 'settings_profile_elements', 'quota_limits'];
const ddl = [
  'CREATE TABLE',
  'CREATE VIEW',
  'DROP TABLE',
  'DROP VIEW',
  'ALTER ADD COLUMN',
  'ALTER ADD INDEX',
  'ALTER TTL',
  'ALTER SETTINGS',
];

function needs({ database, cluster }: { database: string; cluster?: string | undefined }): Need[] {
  const everywhere = [
    ...accessManagement,
    ...shown,
    // Of the user that views run as.
    'SET DEFINER',
    ...(cluster === undefined ? [] : ['CLUSTER']),
  ];
  return [
    ...everywhere.map((privilege) => ({ privilege, database: null })),
    { privilege: 'CREATE DATABASE', database: emptyDatabase },
    ...ddl.map((privilege) => ({ privilege, database })),
    ...['SELECT', 'INSERT', 'SHOW COLUMNS'].map((privilege): Need => {
      return { privilege, database, grantOption: true };
    }),
    ...systemReads.map(({ table }): Need => {
      return { privilege: 'SELECT', database: 'system', table, grantOption: true };
    }),
    ...examined.map((table) => ({ privilege: 'SELECT', database: 'system', table })),
  ];
}

function written({ privilege, database, table, grantOption }: Need): string {
  const where = database === null ? '*.*' : `${quoteIdentifier(database)}.${table ?? '*'}`;
  return `${privilege} ON ${where}${grantOption ? ' WITH GRANT OPTION' : ''}`;
}

/**
 * What the administrator of a target lacks. Grants of less than the place that is needed do not count, and neither does
 * a REVOKE on a part of it.
 * @param grants its own, and those of its roles.
 */
export function* compareRights(
  at: { username: string; database: string; cluster?: string | undefined },
  grants: readonly ObservedGrant[],
  groups: readonly PrivilegeGroup[],
): Generator<Fault> {
  const parents = new Map(groups.map(({ name, parent }) => [name, parent]));
  const lacking = needs(at)
    // SET DEFINER and the like came with some release.
    .filter(({ privilege }) => parents.has(privilege))
    .filter((need) => !isHeld(need, grants, withGroups(need.privilege, parents)))
    .map(written);
  if (lacking.length === 0) return;
  yield {
    check: 'target.rights',
    severity: 'error',
    tenant: null,
    message: `The administrator lacks ${lacking.length} right(s): ${listed(lacking)}.`,
    fix: `GRANT them TO ${quoteIdentifier(at.username)}; docs/doctor.md has the whole list.`,
  };
}

function withGroups(privilege: string, parents: ReadonlyMap<string, string>): Set<string> {
  const names = new Set<string>();
  for (let name = privilege; name !== '' && !names.has(name); name = parents.get(name) ?? '') {
    names.add(name);
  }
  return names.add('ALL');
}

function isHeld(need: Need, grants: readonly ObservedGrant[], names: ReadonlySet<string>): boolean {
  const covers = ({ privilege, database, table, column }: ObservedGrant): boolean =>
    names.has(privilege) &&
    column === null &&
    (database === null || database === need.database) &&
    (table === null || table === need.table);
  const granted = grants.some(
    (grant) => !grant.isRevoke && covers(grant) && (!need.grantOption || grant.grantOption),
  );
  return granted && !grants.some((grant) => grant.isRevoke && covers(grant));
}

/** Others that hold IMPERSONATE: where the server lets them (`EXECUTE AS`), they may act as a tenant's user. */
export function* compareImpersonators(names: readonly string[]): Generator<Fault> {
  if (names.length === 0) return;
  yield {
    check: 'server.impersonation',
    severity: 'warning',
    tenant: null,
    message: `These hold IMPERSONATE, and may act as tenants' users where the server has EXECUTE AS: ${listed(names)}.`,
    fix: 'REVOKE IMPERSONATE from them, and set access_control_improvements.allow_impersonate_user to 0 in the configuration of the server.',
  };
}
