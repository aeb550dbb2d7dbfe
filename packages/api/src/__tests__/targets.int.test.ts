import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { startClickHouse } from '@hyperdx-tenancy/devkit/clickhouse';
import type { ClickHouseServer } from '@hyperdx-tenancy/devkit/clickhouse';
import { baseNames } from '@hyperdx-tenancy/domain/tables';
import { waitFor } from '@hyperdx-tenancy/devkit/process';

import { createContext } from '../controllers/context';
import type { Context } from '../controllers/context';
import { reconcileTarget } from '../controllers/reconcile';
import { startEngines, startTestServer, testConfig } from '../fixtures';
import type { Answer, Engines, TestServer } from '../fixtures';
import Connection from '../models/connection';
import Tenant from '../models/tenant';
import { createLogger } from '../utils/logger';

let engines: Engines;
let second: ClickHouseServer;
let folder: string;
let server: TestServer;
let context: Context;

/** Tenants that target `small` has room for; it is the same server as `second`, all of which counts. */
const SMALL_HOLDS = 2;

beforeAll(async () => {
  [engines, second] = await Promise.all([startEngines(true), startClickHouse({ password: 'two' })]);
  folder = mkdtempSync(join(tmpdir(), 'hdxt-targets-'));
  const path = join(folder, 'targets.yaml');
  const login = {
    url: second.url,
    username: second.user,
    password: second.password,
    collectorEndpoint: 'tcp://second.internal:9000',
    access: 'guard',
  };
  const capacity = { tables: SMALL_HOLDS * baseNames.length, parts: 1_000_000 };
  const targets = [
    { ...login, name: 'second' },
    { ...login, name: 'small', capacity },
  ];
  writeFileSync(path, JSON.stringify({ targets }));
  const config = testConfig(engines, { TENANCY_TARGETS_FILE: path });
  server = await startTestServer(config);
  context = createContext(config, createLogger('silent'));
}, 180_000);

afterAll(async () => {
  await context.targets.close();
  await server.stop();
  await Promise.all([engines.stop(), second.stop()]);
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

const post = (body: unknown): Promise<Answer> =>
  server.request('POST', '/tenancy/v1/tenants', { body });
const listed = async (name: string): Promise<Record<string, unknown>> => {
  const { json } = await server.request('GET', '/tenancy/v1/targets');
  const target = (json['data'] as Record<string, unknown>[]).find((one) => one['name'] === name);
  return target ?? {};
};

async function tablesOn(url: string, password: string, id: string): Promise<number> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'X-ClickHouse-User': 'default', 'X-ClickHouse-Key': password },
    body: `SELECT count() FROM system.tables WHERE endsWith(name, '_${id}')`,
  });
  return Number(await answer.text());
}

describe('several targets', () => {
  it('are listed without credentials, with what they hold', async () => {
    const answer = await server.request('GET', '/tenancy/v1/targets');
    expect(answer.text).not.toContain(second.password);
    expect(await listed('small')).toMatchObject({
      database: 'default',
      access: 'guard',
      reachable: true,
      tenants: 0,
      tables: { used: 0, limit: SMALL_HOLDS * baseNames.length },
    });
  });

  it('take a tenant by choice: its tables, its connection and its collectors are there', async () => {
    const made = await post({ name: 'On the second', target: 'second' });
    expect([made.status, made.json['target']]).toEqual([201, 'second']);
    const id = String(made.json['id']);
    expect(await tablesOn(second.url, 'two', id)).toBe(baseNames.length);
    expect(await tablesOn(engines.clickhouse.url, engines.clickhouse.password, id)).toBe(0);
    const tenant = await Tenant.findById(id).lean();
    const connection = await Connection.findById(tenant?.members.connection).lean();
    expect(connection?.username).toBe(`hdx_d_${String(connection?.team)}`);
  });

  it('take it where most room is left, as long as there is some', async () => {
    // The default target has no limit: all of it is left.
    const made = await post({ name: 'Anywhere' });
    expect(made.json['target']).toBe('default');

    let asked = 0;
    let answer: Answer;
    do {
      answer = await post({ name: `Small ${asked}`, target: 'small' });
      asked += 1;
    } while (answer.status === 201);
    expect([answer.status, answer.json['code']]).toEqual([409, 'target_full']);
    expect(answer.json['message']).toContain('small');
    const placed = await Tenant.countDocuments({ target: 'small' });
    expect(placed).toBe(asked - 1);
    expect(placed).toBeGreaterThan(0);
    expect(placed).toBeLessThanOrEqual(SMALL_HOLDS);
  });

  it('are complete on repetition, though the target is full by now', async () => {
    const again = await post({ name: 'Small 0', target: 'small' });
    expect([again.status, again.json['code']]).toEqual([409, 'tenant_exists']);
  });

  it('are not to be guessed', async () => {
    for (const target of ['third', '../second', 'SECOND', '', 7]) {
      const refused = await post({ name: 'Nowhere', target });
      expect(refused.status).toBe(400);
      expect(refused.json['message']).toContain('target');
    }
    expect(await Tenant.countDocuments({ nameKey: 'nowhere' })).toBe(0);
  });
});

describe('a target out of reach', () => {
  it('holds up its own tenants, and no others', async () => {
    await Tenant.updateOne(
      { nameKey: 'on the second' },
      { status: 'provisioning', step: 'tables' },
    );
    await second.kill();
    // What is known of a server's room is a few seconds old.
    await waitFor(async () => (await listed('second'))['reachable'] === false, {
      what: 'the target to be missed',
      timeoutMs: 20_000,
    });
    const [there, here] = await Promise.all([
      post({ name: 'Waits for it', target: 'second' }),
      post({ name: 'Does not wait' }),
    ]);
    expect([there.status, there.json['code']]).toEqual([503, 'clickhouse_unavailable']);
    expect([here.status, here.json['code'], here.json['target']]).toEqual([
      201,
      undefined,
      'default',
    ]);
    expect((await server.request('GET', '/ready')).status).toBe(200);
    expect(await listed('default')).toMatchObject({ reachable: true });

    const target = context.targets.get('second');
    expect(await reconcileTarget(target, context)).toBeGreaterThan(0);
    const stuck = await Tenant.findOne({ nameKey: 'on the second' }).lean();
    expect(stuck?.lastError?.code).toBe('clickhouse_unavailable');

    await second.restart();
    await Tenant.updateOne({ _id: stuck?._id }, { nextAttemptAt: null });
    await waitFor(
      async () => {
        await reconcileTarget(target, context);
        return (await Tenant.findById(stuck?._id).lean())?.status === 'active';
      },
      { what: 'its tenant to be active again', timeoutMs: 30_000 },
    );
  }, 120_000);
});
