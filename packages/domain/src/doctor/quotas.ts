import type { QuotaInterval, UserAccess } from '../access';
import { quotaResources } from '../access';
import type { TenantId } from '../ids';
import { applyAgain, listed } from './fault';
import type { Fault } from './fault';
import type { ObservedInterval, ObservedQuota } from './observed';

function limitsOf(interval: QuotaInterval): Map<string, number> {
  return new Map(
    Object.entries(quotaResources).flatMap(([key, resource]) => {
      const value = interval[key as keyof typeof quotaResources];
      return value === undefined ? [] : [[resource, value] as const];
    }),
  );
}

function differences(
  seconds: number,
  wanted: QuotaInterval | undefined,
  found: ObservedInterval | undefined,
): string[] {
  if (!wanted) return found ? [`there is an interval of ${seconds} s`] : [];
  if (!found) return [`the interval of ${seconds} s is missing`];
  const limits = limitsOf(wanted);
  const names = [...new Set([...limits.keys(), ...Object.keys(found.limits)])].sort();
  return names
    .filter((name) => limits.get(name) !== found.limits[name])
    .map(
      (name) =>
        `${name} in ${seconds} s is ${found.limits[name] ?? 'unlimited'} instead of ${limits.get(name) ?? 'unlimited'}`,
    );
}

/** Compares the quota of one user of a tenant with what it should be. */
export function* compareQuota(
  tenantId: TenantId,
  { quota, user, intervals }: UserAccess,
  found: ObservedQuota | undefined,
): Generator<Fault> {
  const of = (message: string): Fault => {
    return {
      check: 'access.quotas',
      severity: 'warning',
      tenant: tenantId,
      message,
      fix: applyAgain(tenantId),
    };
  };
  if (!found) {
    yield of(`Quota ${quota} is missing.`);
    return;
  }
  if (found.appliesToAll || found.isKeyed || found.users.join() !== user) {
    yield of(`Quota ${quota} is not that of user ${user} alone.`);
  }
  const wanted = new Map(intervals.map((interval) => [interval.seconds as number, interval]));
  const there = new Map(found.intervals.map((interval) => [interval.seconds, interval]));
  const differing = [...new Set([...wanted.keys(), ...there.keys()])]
    .sort((a, b) => a - b)
    .flatMap((seconds) => differences(seconds, wanted.get(seconds), there.get(seconds)));
  if (differing.length > 0) {
    yield of(`Quota ${quota} is not as it should be: ${listed(differing)}.`);
  }
}
