import {
  effectiveValues,
  platformSettings,
  SettingsOverride,
  SettingsPatch,
} from '@hyperdx-tenancy/domain/plans';
import { Option } from 'commander';

import { CliError } from './exitCodes';
import { describeIssues } from './validate';

/** As `GET /tenants/:id/effective` names them. */
const names: readonly string[] = effectiveValues({ platform: platformSettings }).map(
  ({ name }) => name,
);

/** An option that may be given several times. */
const each = (value: string, before: string[] | undefined): string[] => [...(before ?? []), value];

export const settingOption = () =>
  new Option(
    '--setting <name=value>',
    'what differs from the plan, such as retentionHours.logs=168; may be repeated',
  ).argParser(each);

export const unsetOption = () =>
  new Option('--unset <name>', 'take this setting from the plan again; may be repeated').argParser(
    each,
  );

function usage(message: string): CliError {
  return new CliError('usage', message);
}

/** A number, a word, or the JSON of a quota's intervals, as `tenant effective` prints them. */
function parseValue(text: string, at: string): unknown {
  if (/^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  if (!/^[[{]/.test(text)) return text;
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new CliError('usage', `${at}: is not JSON.`, 'usage', { cause });
  }
}

type Assignment = [name: string, value: unknown];

function parseAssignment(text: string): Assignment {
  const split = text.indexOf('=');
  if (split < 1) throw usage(`--setting ${text}: must be name=value.`);
  const name = text.slice(0, split);
  return [name, parseValue(text.slice(split + 1), `--setting ${name}`)];
}

/** `[['reader.maxMemoryBytes', 1], ['partitioning', 'week']]` as `{reader: {maxMemoryBytes: 1}, partitioning: 'week'}`. */
function nest(assignments: readonly Assignment[]): object {
  const seen = new Set<string>();
  const groups = new Map<string, unknown>();
  for (const [name, value] of assignments) {
    if (!names.includes(name))
      throw usage(`${name}: there is no such setting; there are ${names.join(', ')}.`);
    if (seen.has(name)) throw usage(`${name}: is stated twice.`);
    seen.add(name);
    const [group = '', setting] = name.split('.');
    groups.set(
      group,
      setting === undefined
        ? value
        : { ...(groups.get(group) as object | undefined), [setting]: value },
    );
  }
  return Object.fromEntries(groups);
}

/**
 * Settings of a tenant that is made, from `name=value` each.
 * @throws CliError `usage` naming what is wrong.
 */
export function parseSettings(set: readonly string[]): SettingsOverride {
  const parsed = SettingsOverride.safeParse(nest(set.map(parseAssignment)));
  if (parsed.success) return parsed.data;
  throw usage(`--setting ${describeIssues(parsed.error, '')}.`);
}

/**
 * A change of a tenant's settings: `name=value` each, and names whose override goes.
 * @throws CliError `usage` naming what is wrong.
 */
export function parseSettingsPatch(
  set: readonly string[],
  unset: readonly string[],
): SettingsPatch {
  const assignments = [
    ...set.map(parseAssignment),
    ...unset.map((name): Assignment => [name, null]),
  ];
  if (assignments.some(([name]) => name === 'partitioning'))
    throw usage('partitioning: cannot be changed; tables keep what they were made with.');
  const parsed = SettingsPatch.safeParse(nest(assignments));
  if (parsed.success) return parsed.data;
  throw usage(`--setting ${describeIssues(parsed.error, '')}.`);
}

/** A setting's value as it is typed: words and numbers as they are, intervals as JSON. */
export function showValue(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Settings as `name=value` each, in the order in which they come. */
export function showSettings(settings: Readonly<Record<string, unknown>>, prefix = ''): string[] {
  return Object.entries(settings).flatMap(([key, value]) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? showSettings(value as Record<string, unknown>, `${prefix}${key}.`)
      : [`${prefix}${key}=${showValue(value)}`],
  );
}
