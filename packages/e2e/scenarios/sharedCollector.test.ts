import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { TenantView } from '@hyperdx-tenancy/domain/contracts/tenant';
import { runTelemetrygen } from '@hyperdx-tenancy/devkit/collector';
import { waitFor } from '@hyperdx-tenancy/devkit/process';
import { parseTenantId } from '@hyperdx-tenancy/domain/ids';
import { MongoClient, ObjectId } from 'mongodb';

import { grpcStatus } from '../harness/grpc';
import type { Sample } from '../harness/otlp';
import { samplesFor } from '../harness/samples';
import { send } from '../harness/sender';
import { signalNames } from '../harness/signals';
import { startBackend, startManagedCollector } from '../harness/stack';
import type { Backend, Collector } from '../harness/stack';
import { expectExactly, marked } from './accounts';

let backend: Backend;
let collector: Collector;
let folder: string;
let apiLogFile: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shared-collector-'));
  apiLogFile = join(folder, 'api.log');
  backend = await startBackend({ apiLogFile });
  // As HyperDX's image would: with its token in the path, since a URL is all it can be given.
  collector = await startManagedCollector(backend.api.opampUrl, backend.api.collectorToken, 'path');
}, 180_000);

afterAll(async () => {
  await collector.stop();
  await backend.stop();
  await rm(folder, { recursive: true, force: true });
}, 60_000);

const keyOf = (tenant: TenantView): string => tenant.teams[0]?.apiKey ?? '';
const grpcAddress = (): string => `127.0.0.1:${collector.supervisor.grpcPort}`;

it('answers 401 to everyone while there is no tenant', async () => {
  const { refused, accepted } = await send(
    collector.endpoint,
    'nobodys-key',
    samplesFor('nobody', 1),
  );
  expect(accepted).toEqual([]);
  expect(new Set(refused.map(({ status }) => status))).toEqual(new Set([401]));
}, 60_000);

describe('two tenants at once', () => {
  let acme: TenantView;
  let globex: TenantView;
  const accepted: Record<string, Sample[]> = {};

  beforeAll(async () => {
    [acme, globex] = await Promise.all([
      backend.api.createTenant('Acme'),
      backend.api.createTenant('Globex'),
    ]);
    await collector.knows([keyOf(acme), keyOf(globex)]);
  }, 120_000);

  it('stores every record once, in the right table of the right tenant', async () => {
    await Promise.all(
      [acme, globex].map(async (tenant) => {
        const batches = await Promise.all(
          Array.from({ length: 10 }, (_, batch) =>
            send(collector.endpoint, keyOf(tenant), samplesFor(tenant.id, 20, `b${batch}`)),
          ),
        );
        expect(batches.flatMap(({ refused }) => refused)).toEqual([]);
        accepted[tenant.id] = batches.flatMap((account) => account.accepted);
      }),
    );
    for (const tenant of [acme, globex]) {
      expect(accepted[tenant.id]).toHaveLength(10 * 20 * signalNames.length);
      await expectExactly(backend.store, tenant.id, accepted[tenant.id] ?? []);
    }
  }, 120_000);

  it.each([
    ['an unknown key', () => 'a-key-that-nobody-has'],
    ['no key', () => ''],
    ["a key with a tenant's as its beginning", () => `${keyOf(acme)}x`],
    ["the beginning of a tenant's key", () => keyOf(acme).slice(0, -1)],
    ["a tenant's key in upper case", () => keyOf(acme).toUpperCase()],
    ["a tenant's key after the word Bearer", () => `Bearer ${keyOf(acme)}`],
    ["a tenant's id", () => acme.id],
    ['two keys, one after the other', () => `${keyOf(acme)}, ${keyOf(globex)}`],
  ])(
    'refuses %s: 401 over HTTP, Unauthenticated over gRPC, nothing stored',
    async (_what, key) => {
      const { refused, accepted: let_in } = await send(
        collector.endpoint,
        key(),
        samplesFor('nobody', 1),
      );
      expect(let_in).toEqual([]);
      expect(new Set(refused.map(({ status }) => status))).toEqual(new Set([401]));
      expect(await grpcStatus(grpcAddress(), key())).toBe('UNAUTHENTICATED');
      for (const tenant of [acme, globex]) {
        accepted[tenant.id] = await marked(
          collector.endpoint,
          keyOf(tenant),
          tenant.id,
          accepted[tenant.id],
        );
        await expectExactly(backend.store, tenant.id, accepted[tenant.id] ?? []);
      }
    },
    60_000,
  );

  it('takes gRPC under a tenant’s key', async () => {
    expect(await grpcStatus(grpcAddress(), keyOf(globex))).toBe('OK');
  });

  it('serves a tenant that comes later, with no restart by hand', async () => {
    const later = await backend.api.createTenant('Later');
    await collector.knows([keyOf(later)], 30_000);
    const account = await send(collector.endpoint, keyOf(later), samplesFor(later.id, 5));
    expect(account.refused).toEqual([]);
    await expectExactly(backend.store, later.id, account.accepted);
    for (const tenant of [acme, globex])
      await expectExactly(backend.store, tenant.id, accepted[tenant.id] ?? []);
  }, 90_000);
});

