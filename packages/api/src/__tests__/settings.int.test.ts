import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { parseTenantId } from '@hyperdx-tenancy/domain/ids';

import { createContext } from '../controllers/context';
import type { Context } from '../controllers/context';
import { followPlans, markOutdated, missingPlans } from '../controllers/planChanges';
import { reconcileTenants } from '../controllers/reconcile';
import { retryTenant } from '../controllers/tenant';
import { startEngines, startTestServer, testConfig } from '../fixtures';
import type { Answer, Engines, TestServer } from '../fixtures';
import Tenant from '../models/tenant';
import { createLogger } from '../utils/logger';

const plans = {
  plans: [
    {
      name: 'small',
      settings: {
        retentionHours: { logs: 24, traces: 48 },
        partitioning: 'week',
        reader: { maxResultRows: 1_000 },
      },
    },
    {
      name: 'large',
      description: 'For those who keep much.',
      settings: { retentionHours: { logs: 2_000 } },
    },
  ],
  default: 'small',
};

let engines: Engines;
let folder: string;
let server: TestServer;

function plansFile(name: string, content: object): string {
  const path = join(folder, name);
  writeFileSync(path, JSON.stringify(content));
  return path;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hdxt-plans-'));
  engines = await startEngines();
  const path = plansFile('plans.yaml', plans);
  server = await startTestServer(testConfig(engines, { TENANCY_PLANS_FILE: path }));
}, 180_000);

