import type { ServerSetting, SettingRule, UserAccess } from '../access';
import { pinnedNames, readerPins } from '../access';
import type { TenantId } from '../ids';
import { applyAgain, listed, shareAgain } from './fault';
import type { Fault } from './fault';
import type { ObservedElement } from './observed';

/** Finds the setting that a name stands for: ClickHouse may show an alias under either name. */
export type Resolve = (name: string) => string;

export function resolver(server: readonly ServerSetting[]): Resolve {
  const aliases = new Map(
    server.flatMap(({ name, aliasFor }) => (aliasFor === '' ? [] : [[name, aliasFor] as const])),
  );
  return (name) => aliases.get(name) ?? name;
}

/** As ClickHouse prints values: numbers in its own way, flags as 0 and 1 or as words. */
function isSame(stated: string | number | undefined, found: string | null): boolean {
  if (stated === undefined || found === null) return stated === undefined && found === null;
  if (String(stated) === found) return true;
  const number = { true: 1, false: 0 }[found] ?? (found.trim() === '' ? NaN : Number(found));
  return Number(stated) === number;
}

function differences(
  { name, access, value, min, max }: SettingRule,
  found: ObservedElement | undefined,
  changeableInReadonly: boolean,
): string[] {
  const changeable = changeableInReadonly ? 'CHANGEABLE_IN_READONLY' : 'WRITABLE';
  const wanted = access === 'const' ? 'CONST' : changeable;
  // Not stated is writable.
  const saysNothing = wanted === 'WRITABLE' && [value, min, max].every((one) => one === undefined);
  if (!found) return saysNothing ? [] : [`${name} is not stated`];
  const is = (what: string, is: string | null, should: string | number | undefined): string =>
    `${name} ${what} ${is ?? 'none'} instead of ${should ?? 'none'}`;
  return [
    ...((found.writability ?? 'WRITABLE') === wanted
      ? []
      : [is('is', found.writability ?? 'WRITABLE', wanted)]),
    ...(isSame(value, found.value) ? [] : [is('has the value', found.value, value)]),
    ...(isSame(min, found.min) ? [] : [is('has the minimum', found.min, min)]),
    ...(isSame(max, found.max) ? [] : [is('has the maximum', found.max, max)]),
  ];
}

/** The last element for a setting is the one that holds. */
function bySetting(
  elements: readonly ObservedElement[],
  resolve: Resolve,
): Map<string, ObservedElement> {
  return new Map(
    elements.flatMap((element) =>
      element.setting === null ? [] : [[resolve(element.setting), element] as const],
    ),
  );
}

/** Compares a tenant's settings profile with what it should state. */
export function* compareProfile(
  tenantId: TenantId,
  { profile, settings, inherits, changeableInReadonly }: UserAccess,
  found: readonly ObservedElement[] | undefined,
  resolve: Resolve,
): Generator<Fault> {
  const of = (message: string): Fault => {
    return {
      check: 'access.profiles',
      severity: 'error',
      tenant: tenantId,
      message,
      fix: applyAgain(tenantId),
    };
  };
  if (!found) {
    yield of(`Settings profile ${profile} is missing.`);
    return;
  }
  const parents = found.flatMap((element) => element.inherits ?? []);
  const wantedParents = inherits === undefined ? [] : [inherits];
  if (parents.join() !== wantedParents.join()) {
    yield of(
      `Settings profile ${profile} takes over ${listed(parents) || 'no other'} instead of ${listed(wantedParents) || 'no other'}.`,
    );
  }
  const there = bySetting(found, resolve);
  const stated = new Set(settings.map(({ name }) => resolve(name)));
  const differing = [
    ...settings.flatMap((rule) =>
      differences(rule, there.get(resolve(rule.name)), changeableInReadonly),
    ),
    ...[...there.keys()]
      .filter((name) => !stated.has(name))
      .sort()
      .map((name) => `${name} is stated and should not be`),
  ];
  if (differing.length > 0) {
    yield of(`Settings profile ${profile} is not as it should be: ${listed(differing)}.`);
  }
}

/** Compares the profile that all readers of a target inherit with the settings that its server has now. */
export function* comparePins(
  server: readonly ServerSetting[],
  found: readonly ObservedElement[] | undefined,
  resolve: Resolve,
): Generator<Fault> {
  const of = (message: string): Fault => {
    return { check: 'access.pins', severity: 'error', tenant: null, message, fix: shareAgain };
  };
  if (!found) {
    yield of(`Settings profile ${readerPins}, which all readers inherit, is missing.`);
    return;
  }
  const there = bySetting(found, resolve);
  const wanted = new Set(pinnedNames(server).map(resolve));
  const open = [...wanted].filter((name) => there.get(name)?.writability !== 'CONST').sort();
  if (open.length > 0) {
    yield of(
      `Settings profile ${readerPins} does not hold ${open.length} setting(s) that this release of ClickHouse has: ${listed(open)}.`,
    );
  }
  const others = [
    ...[...there.keys()].filter((name) => !wanted.has(name)),
    ...found.flatMap(({ inherits }) => (inherits === null ? [] : [`profile ${inherits}`])),
    ...[...there].flatMap(([name, { value }]) => (value === null ? [] : [`a value of ${name}`])),
  ].sort();
  if (others.length > 0) {
    yield of(`Settings profile ${readerPins} states what it should not: ${listed(others)}.`);
  }
}
