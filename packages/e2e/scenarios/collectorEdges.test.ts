import { waitFor } from '@hyperdx-tenancy/devkit/process';
import type { TenantView } from '@hyperdx-tenancy/domain/contracts/tenant';
import { MongoClient, ObjectId } from 'mongodb';

import { groupAdmin } from '../harness/collectorGroups';
import type { GroupAdmin } from '../harness/collectorGroups';
import { startCollectorKind } from '../harness/collectorKinds';
import { samplesFor } from '../harness/samples';
import { keyIsKnown, send } from '../harness/sender';
import { startBackend } from '../harness/stack';
import type { Backend, Collector } from '../harness/stack';
import { expectExactly } from './accounts';
import { senderOf } from './collectorLoads';

/*
 * Collectors under their supervisors with nobody to serve, with a last tenant that goes, and with a config that they have not
 * all components for.
 */

const KINDS = ['our supervisor file over ws', 'a stock-like one over http'] as const;
/** Supervisors poll every 30 s until they are told otherwise. */
const PATIENCE = { timeoutMs: 100_000, intervalMs: 200 };
const STRANGER = 'a-key-that-nobody-has';

let backend: Backend;
let client: MongoClient;
let group: GroupAdmin;
let only: TenantView;
const collectors: Collector[] = [];
const stops: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  backend = await startBackend();
  stops.unshift(() => backend.stop());
  client = await new MongoClient(backend.mongo.uri).connect();
  stops.unshift(() => client.close());
  group = groupAdmin(backend.api, 'shared:default');
  for (const kind of KINDS) {
    const collector = await startCollectorKind(kind, backend.api, backend.api.collectorToken);
    stops.unshift(() => collector.stop());
    collectors.push(collector);
  }
}, 180_000);

afterAll(async () => {
  for (const stop of stops) await stop();
}, 60_000);

/** Resolves once a key is answered 401 by each of them. */
async function refused(key: string): Promise<void> {
  for (const { endpoint } of collectors) {
    await waitFor(async () => !(await keyIsKnown(endpoint, key)), {
      ...PATIENCE,
      what: 'a key to be refused',
    });
    const account = await send(endpoint, key, samplesFor(only.id, 1, 'refused'));
    expect(account.accepted).toEqual([]);
    expect(new Set(account.refused.map(({ status }) => status))).toEqual(new Set([401]));
  }
}

const inStep = (): Promise<unknown> =>
  waitFor(() => group.inStep(collectors.length), { ...PATIENCE, what: 'all to be in step' });

/** What the tenants' own operations will do, and any script can: nothing but this process is told of it. */
async function setStatus(tenant: string, status: 'active' | 'suspended'): Promise<void> {
  const db = client.db();
  await db.collection('tenants').updateOne({ _id: new ObjectId(tenant) }, { $set: { status } });
  await db
    .collection<{ _id: string }>('revisions')
    .updateOne({ _id: 'collectors' }, { $inc: { revision: 1 } }, { upsert: true });
}

it('without a tenant they are up, healthy, and refuse everybody', async () => {
  await inStep();
  for (const { endpoint } of collectors) {
    const account = await send(endpoint, STRANGER, samplesFor('0'.repeat(24), 1, 'refused'));
    expect(account.accepted).toEqual([]);
    expect(new Set(account.refused.map(({ status }) => status))).toEqual(new Set([401]));
  }
}, 240_000);

it('the last tenant is refused once it is suspended, and served again once it is not', async () => {
  only = await backend.api.createTenant('The only one');
  const { id, key } = senderOf(only);
  const sent = [];
  await Promise.all(collectors.map((collector) => collector.knows([key])));
  for (const [i, { endpoint }] of collectors.entries()) {
    const account = await send(endpoint, key, samplesFor(id, 3, `before ${i}`));
    expect(account.refused).toEqual([]);
    sent.push(...account.accepted);
  }
  await setStatus(id, 'suspended');
  await refused(key);
  await refused(STRANGER);
  await inStep();
  await setStatus(id, 'active');
  await Promise.all(collectors.map((collector) => collector.knows([key])));
  for (const [i, { endpoint }] of collectors.entries()) {
    const account = await send(endpoint, key, samplesFor(id, 3, `after ${i}`));
    expect(account.refused).toEqual([]);
    sent.push(...account.accepted);
  }
  await expectExactly(backend.store, id, sent);
}, 400_000);

it('a config that needs what they lack is withheld: they run on, and the group says what is lacking', async () => {
  const { id, key } = senderOf(only);
  await inStep();
  const before = await group.rollout();
  const fragment = {
    receivers: { 'hostmetrics/own': { scrapers: { cpu: {} } } },
    exporters: { 'debug/own': {} },
    service: {
      pipelines: { 'metrics/own': { receivers: ['hostmetrics/own'], exporters: ['debug/own'] } },
    },
  };
  await group.update({ fragment: JSON.stringify(fragment) });
  await waitFor(
    async () => {
      const agents = await group.agents();
      return (
        agents.length === collectors.length &&
        agents.every(({ config }) => config.state === 'withheld')
      );
    },
    { ...PATIENCE, what: 'the config to be withheld' },
  );
  for (const { config, healthy } of await group.agents()) {
    expect(config.reason).toContain('receivers/hostmetrics');
    expect(config.revision).not.toBe((await group.rollout()).current);
    expect(healthy).toBe(true);
  }
  expect(await group.rollout()).toMatchObject({ phase: 'steady', good: before.good, blocked: [] });
  for (const { endpoint, supervisor } of collectors) {
    expect(supervisor.effectiveConfig()).not.toContain('hostmetrics');
    expect((await send(endpoint, key, samplesFor(id, 1, 'withheld'))).refused).toEqual([]);
  }
  await group.update({ fragment: null });
  await inStep();
}, 400_000);
