import { setTimeout as sleep } from 'node:timers/promises';

import { createClient } from '@clickhouse/client';
import type { ClickHouseClient } from '@clickhouse/client';
import { waitFor } from '@hyperdx-tenancy/devkit/process';
import type { TenantView } from '@hyperdx-tenancy/domain/contracts/tenant';
import { getTenantTableName, parseTenantId } from '@hyperdx-tenancy/domain/ids';

import { sumOf, talliesOf } from '../harness/collectorAccount';
import { groupAdmin } from '../harness/collectorGroups';
import type { GroupAdmin } from '../harness/collectorGroups';
import { startCollectorKind } from '../harness/collectorKinds';
import type { CollectorKind } from '../harness/collectorKinds';
import { startLoad } from '../harness/collectorLoad';
import type { Load } from '../harness/collectorLoad';
import { report } from '../harness/collectorReport';
import { otlpRequests } from '../harness/otlp';
import type { Sample } from '../harness/otlp';
import { attempt, send } from '../harness/sender';
import { startBackend } from '../harness/stack';
import type { Backend } from '../harness/stack';
import { calm, senderOf, TRAFFIC, underLoad } from './collectorLoads';
import type { Observed } from './collectorLoads';

/*
 * One tenant's table is gone: its exporter would try the same records again and again, and, started without it, leave a column
 * out for good.
 */

const KINDS: readonly CollectorKind[] = [
  'our supervisor file over ws',
  'a stock-like one over http',
];

let backend: Backend;
let clickhouse: ClickHouseClient;
let group: GroupAdmin;
let others: TenantView[];
let ill: TenantView;
/** Of the ill tenant. */
const acknowledged: Sample[] = [];
let probes = 0;
const observed: Observed[] = [];

beforeAll(async () => {
  backend = await startBackend({
    // On a busy machine the exporter's first query may take longer than the 2 s of our configs.
    endpointParameters: { dial_timeout: '10s' },
    env: { TENANCY_COLLECTOR_STORAGE_DIRECTORY: '/var/lib/otelcol/queues' },
  });
  clickhouse = createClient(backend.clickhouse.client());
  const { api } = backend;
  group = groupAdmin(api, 'shared:default');
  others = [await api.createTenant('Acme'), await api.createTenant('Globex')];
  ill = await api.createTenant('Ill');
  // One after the other: at its start a supervisor runs a collector on the port that collectors have by default.
  for (const kind of KINDS) {
    const collector = await startCollectorKind(kind, api, api.collectorToken);
    observed.push({ name: kind, kind, collector });
  }
  const keys = [...others, ill].map((tenant) => senderOf(tenant).key);
  await Promise.all(observed.map(({ collector }) => collector.knows(keys)));
}, 180_000);

afterAll(async () => {
  await Promise.all(observed.map(({ collector }) => collector.stop()));
  await clickhouse.close();
  await backend.stop();
}, 60_000);

/** A look at a target is taken again before a change when it is older than 5 s. */
const FRESH_MS = 5_500;

/** Rounds of records of each kind, each under ids of its own. */
async function sendAsIll(endpoint: string, mark: string): Promise<Sample[]> {
  const samples = TRAFFIC.signals.flatMap((signal) =>
    Array.from({ length: 10 }, (_, index) => ({
      signal,
      owner: ill.id,
      id: `${signal}-${mark}-${index}`,
    })),
  );
  const { accepted, refused } = await send(endpoint, senderOf(ill).key, samples);
  expect(refused).toEqual([]);
  return accepted;
}

/** What a sender of the ill tenant is told at its first try, whatever it sends. */
async function answersToIll(endpoint: string): Promise<Set<number | undefined>> {
  probes += 1;
  const samples = TRAFFIC.signals.map((signal) => ({
    signal,
    owner: ill.id,
    id: `${signal}-probe-${probes}`,
  }));
  const statuses = new Set<number | undefined>();
  for (const request of otlpRequests(samples, 'e2e')) {
    const status = await attempt(endpoint, senderOf(ill).key, request);
    statuses.add(status);
    // What was let in before it was kept apart is in a queue, and counts.
    if (status === 200) acknowledged.push(...request.samples);
  }
  return statuses;
}

async function isKeptApart(): Promise<boolean> {
  return (await group.show()).quarantine.some(({ tenant }) => tenant === ill.id);
}

it('a tenant whose table is gone is kept apart, and served again when it is back', async () => {
  const table = getTenantTableName('otel_logs', parseTenantId(ill.id));
  const loads: Load[] = [];
  const withIll = async (mark: string): Promise<void> => {
    for (const [index, { collector }] of observed.entries()) {
      acknowledged.push(...(await sendAsIll(collector.endpoint, `${mark}-${index}`)));
    }
  };
  try {
    await underLoad(
      'a table is gone',
      { observed, tenants: others, store: backend.store },
      async (during) => {
        await during('before', () => withIll('before'));
        await during('it is gone', async () => {
          await clickhouse.command({ query: `DROP TABLE ${table}` });
          // Into queues that cannot be emptied.
          await withIll('into the queue');
        });
        await during(
          'a change comes: its tenant is kept apart',
          async () => {
            await sleep(FRESH_MS);
            return backend.api.createTenant('Later');
          },
          async ({ collector }, later) => {
            await collector.knows([senderOf(later).key]);
            const told = (): Promise<Set<number | undefined>> => answersToIll(collector.endpoint);
            // With that change, or soon after: a group does not wait for an answer that takes long.
            await waitFor(async () => !(await told()).has(200), {
              what: 'the tenant to be kept apart',
              timeoutMs: 60_000,
              intervalMs: 100,
            });
            // Try again later, and nothing else.
            expect(await told()).toEqual(new Set([503]));
            expect(await isKeptApart()).toBe(true);
            const options = { ...TRAFFIC, endpoint: collector.endpoint };
            loads.push(startLoad(senderOf(ill), 'kept apart', options));
          },
        );
        await during('apart', calm);
        await during('it is back', async () => {
          await clickhouse.command({ query: `UNDROP TABLE ${table}` });
          await waitFor(async () => !(await isKeptApart()), {
            what: 'the tenant to be kept apart no longer',
            timeoutMs: 60_000,
            intervalMs: 500,
          });
          // Those who tried all the time are let in.
          const phases = await Promise.all(loads.map((load) => load.stop()));
          expect(phases.flat().flatMap(({ refused }) => [...refused])).toEqual([]);
          acknowledged.push(...phases.flat().flatMap((phase) => phase.acknowledged));
          await withIll('after');
        });
        await calm();
      },
    );
    const { tallies, foreign } = await talliesOf(backend.store, ill.id, TRAFFIC.signals, [
      acknowledged,
    ]);
    report([
      {
        scenario: 'a table is gone',
        what: 'its tenant',
        sent: acknowledged.length,
        ...sumOf(tallies),
      },
    ]);
    expect(loads).toHaveLength(observed.length);
    expect(tallies).toMatchObject([{ lost: 0 }]);
    expect(foreign).toBe(0);
  } finally {
    for (const load of loads) load.abandon();
  }
}, 300_000);
