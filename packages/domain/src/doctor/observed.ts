/** A row of `system.users`; two rows where two user directories have a user of one name. */
export interface ObservedUser {
  name: string;
  /** Of each password or other way in: `sha256_password`, `no_password`, ... */
  auth: readonly string[];
  /** Addresses and names from which it may come; `::/0` is any. */
  hosts: readonly string[];
  /** May hand on its rights to somebody. */
  hasGrantees: boolean;
  defaultDatabase: string;
}

/** A row of `system.grants`; `null` stands for all of them. */
export interface ObservedGrant {
  privilege: string;
  database: string | null;
  table: string | null;
  column: string | null;
  /** Takes away from a wider grant instead. */
  isRevoke: boolean;
  grantOption: boolean;
}

/** A row of `system.settings_profile_elements`: a setting, or another profile that is taken over. */
export interface ObservedElement {
  setting: string | null;
  value: string | null;
  min: string | null;
  max: string | null;
  /** `null`: not stated. */
  writability: string | null;
  inherits: string | null;
}

/** One interval of a quota; what is not limited is not in it. */
export interface ObservedInterval {
  seconds: number;
  /** By ClickHouse's name for the resource, such as `read_rows`. */
  limits: Readonly<Record<string, number>>;
}

export interface ObservedQuota {
  name: string;
  users: readonly string[];
  /** Whether users share it by something else than being named. */
  isKeyed: boolean;
  appliesToAll: boolean;
  intervals: readonly ObservedInterval[];
}

/** Everything of ours (`hdx_...`) in a target's access control. */
export interface ObservedAccess {
  users: ReadonlyMap<string, readonly ObservedUser[]>;
  /** By user. */
  grants: ReadonlyMap<string, readonly ObservedGrant[]>;
  /** By user; `undefined` where the server did not say. */
  roles: ReadonlyMap<string, readonly string[]> | undefined;
  /** Elements of each profile, in their order; none of a profile that is empty. */
  profiles: ReadonlyMap<string, readonly ObservedElement[]>;
  /** What users have by themselves, by user. */
  userSettings: ReadonlyMap<string, readonly ObservedElement[]>;
  quotas: ReadonlyMap<string, ObservedQuota>;
}
