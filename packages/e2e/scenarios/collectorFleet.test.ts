import { setTimeout as sleep } from 'node:timers/promises';

import { waitFor } from '@hyperdx-tenancy/devkit/process';
import type { TenantView } from '@hyperdx-tenancy/domain/contracts/tenant';

import { talliesOf } from '../harness/collectorAccount';
import { collectorKinds, startCollectorKind } from '../harness/collectorKinds';
import type { CollectorKind } from '../harness/collectorKinds';
import { startLoad } from '../harness/collectorLoad';
import { report } from '../harness/collectorReport';
import { startInstall } from '../harness/hyperdx';
import type { Install } from '../harness/hyperdx';
import type { Sample } from '../harness/otlp';
import { keyIsKnown } from '../harness/sender';
import { Browser } from './browser';
import { calm, senderOf, TRAFFIC, underLoad } from './collectorLoads';
import type { During, Observed } from './collectorLoads';
import { makeHousehold, PASSWORD } from './people';

/*
 * Collectors of each kind, under real supervisors, while things happen around them. Senders that never give up account for
 * every record.
 */

/** So long the OpAMP server is gone, in two halves. */
const GONE_MS = 60_000;
/** Whose supervisors are restarted meanwhile: they have what was offered last from their disks. */
const RESTARTED: ReadonlySet<CollectorKind> = new Set([
  'our supervisor file over ws',
  'a stock-like one over http',
]);

let backend: Install;
let tenants: TenantView[];
const observed: Observed[] = [];

beforeAll(async () => {
  backend = await startInstall({
    // On a busy machine the exporter's first query may take longer than the 2 s of our configs.
    endpointParameters: { dial_timeout: '10s' },
    env: { TENANCY_COLLECTOR_STORAGE_DIRECTORY: '/var/lib/otelcol/queues' },
  });
  const { api } = backend;
  tenants = [await api.createTenant('Acme'), await api.createTenant('Globex')];
  // One after the other: at its start a supervisor runs a collector on the port that collectors have by default.
  for (const kind of Object.keys(collectorKinds) as CollectorKind[]) {
    const collector = await startCollectorKind(kind, api, api.collectorToken);
    observed.push({ name: kind, kind, collector });
  }
  const keys = tenants.map((tenant) => senderOf(tenant).key);
  await Promise.all(observed.map(({ collector }) => collector.knows(keys)));
}, 240_000);

afterAll(async () => {
  await Promise.all(observed.map(({ collector }) => collector.stop()));
  await backend.stop();
}, 60_000);

function loaded(
  scenario: string,
  work: (during: During<Observed>) => Promise<void>,
): Promise<void> {
  return underLoad(scenario, { observed, tenants, store: backend.store }, work);
}

it('a tenant that is added under load is served, and nobody loses a record', async () => {
  await loaded('tenant added', async (during) => {
    await during('before', calm);
    await during(
      'a tenant is added',
      () => backend.api.createTenant('Added'),
      ({ collector }, added) => collector.knows([senderOf(added).key]),
    );
    await calm();
  });
}, 180_000);

it('a key is renewed under load: no sender is refused before it can have the new one', async () => {
  const { tenant, email } = await makeHousehold(backend, 'Renewed');
  const former = senderOf(tenant);
  await Promise.all(observed.map(({ collector }) => collector.knows([former.key])));
  const browser = new Browser(backend.frontendUrl, backend.api.url);
  await browser.logIn(email, PASSWORD);
  const acknowledged: Sample[] = [];

  await loaded('key renewed', async (during) => {
    const loads = observed.map(({ collector }) => {
      const options = { ...TRAFFIC, endpoint: collector.endpoint };
      return { options, before: startLoad(former, 'former', options) };
    });
    try {
      await during('before', calm);
      const key = await during(
        'the new key is on its way',
        async () => {
          const answer = await browser.request('PATCH', '/team/apiKey');
          expect(answer.status).toBe(200);
          return ((await answer.json()) as { newApiKey: string }).newApiKey;
        },
        ({ collector }, renewed) => collector.knows([renewed]),
      );
      const after = loads.map(({ options }) => startLoad({ ...former, key }, 'new', options));
      const ended = await Promise.all(loads.map(({ before }) => before.stop()));
      await during('the former key is on its way out', calm, ({ collector: { endpoint } }) =>
        waitFor(async () => !(await keyIsKnown(endpoint, former.key)), {
          what: 'the former key to be refused',
          timeoutMs: 100_000,
          intervalMs: 200,
        }).then(() => undefined),
      );
      ended.push(...(await Promise.all(after.map((load) => load.stop()))));
      const phases = ended.flat();
      expect(phases.flatMap(({ refused }) => [...refused])).toEqual([]);
      acknowledged.push(...phases.flatMap((phase) => phase.acknowledged));
    } finally {
      for (const { before } of loads) before.abandon();
    }
  });
  const { tallies, foreign } = await talliesOf(backend.store, tenant.id, TRAFFIC.signals, [
    acknowledged,
  ]);
  report(
    tallies.map((tally) => ({
      scenario: 'key renewed',
      what: 'its own',
      sent: acknowledged.length,
      ...tally,
    })),
  );
  expect(tallies).toMatchObject([{ lost: 0 }]);
  expect(foreign).toBe(0);
}, 240_000);

it('collectors run on while the OpAMP server is gone for a minute, and restarted ones too', async () => {
  await loaded('server gone for a minute', async (during) => {
    await during('before', calm);
    await during('the server is gone', async () => {
      await backend.api.kill();
      await sleep(GONE_MS / 2);
    });
    await during('supervisors are restarted', async () => {
      const over = sleep(GONE_MS / 2);
      for (const { kind, collector } of observed) {
        if (RESTARTED.has(kind)) await collector.supervisor.restart();
      }
      await over;
    });
    await during(
      'the server is back',
      async () => {
        await backend.api.restart();
        return backend.api.createTenant('Later');
      },
      // A supervisor that was refused tries again within a minute.
      ({ collector }, later) => collector.knows([senderOf(later).key], 90_000),
    );
    await calm();
  });
}, 300_000);
