import { sortedGrants } from './grantList';
import { quotaResources, type AccessState, type Grant, type Profile, type User } from './state';

/** The tables of `system` that show users and rights. */
export const accessTables = [
  'users',
  'grants',
  'settings_profiles',
  'settings_profile_elements',
  'quotas',
  'quota_limits',
] as const;
export type AccessTable = (typeof accessTables)[number];

/** A row of such a table; columns left out have their type's default. */
type Row = Record<string, unknown>;

/** What the server itself brings, as a server shows what it has from its users file. */
export interface Administrator {
  name: string;
  hasPassword: boolean;
}

const noId = '00000000-0000-0000-0000-000000000000';

/** Where a server keeps what statements made, and what its users file holds. */
const ours = { storage: 'local_directory' };
const builtIn = { storage: 'users_xml', id: noId };

/** The rows of a table, as a server of release 25 shows them. */
export function systemRows(
  table: AccessTable,
  state: AccessState,
  administrator: Administrator,
): Row[] {
  switch (table) {
    case 'users':
      return [administratorRow(administrator), ...[...state.users.values()].map(userRow)];
    case 'grants':
      return [
        { user_name: administrator.name, access_type: 'ALL', grant_option: 1 },
        ...[...state.users.values()].flatMap(({ name, grants }) =>
          sortedGrants(grants).map((grant) => grantRow(name, grant)),
        ),
      ];
    case 'settings_profiles':
      return [{ name: 'default', ...builtIn }, ...[...state.profiles.values()].map(profileRow)];
    case 'settings_profile_elements':
      return [
        ...[...state.profiles.values()].flatMap(elementRows),
        ...[...state.users.values()].flatMap(({ name, profile }) =>
          profile === undefined ? [] : [{ user_name: name, index: 0, inherit_profile: profile }],
        ),
      ];
    case 'quotas':
      return [...state.quotas.values()].map(({ name, id, intervals, users }) => ({
        ...ours,
        name,
        id,
        durations: intervals.map(({ seconds }) => seconds),
        apply_to_list: users,
      }));
    case 'quota_limits':
      return [...state.quotas.values()].flatMap(({ name, intervals }) =>
        intervals.map(({ seconds, limits }) => ({
          quota_name: name,
          duration: seconds,
          ...Object.fromEntries(
            quotaResources.map((resource) => [`max_${resource}`, limits[resource] ?? null]),
          ),
        })),
      );
  }
}

const anyHost = ['::/0'];

function administratorRow({ name, hasPassword }: Administrator): Row {
  return {
    ...builtIn,
    name,
    auth_type: [hasPassword ? 'plaintext_password' : 'no_password'],
    auth_params: ['{}'],
    host_ip: anyHost,
    default_roles_all: 1,
    grantees_any: 1,
  };
}

function userRow(user: User): Row {
  const { name, id, passwords, hosts, grantees, defaultDatabase = '' } = user;
  return {
    ...ours,
    name,
    id,
    auth_type: passwords.map(() => 'sha256_password'),
    auth_params: passwords.map(() => '{}'),
    host_ip: hosts === 'any' ? anyHost : [],
    default_roles_all: 1,
    grantees_any: grantees === 'any' ? 1 : 0,
    default_database: defaultDatabase,
  };
}

function grantRow(user: string, { privilege, database, table }: Grant): Row {
  return { user_name: user, access_type: privilege, database, table: table ?? null };
}

/** `apply_to_list` stays empty: a profile that a user's own settings name is an element of the user. */
function profileRow({ name, id, elements }: Profile): Row {
  return { ...ours, name, id, num_elements: elements.length };
}

function elementRows({ name, elements }: Profile): Row[] {
  return elements.map((element, index) => {
    const row = { profile_name: name, index };
    if ('inherit' in element) return { ...row, inherit_profile: element.inherit };
    const { setting, value = null, min = null, max = null, writability = null } = element;
    return { ...row, setting_name: setting, value, min, max, writability };
  });
}
