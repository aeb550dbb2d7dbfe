import { quoteIdentifier, quoteLiteral } from '../tables/quote';
import type { UserAccess } from './access';
import type { Grant } from './grants';
import type { QuotaInterval } from './limits';
import { quotaSeconds } from './limits';
import type { SettingRule } from './settings';

/** What follows SETTINGS in a profile, for one setting. */
export function renderSetting(
  { name, access, value, min, max }: SettingRule,
  { changeableInReadonly }: Pick<UserAccess, 'changeableInReadonly'>,
): string {
  const changeable = changeableInReadonly ? 'CHANGEABLE_IN_READONLY' : 'WRITABLE';
  return [
    quoteIdentifier(name),
    value !== undefined && `= ${typeof value === 'number' ? String(value) : quoteLiteral(value)}`,
    min !== undefined && `MIN ${min}`,
    max !== undefined && `MAX ${max}`,
    access === 'const' ? 'CONST' : changeable,
  ]
    .filter(Boolean)
    .join(' ');
}

/** Each limit of an interval, and what ClickHouse calls it. */
export const quotaResources = {
  queries: 'queries',
  errors: 'errors',
  resultRows: 'result_rows',
  resultBytes: 'result_bytes',
  readRows: 'read_rows',
  readBytes: 'read_bytes',
  writtenBytes: 'written_bytes',
  executionSeconds: 'execution_time',
} as const satisfies Record<Exclude<keyof QuotaInterval, 'seconds'>, string>;

/** All intervals that a quota can have; those not in the list lose the limits they may have had. */
export function renderIntervals(intervals: readonly QuotaInterval[]): string {
  return quotaSeconds
    .map((seconds) => {
      const interval = intervals.find((one) => one.seconds === seconds);
      return interval ? renderInterval(interval) : `FOR INTERVAL ${seconds} second NO LIMITS`;
    })
    .join(', ');
}

/** One interval of a quota; without limits it counts. */
function renderInterval(interval: QuotaInterval): string {
  const limits = Object.entries(quotaResources).flatMap(([key, resource]) => {
    const value = interval[key as keyof typeof quotaResources];
    return value === undefined ? [] : [`${resource} = ${value}`];
  });
  const what = limits.length === 0 ? 'TRACKING ONLY' : `MAX ${limits.join(', ')}`;
  return `FOR INTERVAL ${interval.seconds} second ${what}`;
}

/** `SELECT ON a.b, INSERT ON c.*`: what stands between GRANT or REVOKE and the user. */
export function renderPrivileges(grants: readonly Grant[]): string {
  return grants
    .flatMap(({ privileges, database, table }) => {
      const on = `${quoteIdentifier(database)}.${table === undefined ? '*' : quoteIdentifier(table)}`;
      return privileges.map((privilege) => `${privilege} ON ${on}`);
    })
    .join(', ');
}
