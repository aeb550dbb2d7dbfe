import { setTimeout as sleep } from 'node:timers/promises';

import { waitFor } from '@hyperdx-tenancy/devkit/process';

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
import { useCollectors } from './collectorGround';
import { calm, senderOf, TRAFFIC } from './collectorLoads';
import type { Observed } from './collectorLoads';
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

const ground = useCollectors<Observed, Install>(
  startInstall,
  (Object.keys(collectorKinds) as CollectorKind[]).map((kind) => async (api) => ({
    name: kind,
    kind,
    collector: await startCollectorKind(kind, api, api.collectorToken),
  })),
);

it('a tenant that is added under load is served, and nobody loses a record', async () => {
  await ground.loaded('tenant added', async (during) => {
    await during('before', calm);
    await during(
      'a tenant is added',
      () => ground.backend.api.createTenant('Added'),
      ({ collector }, added) => collector.knows([senderOf(added).key]),
    );
    await calm();
  });
}, 180_000);

it('a key is renewed under load: no sender is refused before it can have the new one', async () => {
  const { tenant, email } = await makeHousehold(ground.backend, 'Renewed');
  const former = senderOf(tenant);
  await Promise.all(ground.observed.map(({ collector }) => collector.knows([former.key])));
  const browser = new Browser(ground.backend.frontendUrl, ground.backend.api.url);
  await browser.logIn(email, PASSWORD);
  const acknowledged: Sample[] = [];

  await ground.loaded('key renewed', async (during) => {
    const loads = ground.observed.map(({ collector }) => {
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
  const { tallies, foreign } = await talliesOf(ground.backend.store, tenant.id, TRAFFIC.signals, [
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
  await ground.loaded('server gone for a minute', async (during) => {
    await during('before', calm);
    await during('the server is gone', async () => {
      await ground.backend.api.kill();
      await sleep(GONE_MS / 2);
    });
    await during('supervisors are restarted', async () => {
      const over = sleep(GONE_MS / 2);
      for (const { kind, collector } of ground.observed) {
        if (RESTARTED.has(kind)) await collector.supervisor.restart();
      }
      await over;
    });
    await during(
      'the server is back',
      async () => {
        await ground.backend.api.restart();
        return ground.backend.api.createTenant('Later');
      },
      // A supervisor that was refused tries again within a minute.
      ({ collector }, later) => collector.knows([senderOf(later).key], 90_000),
    );
    await calm();
  });
}, 300_000);
