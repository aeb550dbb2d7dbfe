import { randomUUID } from 'node:crypto';
import { badArguments } from '../errors';
import type { Command, IntervalChange, UserChanges } from './commands';
import { addGrants, removeGrants } from './grantList';
import { alreadyExists, cannotChange, noSuch, noSuchGrantee } from './refusals';
import {
  defaultProfile,
  type AccessState,
  type Interval,
  type ProfileElement,
  type User,
} from './state';

/** ClickHouse's `max_authentication_methods_per_user`. */
const maxPasswords = 100;

/**
 * The state after a statement. All of it holds, or nothing.
 * @param administrator the server's own user, whom no statement changes.
 * @throws ServerError as a server would: 192, 180, 199, 511 for what is not there, 493 for what is, 495, 36.
 */
export function apply(state: AccessState, command: Command, administrator: string): AccessState {
  switch (command.kind) {
    case 'create user':
    case 'alter user':
    case 'drop user':
      return applyToUser(state, command, administrator);
    case 'create profile':
    case 'alter profile':
    case 'drop profile':
      return applyToProfile(state, command);
    case 'create quota':
    case 'alter quota':
    case 'drop quota':
      return applyToQuota(state, command);
    case 'grant':
      return changeUsers(state, command.users, (user) => ({
        ...user,
        grants: addGrants(command.replaces ? [] : user.grants, command.grants),
      }));
    case 'revoke':
      return changeUsers(state, command.users, (user) => ({
        ...user,
        grants: removeGrants(user.grants, command.grants),
      }));
  }
}

type Of<K extends Command['kind']> = Extract<Command, { kind: K }>;

function applyToUser(
  state: AccessState,
  command: Of<'create user' | 'alter user' | 'drop user'>,
  administrator: string,
): AccessState {
  const { name } = command;
  const existing = state.users.get(name);
  if (command.kind === 'drop user') {
    if (name === administrator) throw cannotChange('user', name);
    if (!existing) return unchanged(state, command.ifExists, () => noSuch('user', name));
    const quotas = mapValues(state.quotas, (quota) => ({
      ...quota,
      users: quota.users.filter((user) => user !== name),
    }));
    return { ...state, users: without(state.users, name), quotas };
  }
  // Also where the statement then changes nothing, as on a server.
  if (command.changes.profile !== undefined) requireProfile(state, command.changes.profile);
  if (command.kind === 'create user') {
    if (existing || name === administrator) {
      return unchanged(state, command.unlessExists, () => alreadyExists('user', name));
    }
    const user: User = {
      name,
      id: randomUUID(),
      passwords: [],
      hosts: 'any',
      grantees: 'any',
      grants: [],
    };
    return { ...state, users: put(state.users, changed(user, command.changes)) };
  }
  if (name === administrator) throw cannotChange('user', name);
  if (!existing) return unchanged(state, command.ifExists, () => noSuch('user', name));
  return { ...state, users: put(state.users, changed(existing, command.changes)) };
}

function changed(user: User, changes: UserChanges): User {
  const { defaultDatabase: before, ...rest } = user;
  const { defaultDatabase = { name: before }, hosts, grantees, profile } = changes;
  return {
    ...rest,
    ...(hosts !== undefined && { hosts }),
    ...(grantees !== undefined && { grantees }),
    ...(profile !== undefined && { profile }),
    ...(defaultDatabase.name !== undefined && { defaultDatabase: defaultDatabase.name }),
    passwords: changedPasswords(user, changes),
  };
}

function changedPasswords(
  { passwords }: User,
  { password, keepsNewestPassword }: UserChanges,
): User['passwords'] {
  let list = passwords;
  if (password) {
    const { how, hash, salt } = password;
    list = [...(how === 'add' ? list : []), { hash, salt }];
  }
  if (keepsNewestPassword) list = list.slice(-1);
  if (list.length > maxPasswords) {
    throw badArguments(`A user can have at most ${maxPasswords} authentication methods`);
  }
  return list;
}

