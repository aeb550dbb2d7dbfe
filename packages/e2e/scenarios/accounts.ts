import { waitFor } from '@hyperdx-tenancy/devkit/process';
import { parseTenantId } from '@hyperdx-tenancy/domain/ids';

import type { Sample } from '../harness/otlp';
import { samplesFor } from '../harness/samples';
import { send } from '../harness/sender';
import { signalNames } from '../harness/signals';
import type { Store } from '../harness/store';

let marks = 0;

/**
 * Sends a record of each kind under a valid key, after others that must not be stored: once these are found, a record that
 * was let in before them would be there as well, in the same batch of that tenant's exporter or an earlier one.
 * @returns all that was acknowledged for this tenant, the marks included.
 */
export async function marked(
  endpoint: string,
  key: string,
  owner: string,
  before: readonly Sample[] = [],
): Promise<Sample[]> {
  marks += 1;
  const { accepted, refused } = await send(endpoint, key, samplesFor(owner, 1, `mark${marks}`));
  expect(refused).toEqual([]);
  return [...before, ...accepted];
}

const STORED_TIMEOUT_MS = 30_000;

/**
 * Every accepted record is in its tenant's table exactly once, and nothing else is in any of the tenant's
 * tables: no record twice, none of another tenant, none that was refused.
 * @param accepted all that was acknowledged for this tenant, by everyone.
 */
export async function expectExactly(
  store: Store,
  tenantId: string,
  accepted: readonly Sample[],
): Promise<void> {
  const tenant = parseTenantId(tenantId);
  const stored = async (): Promise<Record<string, string[]>> =>
    Object.fromEntries(
      await Promise.all(
        signalNames.map(async (signal) => {
          const records = await store.records(tenant, signal);
          return [signal, records.map(({ id, owner }) => `${owner} ${id}`).sort()] as const;
        }),
      ),
    );
  const expected = Object.fromEntries(
    signalNames.map((signal) => [
      signal,
      accepted
        .filter((sample) => sample.signal === signal)
        .map(({ id, owner }) => `${owner} ${id}`)
        .sort(),
    ]),
  );
  const size = (records: Record<string, string[]>): number => Object.values(records).flat().length;
  // Queues are flushed within about a second; what is off then is shown by the comparison.
  await waitFor(async () => size(await stored()) >= size(expected), {
    what: `${size(expected)} rows of tenant ${tenantId}`,
    timeoutMs: STORED_TIMEOUT_MS,
    intervalMs: 200,
  }).catch(() => undefined);
  expect(await stored()).toEqual(expected);
}