it('takes every character that the key rule allows, as a key that is really sent', async () => {
  const characters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._~+/$-';
  const keys = [
    characters,
    '$$$$$$$$',
    '${env:HOME}'.replace(/[{}:]/g, '-'),
    '--------',
    '~~~~~~~~~',
    '+/+/+/+/+/',
    'a'.repeat(128),
  ];
  const tenants = [];
  for (const [index, key] of keys.entries())
    tenants.push(await backend.api.createTenant(`Key ${index}`, key));
  await collector.knows(keys);
  for (const [index, tenant] of tenants.entries()) {
    const key = keys[index] ?? '';
    expect(await grpcStatus(grpcAddress(), key)).toBe('OK');
    const account = await send(collector.endpoint, key, samplesFor(tenant.id, 2));
    expect(account.refused).toEqual([]);
    await expectExactly(backend.store, tenant.id, account.accepted);
  }
}, 180_000);

it('leaves out a team whose key cannot be served, and serves the rest', async () => {
  const odd = await backend.api.createTenant('Odd key');
  const fine = await backend.api.createTenant('Fine key');
  await collector.knows([keyOf(odd), keyOf(fine)]);
  // HyperDX's own route takes any text for a key: as if that had been called.
  const mongo = new MongoClient(backend.mongo.uri);
  const bad = 'breaks == "the" config';
  try {
    const db = mongo.db();
    await db
      .collection('teams')
      .updateOne({ _id: new ObjectId(odd.teams[0]?.id) }, { $set: { apiKey: bad } });
    // As by the time at which everything is read again.
    await db
      .collection<{ _id: string }>('tenancyrevisions')
      .updateOne({ _id: 'collectors' }, { $inc: { revision: 1 } });
  } finally {
    await mongo.close();
  }
  const next = await backend.api.createTenant('Next');
  await collector.knows([keyOf(next)]);
  expect((await send(collector.endpoint, keyOf(odd), samplesFor(odd.id, 1))).accepted).toEqual([]);
  expect((await send(collector.endpoint, bad, samplesFor(odd.id, 1))).accepted).toEqual([]);
  // What is sent after the refused records is stored after them.
  const account = await send(collector.endpoint, keyOf(fine), samplesFor(fine.id, 3));
  expect(account.refused).toEqual([]);
  await expectExactly(backend.store, fine.id, account.accepted);
  await expectExactly(backend.store, odd.id, []);
  const log = await readFile(apiLogFile, 'utf8');
  expect(log).toContain('invalid_ingestion_key');
  // As JSON spells it: what stands before its first quotation mark.
  expect(log).not.toContain('breaks ==');
}, 180_000);

it('stores what telemetrygen sends over gRPC', async () => {
  const tenant = await backend.api.createTenant('Telemetrygen');
  await collector.knows([keyOf(tenant)]);
  await runTelemetrygen({ signal: 'logs', endpoint: grpcAddress(), key: keyOf(tenant), count: 25 });
  const id = parseTenantId(tenant.id);
  await waitFor(
    async () =>
      (await backend.store.counts([{ tenant: id, owner: id }], ['logs'])).get(`otel_logs_${id}`)
        ?.stored === 25,
    {
      what: '25 rows from telemetrygen',
      timeoutMs: 30_000,
    },
  );
}, 90_000);