afterAll(async () => {
  await server.stop();
  await engines.stop();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

const call = (method: string, path: string, body?: unknown, headers = {}): Promise<Answer> =>
  server.request(method, `/tenancy/v1${path}`, {
    ...(body === undefined ? {} : { body }),
    headers,
  });

async function make(name: string, more: object = {}): Promise<string> {
  const { status, json } = await call('POST', '/tenants', { name, ...more });
  expect(status).toBe(201);
  return String(json['id']);
}

async function inForce(id: string, name: string): Promise<unknown> {
  const { json } = await call('GET', `/tenants/${id}/effective`);
  const values = json['values'] as { name: string; value: unknown; origin: string }[];
  const found = values.find((value) => value.name === name);
  return found && [found.value, found.origin];
}

/** What ClickHouse itself says of a tenant's table. */
async function ddlOf(id: string, base = 'otel_logs'): Promise<string> {
  const answer = await engines.admin.query({
    query: `SELECT create_table_query AS ddl FROM system.tables WHERE database = {database:String} AND name = {name:String}`,
    query_params: { database: engines.clickhouse.database, name: `${base}_${id}` },
    format: 'JSONEachRow',
  });
  const [row] = await answer.json<{ ddl: string }>();
  return row?.ddl ?? '';
}

const hours = (count: number): string => `toIntervalHour(${count})`;

describe('plans', () => {
  it('are listed, and chosen or taken by default', async () => {
    const id = await make('By default');
    const large = await make('Large', { plan: 'large' });
    const { json } = await call('GET', '/plans');
    expect(json['data']).toMatchObject([
      { name: 'small', default: true, description: null },
      { name: 'large', default: false, tenants: 1 },
    ]);
    expect(await ddlOf(id)).toContain(hours(24));
    expect(await ddlOf(id)).toContain('toMonday(');
    expect(await ddlOf(id, 'otel_traces')).toContain(hours(48));
    expect(await ddlOf(large)).toContain(hours(2_000));
    expect(await ddlOf(large)).toContain('toDate(');
  });

  it('that do not exist are refused, and make nothing', async () => {
    const refused = await call('POST', '/tenants', { name: 'Unplanned', plan: 'huge' });
    expect([refused.status, refused.json['code']]).toEqual([400, 'plan_unknown']);
    expect(await Tenant.countDocuments({ nameKey: 'unplanned' })).toBe(0);
  });

  it('show each value in force with its origin', async () => {
    const id = await make('Origins', { settings: { retentionHours: { logs: 6 } } });
    expect(await inForce(id, 'retentionHours.logs')).toEqual([6, 'tenant']);
    expect(await inForce(id, 'retentionHours.traces')).toEqual([48, 'plan']);
    expect(await inForce(id, 'retentionHours.metrics')).toEqual([720, 'platform']);
    expect(await inForce(id, 'partitioning')).toEqual(['week', 'tables']);
    expect(await inForce(id, 'reader.maxResultRows')).toEqual([1_000, 'plan']);
    expect((await call('GET', `/tenants/${id}/effective`)).json).toMatchObject({
      plan: 'small',
      applied: true,
    });
  });
});

describe('a change of a tenant', () => {
  it('reaches its tables: retention of the changed signal alone', async () => {
    const id = await make('Changed');
    const changed = await call('PATCH', `/tenants/${id}`, {
      settings: { retentionHours: { logs: 100 } },
    });
    expect([changed.status, changed.json['change']]).toEqual([200, null]);
    expect(await ddlOf(id)).toContain(hours(100));
    expect(await ddlOf(id, 'otel_logs_kv_rollup_15m')).toContain(hours(100));
    expect(await ddlOf(id, 'otel_traces')).toContain(hours(48));

    const back = await call('PATCH', `/tenants/${id}`, {
      settings: { retentionHours: { logs: null } },
    });
    expect(back.json['settings']).toEqual({});
    expect(await ddlOf(id)).toContain(hours(24));
  });

  it('to another plan keeps the partitioning that the tables have', async () => {
    const id = await make('Moves up');
    const moved = await call('PATCH', `/tenants/${id}`, { plan: 'large' });
    expect([moved.status, moved.json['plan']]).toEqual([200, 'large']);
    expect(await ddlOf(id)).toContain(hours(2_000));
    expect(await inForce(id, 'partitioning')).toEqual(['week', 'tables']);
  });

  it('renames it, but not to the name of another', async () => {
    const id = await make('Old name');
    await make('Taken name');
    const refused = await call('PATCH', `/tenants/${id}`, { name: 'taken NAME' });
    expect([refused.status, refused.json['code']]).toEqual([409, 'tenant_exists']);
    const renamed = await call('PATCH', `/tenants/${id}`, { name: 'New name' });
    expect([renamed.status, renamed.json['name']]).toEqual([200, 'New name']);
  });

  it.each([
    [{ name: '' }, 'name'],
    [{ plan: 'huge' }, 'plan'],
    [{ plan: '../x' }, 'plan'],
    [{ partitioning: 'day' }, 'partitioning'],
    [{ settings: { partitioning: 'day' } }, 'settings.partitioning'],
    [{ settings: { retentionHours: { logs: 0 } } }, 'settings.retentionHours.logs'],
    [{ settings: { retentionHours: { log: 1 } } }, 'settings.retentionHours.log'],
    [{ settings: { reader: { maxExecutionSeconds: 5 } } }, 'settings.reader.maxExecutionSeconds'],
    [{ settings: { __proto__x: 1 } }, 'settings.__proto__x'],
    [{ target: 'default' }, 'target'],
    [{ status: 'deleted' }, 'status'],
  ])('%j is refused with its field, and changes nothing', async (body, field) => {
    const id = String((await Tenant.findOne({ nameKey: 'new name' }).lean())?._id);
    const before = (await call('GET', `/tenants/${id}`)).text;
    const refused = await call('PATCH', `/tenants/${id}`, body);
    expect(refused.status).toBe(400);
    expect(refused.json['message']).toContain(field);
    expect((await call('GET', `/tenants/${id}`)).text).toBe(before);
  });

  it('is made on the state that was read, or not at all', async () => {
    const id = await make('Two editors');
    const etag = (await call('GET', `/tenants/${id}`)).headers.get('etag') ?? '';
    const first = await call('PATCH', `/tenants/${id}`, { plan: 'large' }, { 'if-match': etag });
    expect(first.status).toBe(200);
    const late = await call('PATCH', `/tenants/${id}`, { plan: 'small' }, { 'if-match': etag });
    expect([late.status, late.json['code']]).toEqual([412, 'precondition_failed']);
    expect((await call('GET', `/tenants/${id}`)).json['plan']).toBe('large');

    const now = first.headers.get('etag') ?? '';
    const next = { 'if-match': `"other", ${now}` };
    expect((await call('PATCH', `/tenants/${id}`, { plan: null }, next)).status).toBe(200);
    expect((await call('PATCH', `/tenants/${id}`, {}, { 'if-match': '*' })).status).toBe(200);
  });

  it('of two at once, one is made and the other told so', async () => {
    const id = await make('Raced');
    const etag = (await call('GET', `/tenants/${id}`)).headers.get('etag') ?? '';
    const answers = await Promise.all(
      [1, 2, 3, 4].map((logs) =>
        call(
          'PATCH',
          `/tenants/${id}`,
          { settings: { retentionHours: { logs: logs * 10 } } },
          { 'if-match': etag },
        ),
      ),
    );
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
    for (const status of statuses) expect([200, 409, 412]).toContain(status);
    const won = answers.findIndex(({ status }) => status === 200);
    expect(await ddlOf(id)).toContain(hours((won + 1) * 10));
  });

  it('while somebody works on it is refused, saying what runs', async () => {
    const id = await make('Busy');
    const lease = { owner: 'another process', expiresAt: new Date(Date.now() + 60_000) };
    const change = { kind: 'rotation', step: 'acknowledge', attempt: 1, since: new Date() };
    await Tenant.updateOne({ _id: id }, { lease, change });
    const refused = await call('PATCH', `/tenants/${id}`, { name: 'Not now' });
    expect([refused.status, refused.json['code']]).toEqual([409, 'operation_running']);
    expect(refused.json['message']).toContain('rotation (step "acknowledge")');
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    // Nobody works on it right now, but it has to end first.
    await Tenant.updateOne({ _id: id }, { lease: null });
    expect((await call('PATCH', `/tenants/${id}`, { name: 'Not now' })).status).toBe(409);
    await Tenant.updateOne({ _id: id }, { change: null });
    expect((await call('PATCH', `/tenants/${id}`, { name: 'Now' })).status).toBe(200);
  });

  it('of a tenant that is not there is 404, and of one that is not complete 409', async () => {
    expect((await call('PATCH', `/tenants/${'0'.repeat(24)}`, { name: 'x' })).status).toBe(404);
    const id = await make('Incomplete');
    await Tenant.updateOne({ _id: id }, { status: 'failed' });
    const refused = await call('PATCH', `/tenants/${id}`, { name: 'x' });
    expect([refused.status, refused.json['code']]).toEqual([409, 'tenant_not_active']);
  });
});

describe("a site's templates that have changed", () => {
  it('are followed by tenants that exist; what is there with another type stays, and stops nobody', async () => {
    const [plain, odd] = [await make('Gets a column'), await make('Has it otherwise')];
    const database = engines.clickhouse.database;
    await engines.admin.command({
      query: `ALTER TABLE ${database}.otel_logs_${odd} ADD COLUMN shop UInt64`,
    });
    const templates = join(folder, 'templates');
    mkdirSync(templates);
    writeFileSync(
      join(templates, 'otel_logs.yaml'),
      `columns: [{name: shop, type: LowCardinality(String), materialized: "ResourceAttributes['shop']"}]`,
    );
    const config = testConfig(engines, {
      TENANCY_SECRET: server.config.secret,
      TENANCY_PLANS_FILE: plansFile('as-before.yaml', plans),
      TENANCY_TEMPLATES_DIRECTORY: templates,
    });
    const context = createContext(config, createLogger('silent'));
    try {
      expect(await markOutdated(context)).toBeGreaterThanOrEqual(2);
      while ((await reconcileTenants(context)) > 0);
      for (const id of [plain, odd]) {
        expect((await Tenant.findById(id).lean())?.change).toBeNull();
      }
      expect(await ddlOf(plain)).toContain('`shop` LowCardinality(String) MATERIALIZED');
      expect(await ddlOf(odd)).toContain('`shop` UInt64');
      // A tenant whose making was cut off before they came gets them as well.
      await Tenant.updateOne({ _id: plain }, { status: 'failed' });
      await engines.admin.command({
        query: `ALTER TABLE ${database}.otel_logs_${plain} DROP COLUMN shop`,
      });
      await retryTenant(parseTenantId(plain), context);
      expect(await ddlOf(plain)).toContain('`shop` LowCardinality(String) MATERIALIZED');
      expect(await markOutdated(context)).toBe(0);
    } finally {
      await context.targets.close();
    }
  }, 120_000);
});

describe('a plans file that has changed', () => {
  const withPlans = (content: object): Context =>
    createContext(
      testConfig(engines, {
        TENANCY_SECRET: server.config.secret,
        TENANCY_PLANS_FILE: plansFile('changed.yaml', content),
      }),
      createLogger('silent'),
    );

  it('is followed by the tenants of the changed plan, overrides kept, and by nobody else', async () => {
    const plain = await make('Follows');
    const own = await make('Follows with own', { settings: { retentionHours: { logs: 7 } } });
    const other = await make('Of another plan', { plan: 'large' });
    const [small, large] = plans.plans;
    const longer = {
      ...small,
      settings: { ...small?.settings, retentionHours: { logs: 30, traces: 60 } },
    };
    const context = withPlans({ ...plans, plans: [longer, large] });
    try {
      expect(await markOutdated(context)).toBeGreaterThanOrEqual(2);
      expect((await Tenant.findById(other).lean())?.change).toBeNull();
      while ((await reconcileTenants(context)) > 0);
      expect(await ddlOf(plain)).toContain(hours(30));
      expect(await ddlOf(plain, 'otel_traces')).toContain(hours(60));
      expect(await ddlOf(own)).toContain(hours(7));
      expect(await ddlOf(own, 'otel_traces')).toContain(hours(60));
      expect((await Tenant.findById(plain).lean())?.change).toBeNull();
      // Once is enough.
      expect(await markOutdated(context)).toBe(0);
    } finally {
      await context.targets.close();
    }
  }, 60_000);

  it('and lacks a plan that tenants have leaves them what they have, and says so', async () => {
    const id = await make('Left behind', { plan: 'large' });
    const ddl = await ddlOf(id);
    const context = withPlans({ plans: [plans.plans[0]], default: 'small' });
    try {
      expect(await missingPlans(context)).toContain('large');
      await followPlans(context);
      while ((await reconcileTenants(context)) > 0);
      expect(await ddlOf(id)).toBe(ddl);
    } finally {
      await context.targets.close();
    }
  }, 60_000);
});
