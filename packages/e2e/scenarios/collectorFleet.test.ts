import { setTimeout as sleep } from 'node:timers/promises';

import type { TenantView } from '@hyperdx-tenancy/domain/contracts/tenant';
import { waitFor } from '@hyperdx-tenancy/devkit/process';

import { startCollectorKind } from '../harness/collectorKinds';
import type { CollectorKind } from '../harness/collectorKinds';
import { startLoad } from '../harness/collectorLoad';
import type { Sender } from '../harness/collectorLoad';
import { report } from '../harness/collectorReport';
import { startTraffic } from '../harness/collectorTraffic';
import type { Traffic } from '../harness/collectorTraffic';
import { talliesOf } from '../harness/collectorAccount';
import type { Sample } from '../harness/otlp';
import { startInstall } from '../harness/hyperdx';
import type { Install } from '../harness/hyperdx';
import { keyIsKnown } from '../harness/sender';
import type { Collector } from '../harness/stack';
import { Browser } from './browser';
import { makeHousehold, PASSWORD } from './people';

/*
 * Collectors under real supervisors, while things happen around them. Senders that never give up account for every record.
 */

const KINDS: readonly CollectorKind[] = [
  'our supervisor file over ws',
  'a stock-like one over http',
];
const TRAFFIC = { signals: ['logs', 'traces', 'gauge'], everyMs: 250 } as const;
const CALM_MS = 2_000;

interface Observed {
  kind: CollectorKind;
  collector: Collector;
}

let backend: Install;
let tenants: TenantView[];
const observed: Observed[] = [];

const senderOf = ({ id, teams }: TenantView): Sender => ({ id, key: teams[0]?.apiKey ?? '' });

beforeAll(async () => {
  backend = await startInstall({
    // On a busy machine the exporter's first query may take longer than the 2 s of our configs.
    endpointParameters: { dial_timeout: '10s' },
    env: { TENANCY_COLLECTOR_STORAGE_DIRECTORY: '/var/lib/otelcol/queues' },
  });
  const { api } = backend;
  tenants = [await api.createTenant('Acme'), await api.createTenant('Globex')];
  // One after the other: at its start a supervisor runs a collector on the port that collectors have by default.
  for (const kind of KINDS) {
    observed.push({ kind, collector: await startCollectorKind(kind, api, api.collectorToken) });
  }
  const keys = tenants.map((tenant) => senderOf(tenant).key);
  await Promise.all(observed.map(({ collector }) => collector.knows(keys)));
}, 180_000);

afterAll(async () => {
  await Promise.all(observed.map(({ collector }) => collector.stop()));
  await backend.stop();
}, 60_000);

/** Traffic of all tenants through each collector; nothing of it may be lost, twice refused or with another. */
async function underLoad(
  scenario: string,
  work: (traffic: Traffic, of: Observed) => Promise<void>,
): Promise<void> {
  const all = observed.map((of) => ({
    of,
    traffic: startTraffic(`${scenario}: ${of.kind}`, tenants.map(senderOf), {
      ...TRAFFIC,
      endpoint: of.collector.endpoint,
    }),
  }));
  try {
    await Promise.all(all.map(({ of, traffic }) => work(traffic, of)));
    const settled = await Promise.all(all.map(({ traffic }) => traffic.settle(backend.store)));
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

/** A moment in which nothing is done. */
const calm = (): Promise<void> => sleep(CALM_MS);

it('a tenant that is added under load is served, and nobody loses a record', async () => {
  // One tenant, for which all collectors wait.
  let added: Promise<TenantView> | undefined;
  await underLoad('tenant added', async (traffic, { collector }) => {
    await traffic.during('before', calm);
    await traffic.during('a tenant is added', async () => {
      added ??= backend.api.createTenant('Added');
      await collector.knows([senderOf(await added).key]);
    });
    await calm();
  });
  if (added) tenants.push(await added);
}, 120_000);

it('a key is renewed under load: no sender is refused before it can have the new one', async () => {
  const { tenant, email } = await makeHousehold(backend, 'Renewed');
  const former = senderOf(tenant);
  await Promise.all(observed.map(({ collector }) => collector.knows([former.key])));
  const browser = new Browser(backend.frontendUrl, backend.api.url);
  await browser.logIn(email, PASSWORD);
  let renewed: Promise<string> | undefined;
  const renew = async (): Promise<string> => {
    const answer = await browser.request('PATCH', '/team/apiKey');
    expect(answer.status).toBe(200);
    return ((await answer.json()) as { newApiKey: string }).newApiKey;
  };
  const acknowledged: Sample[] = [];

  await underLoad('key renewed', async (traffic, { collector }) => {
    const load = { ...TRAFFIC, endpoint: collector.endpoint };
    const before = startLoad(former, 'former', load);
    await traffic.during('before', calm);
    const key = await traffic.during('the new key is on its way', async () => {
      renewed ??= renew();
      await collector.knows([await renewed]);
      return renewed;
    });
    const after = startLoad({ ...former, key }, 'new', load);
    await traffic.during('the former key is on its way out', async () => {
      const phases = [...(await before.stop())];
      await waitFor(async () => !(await keyIsKnown(collector.endpoint, former.key)), {
        what: 'the former key to be refused',
        timeoutMs: 100_000,
        intervalMs: 200,
      });
      phases.push(...(await after.stop()));
      expect(phases.flatMap(({ refused }) => [...refused])).toEqual([]);
      acknowledged.push(...phases.flatMap((phase) => phase.acknowledged));
    });
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

it('collectors run on while the OpAMP server is gone for a minute, and a restarted one too', async () => {
  let gone: Promise<void> | undefined;
  let back: Promise<void> | undefined;
  let later: Promise<TenantView> | undefined;
  await underLoad('server gone for a minute', async (traffic, { kind, collector }) => {
    await traffic.during('before', calm);
    await traffic.during('the server is gone', async () => {
      gone ??= backend.api.kill();
      await gone;
      await sleep(30_000);
    });
    await traffic.during('the supervisor is restarted', async () => {
      if (kind === KINDS[0]) await collector.supervisor.restart();
      await sleep(30_000);
    });
    await traffic.during('the server is back', async () => {
      back ??= backend.api.restart();
      await back;
      later ??= backend.api.createTenant('Later');
      // A supervisor that was refused tries again within a minute.
      await collector.knows([senderOf(await later).key], 90_000);
    });
    await calm();
  });
}, 240_000);
