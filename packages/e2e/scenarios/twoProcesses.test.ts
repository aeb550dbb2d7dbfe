import { TenantPage, TenantView } from '@hyperdx-tenancy/domain/contracts/tenant';
import { waitFor } from '@hyperdx-tenancy/devkit/process';
import { MongoClient } from 'mongodb';

import type { Api, ApiAnswer } from '../harness/api';
import { countParts, WHOLE } from '../harness/parts';
import { startSlowProxy } from '../harness/slowProxy';
import { startBackend } from '../harness/stack';
import type { Backend } from '../harness/stack';

let backend: Backend;
let mongo: MongoClient;

beforeAll(async () => {
  backend = await startBackend();
  mongo = await new MongoClient(backend.mongo.uri).connect();
}, 180_000);

afterAll(async () => {
  await mongo.close();
  await backend.stop();
}, 60_000);

async function tenantsNamed(api: Api, prefix: string): Promise<TenantView[]> {
  const { body } = await api.call('GET', '/tenants?limit=500');
  return TenantPage.parse(body).data.filter(({ name }) => name.startsWith(prefix));
}

it('two processes that are asked for the same 50 tenants at once make each of them once', async () => {
  const other = await backend.api.another();
  try {
    const names = Array.from({ length: 50 }, (_, index) => `Raced-${index}`);
    const answers: ApiAnswer[] = [];
    // Both go through the same names, several at a time, so that they meet at every step.
    const race = async (api: Api, offset: number): Promise<void> => {
      for (let index = offset; index < names.length; index += 5) {
        answers.push(await api.call('POST', '/tenants', { name: names[index] }));
      }
    };
    await Promise.all(
      [backend.api, other].flatMap((api) => [0, 1, 2, 3, 4].map((offset) => race(api, offset))),
    );

    const made = answers.filter(({ status }) => status === 201);
    expect(made).toHaveLength(names.length);
    const refused = answers.filter(({ status }) => status !== 201);
    expect(refused).toHaveLength(names.length);
    for (const { status, body } of refused) {
      expect(status).toBe(409);
      expect(['tenant_exists', 'operation_running']).toContain((body as { code: string }).code);
    }

    const tenants = await tenantsNamed(other, 'Raced-');
    expect(tenants.map(({ name }) => name).sort()).toEqual(names.sort());
    const keys = tenants.flatMap(({ teams }) => teams.map(({ apiKey }) => apiKey));
    expect(new Set(keys).size).toBe(names.length);
    for (const { id, status } of tenants) {
      expect(status).toBe('active');
      expect(await countParts(mongo.db(), backend.store, id)).toEqual(WHOLE);
    }
  } finally {
    await other.stop();
  }
}, 300_000);

it('a tenant whose making takes longer than a lease lasts is made by one process, on slow engines', async () => {
  const { port: mongoPort } = new URL(backend.mongo.uri);
  const slow = await Promise.all([
    startSlowProxy({ port: backend.clickhouse.port }),
    startSlowProxy({ port: Number(mongoPort) }),
  ]);
  const [slowClickhouse, slowMongo] = slow;
  const uri = new URL(backend.mongo.uri);
  uri.port = String(slowMongo.port);
  const env = {
    CLICKHOUSE_HOST: `http://127.0.0.1:${slowClickhouse.port}`,
    MONGO_URI: uri.toString(),
  };
  await backend.api.restartWith(env);
  // On engines of the usual speed: it would be the first to see a lease that has run out.
  const quick = await backend.api.another();
  try {
    // With a dozen round trips one after the other, the making takes longer than the 30 s of a lease.
    for (const proxy of slow) proxy.delayMs = 1_800;
    const begun = Date.now();
    const { status, body } = await backend.api.call(
      'POST',
      '/tenants',
      { name: 'Slow' },
      undefined,
      { prefer: 'respond-async' },
    );
    expect(status).toBe(202);
    const { id } = TenantView.parse(body);
    const tenant = await waitFor(
      async () => {
        const view = TenantView.parse((await quick.call('GET', `/tenants/${id}`)).body);
        return view.status === 'provisioning' ? undefined : view;
      },
      { what: 'the slow tenant to be made', timeoutMs: 150_000, intervalMs: 500 },
    );
    expect(tenant.status).toBe('active');
    // Otherwise this test would show nothing of leases.
    expect(Date.now() - begun).toBeGreaterThan(30_000);
    const [document] = await mongo.db().collection('tenants').find({ name: 'Slow' }).toArray();
    expect(document).toMatchObject({ attempt: 1, lastError: null, lease: null });
    expect(await countParts(mongo.db(), backend.store, id)).toEqual(WHOLE);
    for (const proxy of slow) expect(proxy.connections).toBeGreaterThan(0);
  } finally {
    for (const proxy of slow) proxy.delayMs = 0;
    await quick.stop();
    await backend.api.stop();
    await Promise.all(slow.map((proxy) => proxy.close()));
  }
}, 300_000);
