import { waitFor } from '@hyperdx-tenancy/devkit/process';

import { createContext } from '../controllers/context';
import { reconcileTenants } from '../controllers/reconcile';
import { startEngines, useServer } from '../fixtures';
import Source from '../models/source';
import Team from '../models/team';
import Tenant from '../models/tenant';
import { PeriodicTask } from '../tasks/periodic';
import { createLogger } from '../utils/logger';

const { engines, server } = useServer({ engines: () => startEngines(true) });

const post = (body: unknown) => server.request('POST', '/tenancy/v1/tenants', { body });

/** What `/ready` says is missing, once it says that about something. */
async function missing(what: string): Promise<unknown> {
  return waitFor(
    async () => {
      const { status, json } = await server.request('GET', '/ready');
      return status === 503 && (json['missing'] as string[]).includes(what)
        ? json['missing']
        : undefined;
    },
    { what: `/ready to miss ${what}`, timeoutMs: 20_000 },
  );
}

describe('with ClickHouse down', () => {
  it('says so, keeps the tenant with the reason, and a later call completes that very tenant', async () => {
    await engines.clickhouse.kill();

    const refused = await post({ name: 'Initech', apiKey: 'initech-key' });
    expect(refused.status).toBe(503);
    expect(refused.json).toEqual({
      code: 'clickhouse_unavailable',
      message: 'ClickHouse cannot be reached.',
    });
    expect(refused.headers.get('retry-after')).toBe('5');

    expect(await missing('clickhouse')).toEqual(['clickhouse']);
    expect((await server.request('GET', '/health')).status).toBe(200);

    const { json: page } = await server.request('GET', '/tenancy/v1/tenants?name=Initech');
    const [left] = page['data'] as { id: string }[];
    expect(left).toMatchObject({
      status: 'provisioning',
      provisioning: { step: 'tables', attempt: 1, lastError: { code: 'clickhouse_unavailable' } },
    });

    // Another request in the name of the unfinished one would change what was asked for.
    const other = await post({ name: 'Initech', apiKey: 'another-key' });
    expect([other.status, other.json['code']]).toEqual([409, 'request_changed']);

    await engines.clickhouse.restart();
    const done = await post({ name: 'Initech', apiKey: 'initech-key' });
    expect(done.status).toBe(201);
    expect(done.json).toMatchObject({
      id: left?.id,
      status: 'active',
      teams: [{ apiKey: 'initech-key' }],
    });
    expect(await Tenant.countDocuments()).toBe(1);
    expect(await Team.countDocuments()).toBe(1);
    expect(await Source.countDocuments()).toBe(4);
  }, 60_000);
});

describe('with a step that ClickHouse refuses', () => {
  it('fails with the reason, and goes on where another object was in the way', async () => {
    const { json } = await post({ name: 'In the way' });
    const id = String(json['id']);
    // As if the process had died before this table was made, and somebody else had taken its name.
    await engines.admin.command({ query: `DROP TABLE otel_metrics_sum_${id}` });
    await engines.admin.command({
      query: `CREATE TABLE otel_metrics_sum_${id} (x Int32) ENGINE = Memory`,
    });
    await Tenant.updateOne({ _id: id }, { status: 'provisioning', step: 'tables' });

    const failed = await post({ name: 'In the way' });
    expect(failed.status).toBe(502);
    expect(failed.json).toMatchObject({
      code: 'clickhouse_rejected',
      message: expect.stringContaining('otel_metrics_sum') as string,
    });

    await engines.admin.command({ query: `DROP TABLE otel_metrics_sum_${id}` });
    const done = await post({ name: 'In the way' });
    expect([done.status, done.json['id']]).toEqual([201, id]);
  });

  it('lets a second caller wait while somebody works, and take over from who died', async () => {
    const { json } = await post({ name: 'Leased' });
    const id = String(json['id']);
    const lease = { owner: 'another process', expiresAt: new Date(Date.now() + 60_000) };
    await Tenant.updateOne({ _id: id }, { status: 'provisioning', step: 'documents', lease });
    const busy = await post({ name: 'Leased' });
    expect([busy.status, busy.json['code']]).toEqual([409, 'operation_running']);
    expect(busy.json['message']).toContain('documents');

    await Tenant.updateOne({ _id: id }, { 'lease.expiresAt': new Date(Date.now() - 1) });
    const done = await post({ name: 'Leased' });
    expect([done.status, done.json['id']]).toEqual([201, id]);
  });
});

describe('the reconciler', () => {
  it('completes by itself what an outage stopped, once it is over', async () => {
    const context = createContext(server.config, createLogger('silent'));
    const reconciler = new PeriodicTask({
      name: 'reconcile',
      everyMs: 100,
      work: () => reconcileTenants(context),
      log: context.log,
    });
    reconciler.start();
    try {
      await engines.clickhouse.kill();
      const refused = await post({ name: 'Patient' });
      expect(refused.json['code']).toBe('clickhouse_unavailable');
      await engines.clickhouse.restart();
      const done = await waitFor(
        () => Tenant.findOne({ nameKey: 'patient', status: 'active' }).lean(),
        {
          what: 'the tenant to become active',
          timeoutMs: 30_000,
        },
      );
      expect(done.attempt).toBeGreaterThan(1);
      expect(done.lastError).toBeNull();
      expect(await Source.countDocuments({ team: done.members.team })).toBe(4);
    } finally {
      await reconciler.stop();
      await context.targets.close();
    }
  }, 60_000);
});

describe('with MongoDB down', () => {
  it('answers 503, is not ready, and serves again when it is back', async () => {
    await engines.mongo.kill();
    const refused = await post({ name: 'Later' });
    expect([refused.status, refused.json['code']]).toEqual([503, 'mongo_unavailable']);
    expect(await missing('mongo')).toEqual(['mongo']);

    await engines.mongo.restart();
    let done = await post({ name: 'Later' });
    for (let i = 0; i < 20 && done.status === 503; i += 1) done = await post({ name: 'Later' });
    expect(done.status).toBe(201);
  }, 90_000);
});
