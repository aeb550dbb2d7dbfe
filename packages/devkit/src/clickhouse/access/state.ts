/** The privileges that this user management knows, in the order in which a server lists them. */
export const privileges = ['SHOW COLUMNS', 'SELECT', 'INSERT'] as const;
export type Privilege = (typeof privileges)[number];

/** A privilege on one table, or on all of a database. */
export interface Grant {
  privilege: Privilege;
  database: string;
  table?: string;
}

/** `hash`: SHA-256 of the password followed by the salt, in lower-case hexadecimal digits. */
export interface PasswordHash {
  hash: string;
  salt: string;
}

/** Who may connect, or receive what a user may hand on. */
export type AnyOrNone = 'any' | 'none';

export interface User {
  name: string;
  id: string;
  /** Each lets its holder in; the newest comes last. */
  passwords: readonly PasswordHash[];
  hosts: AnyOrNone;
  grantees: AnyOrNone;
  defaultDatabase?: string;
  profile?: string;
  grants: readonly Grant[];
}

export type Writability = 'WRITABLE' | 'CONST' | 'CHANGEABLE_IN_READONLY';

/** One setting of a profile; what is left out is not stated. */
export interface SettingElement {
  setting: string;
  value?: string;
  min?: string;
  max?: string;
  writability?: Writability;
}

export type ProfileElement = SettingElement | { inherit: string };

export interface Profile {
  name: string;
  id: string;
  /** In the order in which they hold: a later one takes the place of an earlier one for the same setting. */
  elements: readonly ProfileElement[];
}

/** What a quota can limit, as `CREATE QUOTA` calls it; `max_<name>` in `system.quota_limits`. */
export const quotaResources = [
  'queries',
  'query_selects',
  'query_inserts',
  'errors',
  'result_rows',
  'result_bytes',
  'read_rows',
  'read_bytes',
  'execution_time',
  'written_bytes',
  'failed_sequential_authentications',
] as const;
export type QuotaResource = (typeof quotaResources)[number];

export interface Interval {
  seconds: number;
  limits: Partial<Record<QuotaResource, number>>;
}

export interface Quota {
  name: string;
  id: string;
  intervals: readonly Interval[];
  users: readonly string[];
}

/** All that access statements have made. A change makes a new one. */
export interface AccessState {
  readonly users: ReadonlyMap<string, User>;
  readonly profiles: ReadonlyMap<string, Profile>;
  readonly quotas: ReadonlyMap<string, Quota>;
}

export const emptyState: AccessState = { users: new Map(), profiles: new Map(), quotas: new Map() };

/** The profile that a server always has, and that nothing here can change. */
export const defaultProfile = 'default';
