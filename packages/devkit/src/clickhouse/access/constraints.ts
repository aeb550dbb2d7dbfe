import { ServerError } from '../errors';
import { tokens, type Token } from '../lexer';
import { filterSetting } from './systemReads';
import { defaultProfile, type AccessState, type SettingElement } from './state';
import { nameOf } from './tokenReader';

/** What the engine knows of settings. */
export interface EngineSettings {
  /** The setting that a name stands for; an alias has another. */
  resolve(name: string): string;
  /** Its value where nobody has changed it; nothing for a name that is no setting. */
  valueOf(name: string): string | undefined;
}

export type SettingChange = readonly [name: string, value: string];

/** What a profile, with all that it inherits, makes of the settings of who has it. */
export interface EffectiveProfile {
  values: ReadonlyMap<string, string>;
  constraints: ReadonlyMap<string, SettingElement>;
}

/**
 * A constraint takes the place of an inherited one for the same setting, as with `settings_constraints_replace_previous`
 * on a server.
 */
export function effectiveProfile(
  state: AccessState,
  profile: string | undefined,
  engine: EngineSettings,
): EffectiveProfile {
  const values = new Map<string, string>();
  const constraints = new Map<string, SettingElement>();
  const seen = new Set<string>();
  const add = (name: string | undefined): void => {
    if (name === undefined || name === defaultProfile || seen.has(name)) return;
    seen.add(name);
    for (const element of state.profiles.get(name)?.elements ?? []) {
      if ('inherit' in element) {
        add(element.inherit);
        continue;
      }
      const { value, min, max, writability } = element;
      const setting = engine.resolve(element.setting);
      if (value !== undefined) values.set(setting, value);
      if (min !== undefined || max !== undefined || writability !== undefined) {
        constraints.set(setting, element);
      }
    }
  };
  add(profile);
  return { values, constraints };
}

/**
 * What no query of a user may set: the filters are this front's own, another dialect would read what was judged as something
 * else, and a profile brings settings that nobody has looked at.
 */
const reserved: ReadonlySet<string> = new Set([filterSetting, 'dialect', 'profile']);

/**
 * Checks what a query sets, in its parameters or in its text, as ClickHouse's SettingsConstraints does.
 * @throws ServerError 164 for what `readonly` forbids, 392 for `allow_ddl`, 452 for what a constraint forbids.
 */
export function checkChanges(
  { values, constraints }: EffectiveProfile,
  changes: readonly SettingChange[],
  engine: EngineSettings,
): void {
  const current = (name: string): string | undefined => values.get(name) ?? engine.valueOf(name);
  const readonly = Number(current('readonly') ?? 0);
  for (const [given, value] of changes) {
    const name = engine.resolve(given);
    if (reserved.has(name)) throw violation(`Setting ${given} should not be changed`);
    const before = current(name);
    if (before !== undefined && isSame(before, value)) continue;
    if (name === 'allow_ddl' && isSame(current(name) ?? '1', '0')) {
      const message = `Cannot modify 'allow_ddl' setting when DDL queries are prohibited for the user`;
      throw new ServerError(392, 'QUERY_IS_PROHIBITED', message);
    }
    const constraint = constraints.get(name);
    const changeable = constraint?.writability === 'CHANGEABLE_IN_READONLY';
    if ((readonly === 1 && !changeable) || (readonly > 1 && name === 'readonly')) {
      throw new ServerError(164, 'READONLY', `Cannot modify '${given}' setting in readonly mode`);
    }
    if (constraint) checkConstraint(given, value, constraint);
  }
}

function checkConstraint(name: string, value: string, constraint: SettingElement): void {
  const { min, max, writability } = constraint;
  if (writability === 'CONST') throw violation(`Setting ${name} should not be changed`);
  const number = asNumber(value);
  // What is no number is outside any range: not compared is not checked.
  if (min !== undefined && !(number >= Number(min))) {
    throw violation(`Setting ${name} shouldn't be less than ${min}`);
  }
  if (max !== undefined && !(number <= Number(max))) {
    throw violation(`Setting ${name} shouldn't be greater than ${max}`);
  }
}

const violation = (message: string): ServerError =>
  new ServerError(452, 'SETTING_CONSTRAINT_VIOLATION', message);

function asNumber(value: string): number {
  if (/^(true|false)$/i.test(value)) return value.toLowerCase() === 'true' ? 1 : 0;
  return value.trim() === '' ? NaN : Number(value);
}

const isSame = (a: string, b: string): boolean => a === b || asNumber(a) === asNumber(b);

/**
 * Every setting that a statement states in a SETTINGS clause of its own or of a subquery; the value is blank where it
 * is no plain one.
 * @param canonical the engine's own writing, in which keywords are upper case.
 */
export function settingsIn(canonical: string): SettingChange[] {
  const list = [...tokens(canonical)];
  const changes: SettingChange[] = [];
  for (let index = 0; index < list.length; index++) {
    if (list[index]?.text !== 'SETTINGS') continue;
    do {
      const [name, equals] = [nameOf(list[index + 1]), list[index + 2]];
      if (name === undefined || equals?.text !== '=') break;
      const { text, next } = plainValue(list, index + 3);
      changes.push([name, text]);
      index = next;
    } while (list[index]?.text === ',');
  }
  return changes;
}

/** Reads a value up to what follows it: a comma, a bracket that was open before, another clause. */
function plainValue(list: readonly Token[], start: number): { text: string; next: number } {
  const first = list[start];
  if (first?.kind === 'symbol' && /[[({]/.test(first.text)) {
    let next = start + 1;
    while (next < list.length && (list[next]?.depth ?? 0) > first.depth) next += 1;
    return { text: '', next: next + 1 };
  }
  if (first?.text === '-') return { text: `-${list[start + 1]?.text ?? ''}`, next: start + 2 };
  return { text: nameOf(first) ?? first?.text ?? '', next: start + 1 };
}
