import type { ReaderLimits } from '../access/limits';
import { defaultReaderLimits } from '../access/limits';
import type { SettingRule } from '../access/settings';
import { readerSettings } from '../access/settings';
import type { Refusal } from './verdict';
import { refuse } from './verdict';

/** What becomes of a setting that a request carries. */
export type SettingOutcome = 'pass' | 'drop' | Refusal;

/** Left out without a word: the platform sets them itself, or they ask for nothing that a tenant's answer has. */
const dropped: Readonly<Record<string, string>> = {
  readonly: 'the platform sets it; HyperDX sends 1 and 2',
  send_progress_in_http_headers: 'the clients of ClickHouse send it; answers come without progress',
  http_headers_progress_interval_ms: 'goes with it',
  log_comment: 'HyperDX and Grafana may name their query; the log is the operator’s',
};

/** Values of settings without a range are words, lists of words, or numbers. */
const plainValue = /^[A-Za-z0-9_, .-]{1,200}$/;
const truths: Readonly<Record<string, string>> = { true: '1', false: '0' };

/**
 * Whether a query may have this setting, in the URL or in its SETTINGS clause: those that a reader's profile marks as
 * changeable, within their ranges; no others.
 */
export function checkSetting(
  name: string,
  value: string,
  limits: ReaderLimits = defaultReaderLimits,
): SettingOutcome {
  if (Object.hasOwn(dropped, name)) return 'drop';
  const rule = readerSettings(limits).find((one) => one.name === name);
  if (rule?.access !== 'changeable')
    return refuse('setting', 'This setting may not be changed', name);
  return isWithin(rule, value)
    ? 'pass'
    : refuse('setting', `${name} may be ${rangeOf(rule)}, not`, value);
}

function isWithin({ min, max }: SettingRule, value: string): boolean {
  if (min === undefined && max === undefined) return plainValue.test(value);
  const text = truths[value.toLowerCase()] ?? value;
  if (!/^\d{1,15}(\.\d{1,9})?$/.test(text)) return false;
  const number = Number(text);
  return number >= (min ?? 0) && number <= (max ?? Number.MAX_SAFE_INTEGER);
}

function rangeOf({ min, max }: SettingRule): string {
  if (min === undefined && max === undefined) return 'a plain word or number';
  return min === max ? String(min) : `from ${min ?? 0} to ${max ?? 'any number'}`;
}
