import type { AnyOrNone, Grant, Interval, PasswordHash, ProfileElement } from './state';

/** What CREATE or ALTER USER states; what is left out stays as it is. */
export interface UserChanges {
  /** `replace`: all earlier passwords cease to be valid. */
  password?: PasswordHash & { how: 'replace' | 'add' };
  /** RESET AUTHENTICATION METHODS TO NEW. */
  keepsNewestPassword?: true;
  hosts?: AnyOrNone;
  grantees?: AnyOrNone;
  /** Nothing for DEFAULT DATABASE NONE. */
  defaultDatabase?: { name: string | undefined };
  profile?: string;
}

/** An interval that a statement names: what it then has, or that it is gone. */
export type IntervalChange = Interval | { seconds: number; limits: 'none' };

/** CREATE `unless` exists (IF NOT EXISTS); ALTER and DROP `if` exists (IF EXISTS). */
export type Command =
  | { kind: 'create user'; name: string; unlessExists: boolean; changes: UserChanges }
  | { kind: 'alter user'; name: string; ifExists: boolean; changes: UserChanges }
  | { kind: 'drop user'; name: string; ifExists: boolean }
  | {
      kind: 'create profile';
      name: string;
      unlessExists: boolean;
      elements: readonly ProfileElement[];
    }
  | {
      kind: 'alter profile';
      name: string;
      ifExists: boolean;
      elements: readonly ProfileElement[];
    }
  | { kind: 'drop profile'; name: string; ifExists: boolean }
  | {
      kind: 'create quota';
      name: string;
      unlessExists: boolean;
      intervals: readonly IntervalChange[];
      users?: readonly string[];
    }
  | {
      kind: 'alter quota';
      name: string;
      ifExists: boolean;
      intervals: readonly IntervalChange[];
      users?: readonly string[];
    }
  | { kind: 'drop quota'; name: string; ifExists: boolean }
  | { kind: 'grant'; grants: readonly Grant[]; users: readonly string[]; replaces: boolean }
  | { kind: 'revoke'; grants: readonly Grant[]; users: readonly string[] };
