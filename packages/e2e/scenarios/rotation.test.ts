import { setTimeout as sleep } from 'node:timers/promises';

import { waitFor } from '@hyperdx-tenancy/devkit/process';
import { rotationSteps, settingsSteps, TenantView } from '@hyperdx-tenancy/domain/contracts/tenant';
import { parseTenantId } from '@hyperdx-tenancy/domain/ids';
import { MongoClient, ObjectId } from 'mongodb';
import type { Document } from 'mongodb';

import type { Sample } from '../harness/otlp';
import { samplesFor } from '../harness/samples';
import { send } from '../harness/sender';
import { signalNames } from '../harness/signals';
import { startBackend, startManagedCollector } from '../harness/stack';
import type { Backend } from '../harness/stack';

let backend: Backend;
let mongo: MongoClient;

beforeAll(async () => {
  // On a busy machine the exporter's first query may take longer than the 2 s of our configs.
  backend = await startBackend({ users: true, endpointParameters: { dial_timeout: '60s' } });
  mongo = await new MongoClient(backend.mongo.uri).connect();
}, 180_000);

afterAll(async () => {
  await mongo.close();
  await backend.stop();
}, 60_000);

const tenants = () => mongo.db().collection('tenants');

async function documentOf(id: string): Promise<Document> {
  const tenant = await tenants().findOne({ _id: new ObjectId(id) });
  if (!tenant) throw new Error(`no tenant ${id}`);
  return tenant;
}

interface Login {
  /** Of the query door. */
  host: string;
  username: string;
  password: string;
}

/** What HyperDX has in hand for a tenant. */
async function connectionOf(id: string): Promise<Login> {
  const { members } = await documentOf(id);
  const found = await mongo
    .db()
    .collection<Login & Document>('connections')
    .findOne({ _id: (members as { connection: ObjectId }).connection });
  return {
    host: found?.host ?? '',
    username: found?.username ?? '',
    password: found?.password ?? '',
  };
}

/** Status of a query as somebody. */
async function loginStatus({ host, username, password }: Login): Promise<number> {
  const response = await fetch(host, {
    method: 'POST',
    headers: { 'X-ClickHouse-User': username, 'X-ClickHouse-Key': password },
    body: 'SELECT 1',
  });
  await response.arrayBuffer();
  return response.status;
}

/** Sends one batch after the other until it is told to stop; answers all that was acknowledged. */
function startSending(endpoint: string, tenant: TenantView): () => Promise<Sample[]> {
  const key = tenant.teams[0]?.apiKey ?? '';
  const accepted: Sample[] = [];
  let stopped = false;
  const work = (async () => {
    for (let batch = 0; !stopped; batch += 1) {
      const account = await send(endpoint, key, samplesFor(tenant.id, 3, `r${batch}`), 'e2e', {
        deadlineMs: 60_000,
      });
      expect(account.refused).toEqual([]);
      accepted.push(...account.accepted);
      await sleep(50);
    }
  })();
  return async () => {
    stopped = true;
    await work;
    return accepted;
  };
}

/** Ids that were acknowledged and are not stored. */
async function lost(tenant: TenantView, accepted: readonly Sample[]): Promise<string[]> {
  const id = parseTenantId(tenant.id);
  const stored = new Set<string>();
  for (const signal of signalNames) {
    for (const record of await backend.store.records(id, signal)) {
      expect(record.owner).toBe(tenant.id);
      stored.add(`${signal}/${record.id}`);
    }
  }
  return accepted.map(({ signal, id: of }) => `${signal}/${of}`).filter((of) => !stored.has(of));
}

