import { defaultQuota, defaultReaderLimits, defaultWriterLimits } from '../access/limits';
import { defaultRetention } from '../tables/context';
import type { Settings, SettingsOverride, SettingsPatch } from './settings';

/**
 * Where a value in force comes from: the tenant's own override, its plan, the platform (configuration and defaults), or
 * its tables, which keep what they were made with.
 */
export type Origin = 'tenant' | 'plan' | 'platform' | 'tables';

/** One setting in force. */
export interface EffectiveValue {
  /** `retentionHours.logs`, `partitioning`, ... */
  name: string;
  value: unknown;
  origin: Origin;
}

/** What the design calls the platform's: in force where neither tenant nor plan says otherwise. */
export const platformSettings: Readonly<Settings> = {
  retentionHours: defaultRetention,
  partitioning: 'day',
  reader: defaultReaderLimits,
  writer: defaultWriterLimits,
  quota: { reader: defaultQuota, writer: defaultQuota },
};

/** What the settings of one tenant are made of, the weakest first. */
export interface SettingsSources {
  platform: Settings;
  /** Of the tenant's plan, where it has one. */
  plan?: SettingsOverride | undefined;
  tenant?: SettingsOverride | undefined;
  /** What the tenant's tables were made with: changing it later would not change them. */
  tables?: Pick<Settings, 'partitioning'> | undefined;
}

type Values = Map<string, { value: unknown; origin: Origin }>;

function collect(values: Values, origin: Origin, from: object, prefix = ''): void {
  for (const [key, value] of Object.entries(from) as [string, unknown][]) {
    if (value === undefined) continue;
    const name = `${prefix}${key}`;
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      collect(values, origin, value, `${name}.`);
    } else {
      values.set(name, { value, origin });
    }
  }
}

function valuesOf({ platform, plan, tenant, tables }: SettingsSources): Values {
  // Every name comes with the platform's value: the order of the answer is always the same.
  const values: Values = new Map();
  collect(values, 'platform', platform);
  if (plan) collect(values, 'plan', plan);
  if (tenant) collect(values, 'tenant', tenant);
  if (tables) collect(values, 'tables', tables);
  return values;
}

/** Each setting in force, and whose word it is. */
export function effectiveValues(sources: SettingsSources): EffectiveValue[] {
  return [...valuesOf(sources)].map(([name, { value, origin }]) => ({ name, value, origin }));
}

/** The settings in force: tenant's override, else plan's, else platform's. */
export function effectiveSettings(sources: SettingsSources): Settings {
  const { platform, plan = {}, tenant = {}, tables } = sources;
  return {
    retentionHours: defined(platform.retentionHours, plan.retentionHours, tenant.retentionHours),
    partitioning:
      tables?.partitioning ?? tenant.partitioning ?? plan.partitioning ?? platform.partitioning,
    reader: defined(platform.reader, plan.reader, tenant.reader),
    writer: defined(platform.writer, plan.writer, tenant.writer),
    quota: defined(platform.quota, plan.quota, tenant.quota),
  };
}

/** The last value stated for each key. */
function defined<T extends object>(base: T, ...overrides: (object | undefined)[]): T {
  const stated = overrides.map((override) =>
    Object.fromEntries(Object.entries(override ?? {}).filter(([, value]) => value !== undefined)),
  );
  return Object.assign({}, base, ...stated) as T;
}

/**
 * Overrides after a change: JSON merge patch (RFC 7396), by group and setting. A group without settings goes as well.
 */
export function patchSettings(current: SettingsOverride, patch: SettingsPatch): SettingsOverride {
  const merged = new Map<string, unknown>(Object.entries(current));
  for (const [group, change] of Object.entries(patch)) {
    const settings = new Map<string, unknown>(
      change === null ? [] : Object.entries((merged.get(group) as object | undefined) ?? {}),
    );
    for (const [name, value] of Object.entries(change ?? {})) {
      if (value === null) settings.delete(name);
      else if (value !== undefined) settings.set(name, value);
    }
    if (settings.size === 0) merged.delete(group);
    else merged.set(group, Object.fromEntries(settings));
  }
  return Object.fromEntries(merged);
}
