import { createClient } from '@clickhouse/client';
import type { ClickHouseClient } from '@clickhouse/client';
import { waitFor } from '@hyperdx-tenancy/devkit/process';
import type { TenantView } from '@hyperdx-tenancy/domain/contracts/tenant';
import { getTenantTableName, parseTenantId } from '@hyperdx-tenancy/domain/ids';

import { sumOf, talliesOf } from '../harness/collectorAccount';
import { groupAdmin } from '../harness/collectorGroups';
import type { GroupAdmin } from '../harness/collectorGroups';
import { startCollectorKind } from '../harness/collectorKinds';
import { report } from '../harness/collectorReport';
import type { Sample } from '../harness/otlp';
import { send } from '../harness/sender';
import { startBackend } from '../harness/stack';
import type { Backend, Collector } from '../harness/stack';
import { calm, senderOf, TRAFFIC, underLoad } from './collectorLoads';
import type { Observed } from './collectorLoads';

/*
 * With an address for the quarantine, what a tenant that is kept apart sends goes on to collectors of its own: they take it
 * in, and store it once writing works again. Nobody of the others loses anything meanwhile.
 */

const KIND = 'our supervisor file over ws';

let backend: Backend;
let clickhouse: ClickHouseClient;
let group: GroupAdmin;
let others: TenantView[];
let ill: TenantView;
let observed: Observed[];
/** Holds a token of the quarantine. */
let apart: Collector;
const started: Collector[] = [];

async function startOne(token: string): Promise<Collector> {
  const collector = await startCollectorKind(KIND, backend.api, token);
  started.push(collector);
  return collector;
}

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
  const collector = await startOne(api.collectorToken);
  observed = [{ name: KIND, kind: KIND, collector }];
  await collector.knows([...others, ill].map((tenant) => senderOf(tenant).key));
  const made = await api.call('POST', '/collector-tokens', {
    name: 'apart',
    group: { kind: 'shared', target: 'default', quarantine: true },
  });
  apart = await startOne((made.body as { token: string }).token);
}, 180_000);

afterAll(async () => {
  await Promise.all(started.map((collector) => collector.stop()));
  await clickhouse.close();
  await backend.stop();
}, 60_000);

const acknowledged: Sample[] = [];

/** Records of each kind, sent to the collector that the tenant shares with others until they are taken. */
async function sendAsIll(mark: string): Promise<void> {
  const samples = TRAFFIC.signals.flatMap((signal) =>
    Array.from({ length: 10 }, (_, index) => ({
      signal,
      owner: ill.id,
      id: `${signal}-${mark}-${index}`,
    })),
  );
  const { accepted, refused } = await send(
    observed[0]!.collector.endpoint,
    senderOf(ill).key,
    samples,
  );
  expect(refused).toEqual([]);
  expect(accepted).toHaveLength(samples.length);
  acknowledged.push(...accepted);
}

const isApart = async (): Promise<boolean> =>
  (await group.show()).quarantine.some(({ tenant }) => tenant === ill.id);

async function keptApart(wanted: boolean): Promise<void> {
  await waitFor(async () => (await isApart()) === wanted, {
    what: `the tenant to be kept apart: ${wanted}`,
    timeoutMs: 180_000,
    intervalMs: 500,
  });
}

/** Whether the collector that others share runs the config that leads to the other one. */
async function passesOn(): Promise<boolean> {
  const { body } = await backend.api.call('GET', '/collector-groups/shared:default/config');
  const { hash, config } = body as { hash: string; config: string };
  if (!config.includes(`otlp_http/quarantine-${ill.id}`)) return false;
  const agents = await group.agents();
  const of = agents.find((agent) => agent.group === 'shared:default');
  return of?.config.hash === hash && of.config.state === 'in_step';
}

it('what a tenant that is kept apart sends goes to collectors of its own, and is stored when it can be', async () => {
  const [{ collector }] = observed as [Observed];
  const table = getTenantTableName('otel_logs', parseTenantId(ill.id));
  await group.update({ options: { quarantineEndpoint: apart.endpoint } });
  await underLoad(
    'a quarantine with collectors of its own',
    { observed, tenants: others, store: backend.store },
    async (during) => {
      await during('before', () => sendAsIll('before'));
      await during('its table is gone: it is kept apart', async () => {
        await clickhouse.command({ query: `DROP TABLE ${table}` });
        await keptApart(true);
        // Its key is let in by the collectors of the quarantine, and leads to them.
        await apart.knows([senderOf(ill).key]);
        await waitFor(passesOn, {
          what: 'the shared collector to pass it on',
          timeoutMs: 60_000,
          intervalMs: 500,
        });
      });
      await during('apart', async () => {
        for (const mark of ['apart-1', 'apart-2', 'apart-3']) await sendAsIll(mark);
      });
      await during('it is back', async () => {
        await clickhouse.command({ query: `UNDROP TABLE ${table}` });
        await keptApart(false);
        await collector.knows([senderOf(ill).key]);
        await sendAsIll('after');
      });
      await calm();
    },
  );
  // Of the quarantine's own queues as well: its collectors keep what they took in, whoever they serve by now.
  const { tallies, foreign } = await talliesOf(backend.store, ill.id, TRAFFIC.signals, [
    acknowledged,
  ]);
  report([
    {
      scenario: 'a quarantine with collectors of its own',
      what: 'its tenant',
      sent: acknowledged.length,
      ...sumOf(tallies),
    },
  ]);
  expect(tallies).toMatchObject([{ lost: 0 }]);
  expect(foreign).toBe(0);
}, 420_000);