it('new passwords reach a working collector, and no record is lost', async () => {
  const { api } = backend;
  const collector = await startManagedCollector(api.opampUrl, api.collectorToken);
  try {
    const [turned, other] = [await api.createTenant('Turned'), await api.createTenant('Other')];
    await collector.knows([turned, other].map(({ teams }) => teams[0]?.apiKey ?? ''));
    const before = await connectionOf(turned.id);
    const sending = [turned, other].map((tenant) => startSending(collector.endpoint, tenant));
    await sleep(2_000);

    const begun = await api.call('POST', `/tenants/${turned.id}/rotate`, {});
    expect(begun.status).toBe(202);
    expect(await loginStatus(before)).toBe(200);
    await waitFor(
      async () => {
        const view = TenantView.parse((await api.call('GET', `/tenants/${turned.id}`)).body);
        return view.change === null;
      },
      { what: 'the collector to have the new password', timeoutMs: 120_000, intervalMs: 500 },
    );
    // Everything that is sent from now on can be stored with the new password alone.
    expect(await loginStatus(before)).toBe(403);
    expect(await loginStatus(await connectionOf(turned.id))).toBe(200);
    await sleep(3_000);

    const accepted = await Promise.all(sending.map((stop) => stop()));
    for (const [index, tenant] of [turned, other].entries()) {
      const of = accepted[index] ?? [];
      expect(of.length).toBeGreaterThan(100);
      await waitFor(async () => (await lost(tenant, of)).length === 0, {
        what: `everything that ${tenant.name} was acknowledged to be stored`,
        timeoutMs: 60_000,
        intervalMs: 1_000,
      });
    }
  } finally {
    await collector.stop();
  }
}, 300_000);

/** Between any two steps of a change of a tenant that lives. */
const points = [
  ...rotationSteps.map((step) => ['rotation', step] as const),
  ...settingsSteps.map((step) => ['settings', step] as const),
].flatMap(([kind, step]) =>
  ['before', 'recorded', 'after'].map((moment) => ({ kind, point: `${moment}:${kind}.${step}` })),
);

it('a change whose maker was killed between two steps is carried out, once', async () => {
  const { api } = backend;
  const killed: { id: string; kind: string; point: string }[] = [];
  for (const { kind, point } of points) {
    const { id } = await api.createTenant(`Changed ${point}`);
    killed.push({ id, kind, point });
  }
  for (const { id, kind, point } of killed) {
    await api.restartWith({ TENANCY_FAULT_POINT: point });
    // Agents of the scenario before are gone, and so is the process that heard their last words: nobody waits for them.
    await mongo.db().collection('collectoragents').deleteMany({});
    const change =
      kind === 'rotation'
        ? api.call('POST', `/tenants/${id}/rotate`, {})
        : api.call('PATCH', `/tenants/${id}`, { settings: { retentionHours: { logs: 5 } } });
    await expect(change).rejects.toThrow();
    expect((await api.exited()).signal).toBe('SIGKILL');
    // The processes to come are killed at another point, by their own tenant: they must leave this one alone.
    await tenants().updateMany(
      { lease: { $ne: null } },
      { $set: { 'lease.expiresAt': new Date(Date.now() + 3_600_000) } },
    );
  }
  expect(await tenants().countDocuments({ change: { $ne: null } })).toBeGreaterThan(
    points.length / 2,
  );

  await tenants().updateMany(
    { lease: { $ne: null } },
    { $set: { 'lease.expiresAt': new Date(Date.now() - 1) } },
  );
  await api.restartWith({});
  await waitFor(async () => (await tenants().countDocuments({ change: { $ne: null } })) === 0, {
    what: 'every change to be carried out',
    timeoutMs: 120_000,
    intervalMs: 500,
  });
  for (const { id, kind, point } of killed) {
    const tenant = await documentOf(id);
    expect([point, tenant['status'], tenant['lease']]).toEqual([point, 'active', null]);
    expect(await loginStatus(await connectionOf(id))).toBe(200);
    const { credentials } = tenant as unknown as { credentials: { generation: number } };
    expect([point, credentials.generation]).toEqual([point, kind === 'rotation' ? 2 : 1]);
    if (kind === 'settings') {
      const { body } = await api.call('GET', `/tenants/${id}/effective`);
      expect(body).toMatchObject({ applied: true });
    }
  }
}, 400_000);
