import { setTimeout as sleep } from 'node:timers/promises';

import type { TenantView } from '@hyperdx-tenancy/domain/contracts/tenant';

import type { CollectorKind } from '../harness/collectorKinds';
import type { LoadOptions, Sender } from '../harness/collectorLoad';
import { report } from '../harness/collectorReport';
import { startTraffic } from '../harness/collectorTraffic';
import type { Collector } from '../harness/stack';
import type { Store } from '../harness/store';

/** One of the collectors that a scenario is about. */
export interface Observed {
  /** As it is reported. */
  name: string;
  kind: CollectorKind;
  collector: Collector;
}

/**
 * Something that happens once, and what then happens to each collector; what is sent meanwhile is accounted for by itself.
 * Resolves when all are through.
 */
export type During<Of> = <T>(
  what: string,
  once: () => Promise<T>,
  each?: (of: Of, result: T) => Promise<void>,
) => Promise<T>;

/** What is sent besides what a scenario sends itself. */
export const TRAFFIC = {
  signals: ['logs', 'traces', 'gauge'],
  everyMs: 300,
} as const satisfies Partial<LoadOptions>;

export const senderOf = ({ id, teams }: TenantView): Sender => ({
  id,
  key: teams[0]?.apiKey ?? '',
});

const CALM_MS = 1_500;

/** A moment in which nothing is done. */
export const calm = (): Promise<void> => sleep(CALM_MS);

/**
 * Sends for tenants through each of the collectors while things happen, and reports it: nothing that was acknowledged may be
 * missing, nothing refused for good, nothing found with another tenant.
 */
export async function underLoad<Of extends Observed>(
  scenario: string,
  {
    observed,
    tenants,
    store,
    deadlineMs,
  }: {
    observed: readonly Of[];
    tenants: readonly TenantView[];
    store: Store;
  } & Pick<LoadOptions, 'deadlineMs'>,
  work: (during: During<Of>) => Promise<void>,
): Promise<void> {
  const all = observed.map((of) => ({
    of,
    traffic: startTraffic(`${scenario}: ${of.name}`, tenants.map(senderOf), {
      ...TRAFFIC,
      ...(deadlineMs === undefined ? {} : { deadlineMs }),
      endpoint: of.collector.endpoint,
    }),
  }));
  try {
    await work(async (what, once, each) => {
      const result = once();
      await Promise.all(
        all.map(({ of, traffic }) =>
          traffic.during(what, async () => {
            const done = await result;
            await each?.(of, done);
          }),
        ),
      );
      return result;
    });
    const settled = await Promise.all(all.map(({ traffic }) => traffic.settle(store)));
    report(settled.flatMap(({ rows }) => rows));
    for (const { rows, foreign, refusals } of settled) {
      expect(rows.filter(({ lost }) => lost > 0)).toEqual([]);
      expect(refusals).toEqual([]);
      expect(foreign).toBe(0);
      for (const { sent, acknowledged } of rows) expect(acknowledged).toBe(sent);
    }
  } finally {
    for (const { traffic } of all) traffic.abandon();
  }
}
