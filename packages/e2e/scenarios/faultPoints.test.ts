import { waitFor } from '@hyperdx-tenancy/devkit/process';
import { provisioningSteps, TenantPage } from '@hyperdx-tenancy/domain/contracts/tenant';
import { MongoClient } from 'mongodb';

import { countParts, WHOLE } from '../harness/parts';
import { startBackend } from '../harness/stack';
import type { Backend } from '../harness/stack';

/** Every point between two steps of making a tenant, in their order. */
const points = [
  ...provisioningSteps.flatMap((step) => [`before:${step}`, `recorded:${step}`, `after:${step}`]),
  'released',
];

let backend: Backend;
let mongo: MongoClient;

beforeAll(async () => {
  // With users, every step has something to do.
  backend = await startBackend({ users: true });
  mongo = await new MongoClient(backend.mongo.uri).connect();
  // The scenario starts processes of its own on these engines.
  await backend.api.stop();
}, 180_000);

afterAll(async () => {
  await mongo.close();
  await backend.stop();
}, 60_000);

it('completes every tenant whose maker was killed between two steps, with exactly one of everything', async () => {
  for (const point of points) {
    await backend.api.restartWith({ TENANCY_FAULT_POINT: point });
    // The process dies under the request: there is no answer.
    await expect(
      backend.api.createTenant(`Killed ${point}`, `key-${point.replace(':', '-')}`),
    ).rejects.toThrow();
    expect((await backend.api.exited()).signal).toBe('SIGKILL');
  }

  await backend.api.restartWith({});
  const read = async (): Promise<TenantPage['data']> =>
    TenantPage.parse((await backend.api.call('GET', '/tenants?limit=100')).body).data;
  // Nobody asks again: the reconciler takes up what nobody alive holds, when the dead ones' leases have run out.
  const tenants = await waitFor(
    async () => {
      const all = await read();
      return all.every(({ status }) => status === 'active') ? all : undefined;
    },
    { what: 'every tenant to be active', timeoutMs: 120_000, intervalMs: 500 },
  );

  expect(tenants).toHaveLength(points.length);
  for (const point of points) {
    const [tenant, ...more] = tenants.filter(({ name }) => name === `Killed ${point}`);
    expect(more).toEqual([]);
    if (!tenant) throw new Error(`no tenant of ${point}`);
    expect(tenant.teams).toMatchObject([{ apiKey: `key-${point.replace(':', '-')}` }]);
    expect(await countParts(mongo.db(), backend.store, tenant.id)).toEqual(WHOLE);
  }
}, 300_000);
