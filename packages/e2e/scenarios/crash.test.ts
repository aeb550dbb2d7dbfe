import { setTimeout as sleep } from 'node:timers/promises';

import { TenantView } from '@hyperdx-tenancy/domain/contracts/tenant';
import { parseTenantId } from '@hyperdx-tenancy/domain/ids';
import { MongoClient, ObjectId } from 'mongodb';

import { startBackend } from '../harness/stack';
import type { Backend } from '../harness/stack';

let backend: Backend;
let mongo: MongoClient;

beforeAll(async () => {
  backend = await startBackend();
  mongo = new MongoClient(backend.mongo.uri);
}, 120_000);

afterAll(async () => {
  await mongo.close();
  await backend.stop();
}, 60_000);

/** A create with `SIGKILL` at some moment in it: there is often no answer. */
interface Round {
  name: string;
  apiKey: string;
}

/** Milliseconds between two rounds' creations and the kill: from "not yet received" to "almost done". */
const DELAYS_MS = [0, 10, 30, 60, 100, 150, 220, 300, 400, 500];
/** A dead process's lease lasts 30 s; then come the creations themselves. */
const COMPLETED_TIMEOUT_MS = 120_000;

const tenantTables = [
  'hyperdx_sessions',
  'otel_logs',
  'otel_logs_kv_rollup_15m',
  'otel_logs_kv_rollup_15m_mv',
  'otel_metrics_exponential_histogram',
  'otel_metrics_gauge',
  'otel_metrics_histogram',
  'otel_metrics_sum',
  'otel_metrics_summary',
  'otel_traces',
  'otel_traces_kv_rollup_15m',
  'otel_traces_kv_rollup_15m_mv',
];

/** Calls create, again and again as a script would that honours `Retry-After`, until the tenant is there. */
async function complete({ name, apiKey }: Round): Promise<TenantView> {
  const deadline = Date.now() + COMPLETED_TIMEOUT_MS;
  for (;;) {
    const { status, body, headers } = await backend.api.call('POST', '/tenants', { name, apiKey });
    if (status === 201) return TenantView.parse(body);
    // What was finished before the kill, or by its last write.
    if (status === 409 && (body as { code: string }).code === 'tenant_exists') {
      const found = await backend.api.call('GET', `/tenants?name=${name}`);
      return TenantView.parse((found.body as { data: unknown[] }).data[0]);
    }
    expect({ status, body }).toMatchObject({ status: 409, body: { code: 'operation_running' } });
    const seconds = Number(headers.get('retry-after'));
    expect(seconds).toBeGreaterThan(0);
    if (Date.now() > deadline) throw new Error(`${name} is still being worked on`);
    await sleep(seconds * 1_000);
  }
}

it('a create that SIGKILL cut off is completed by the next call, with nothing twice', async () => {
  const rounds: Round[] = [];
  let cutOff = 0;
  for (const [round, delayMs] of DELAYS_MS.entries()) {
    // Several at once are in different steps when the kill comes.
    const some = ['a', 'b'].map((letter) => ({
      name: `Crash-${round}${letter}`,
      apiKey: `crash-key-${round}${letter}`,
    }));
    rounds.push(...some);
    const calls = some.map((input) =>
      backend.api.call('POST', '/tenants', input).then(
        () => true,
        () => false,
      ),
    );
    await sleep(delayMs);
    await backend.api.kill();
    cutOff += (await Promise.all(calls)).filter((answered) => !answered).length;
    await backend.api.restart();
  }
  // Otherwise this test would show nothing.
  expect(cutOff).toBeGreaterThanOrEqual(8);

  const database = mongo.db();
  const left = await database.collection('tenants').distinct('step', { status: 'provisioning' });
  expect(left.length).toBeGreaterThan(0);

  const tenants = await Promise.all(rounds.map(complete));
  for (const [index, tenant] of tenants.entries()) {
    const _id = new ObjectId(tenant.id);
    const id = parseTenantId(tenant.id);
    const { name, apiKey } = rounds[index] ?? {};
    expect(tenant).toMatchObject({ name, status: 'active', teams: [{ name, apiKey }] });
    const teams = await database.collection('teams').find({ tenant: _id }).toArray();
    expect(teams.map((team) => team['apiKey'] as string)).toEqual([apiKey]);
    const team = teams[0]?._id;
    expect(await database.collection('connections').countDocuments({ team })).toBe(1);
    const sources = await database.collection('sources').find({ team }).toArray();
    expect(sources.map(({ kind }) => String(kind)).sort()).toEqual([
      'log',
      'metric',
      'session',
      'trace',
    ]);
    expect(await backend.store.tables(id)).toEqual(tenantTables.map((table) => `${table}_${id}`));
  }
  for (const [collection, each] of [
    ['tenants', 1],
    ['teams', 1],
    ['connections', 1],
    ['sources', 4],
  ] as const)
    expect(await database.collection(collection).countDocuments()).toBe(rounds.length * each);
}, 400_000);