function applyToProfile(
  state: AccessState,
  command: Of<'create profile' | 'alter profile' | 'drop profile'>,
): AccessState {
  const { name } = command;
  const existing = state.profiles.get(name);
  if (command.kind !== 'create profile' && name === defaultProfile) {
    throw cannotChange('settings profile', name);
  }
  if (command.kind === 'drop profile') {
    if (!existing) {
      return unchanged(state, command.ifExists, () => noSuch('settings profile', name));
    }
    return withoutProfile(state, name);
  }
  for (const element of command.elements) {
    if ('inherit' in element) requireProfile(state, element.inherit);
  }
  if (command.kind === 'create profile') {
    if (existing || name === defaultProfile) {
      return unchanged(state, command.unlessExists, () => alreadyExists('settings profile', name));
    }
    const profile = { name, id: randomUUID(), elements: command.elements };
    return { ...state, profiles: put(state.profiles, profile) };
  }
  if (!existing) {
    return unchanged(state, command.ifExists, () => noSuch('settings profile', name));
  }
  return {
    ...state,
    profiles: put(state.profiles, { ...existing, elements: command.elements }),
  };
}

/** Who had the profile is without one from then on, and without its limits. */
function withoutProfile(state: AccessState, name: string): AccessState {
  const isOther = (element: ProfileElement): boolean =>
    !('inherit' in element && element.inherit === name);
  return {
    ...state,
    profiles: mapValues(without(state.profiles, name), (profile) => ({
      ...profile,
      elements: profile.elements.filter(isOther),
    })),
    users: mapValues(state.users, (user) => {
      const { profile, ...rest } = user;
      return profile === name ? rest : user;
    }),
  };
}

function applyToQuota(
  state: AccessState,
  command: Of<'create quota' | 'alter quota' | 'drop quota'>,
): AccessState {
  const { name } = command;
  const existing = state.quotas.get(name);
  if (command.kind === 'drop quota') {
    if (!existing) return unchanged(state, command.ifExists, () => noSuch('quota', name));
    return { ...state, quotas: without(state.quotas, name) };
  }
  for (const user of command.users ?? []) {
    if (!state.users.has(user)) throw noSuchGrantee(user);
  }
  if (command.kind === 'create quota' && existing) {
    return unchanged(state, command.unlessExists, () => alreadyExists('quota', name));
  }
  if (command.kind === 'alter quota' && !existing) {
    return unchanged(state, command.ifExists, () => noSuch('quota', name));
  }
  const before = existing ?? { name, id: randomUUID(), intervals: [], users: [] };
  const quota = {
    ...before,
    intervals: changedIntervals(before.intervals, command.intervals),
    users: command.users ?? before.users,
  };
  return { ...state, quotas: put(state.quotas, quota) };
}

/** Intervals of other lengths stay as they are. */
function changedIntervals(
  before: readonly Interval[],
  changes: readonly IntervalChange[],
): Interval[] {
  const named = new Set(changes.map(({ seconds }) => seconds));
  const stated = changes.flatMap(({ seconds, limits }) =>
    limits === 'none' ? [] : [{ seconds, limits }],
  );
  return [...before.filter(({ seconds }) => !named.has(seconds)), ...stated].toSorted(
    (a, b) => a.seconds - b.seconds,
  );
}

function changeUsers(
  state: AccessState,
  names: readonly string[],
  change: (user: User) => User,
): AccessState {
  let { users } = state;
  for (const name of names) {
    const user = users.get(name);
    if (!user) throw noSuchGrantee(name);
    users = put(users, change(user));
  }
  return { ...state, users };
}

function requireProfile(state: AccessState, name: string): void {
  if (name !== defaultProfile && !state.profiles.has(name)) throw noSuch('settings profile', name);
}

function unchanged(state: AccessState, tolerated: boolean, error: () => Error): AccessState {
  if (!tolerated) throw error();
  return state;
}

const put = <T extends { name: string }>(map: ReadonlyMap<string, T>, one: T): Map<string, T> =>
  new Map(map).set(one.name, one);

function without<T>(map: ReadonlyMap<string, T>, name: string): Map<string, T> {
  const rest = new Map(map);
  rest.delete(name);
  return rest;
}

const mapValues = <T>(map: ReadonlyMap<string, T>, change: (one: T) => T): Map<string, T> =>
  new Map([...map].map(([name, one]) => [name, change(one)]));
