import { createClient } from '@clickhouse/client';
import type { ClickHouseClient } from '@clickhouse/client';
import { startClickHouse } from '@hyperdx-tenancy/devkit/clickhouse';
import type { ClickHouseServer } from '@hyperdx-tenancy/devkit/clickhouse';
import { openMongo } from '@hyperdx-tenancy/devkit/mongo';
import type { Mongo } from '@hyperdx-tenancy/devkit/mongo';
import { readerName, writerName } from '@hyperdx-tenancy/domain/access';
import { parseTenantId } from '@hyperdx-tenancy/domain/ids';
import type { TenantId } from '@hyperdx-tenancy/domain/ids';

import type { Config } from '../config';
import { loadCollectorSnapshot } from '../controllers/collectorConfigs';
import { heardAgent } from '../controllers/__tests__/heardAgent';
import { recordAgents } from '../controllers/collectorAgents';
import { createContext } from '../controllers/context';
import type { Context } from '../controllers/context';
import { reconcileTenants } from '../controllers/reconcile';
import { readRevision } from '../controllers/revisions';
import { startTestServer, testConfig } from '../fixtures';
import type { Answer, TestServer } from '../fixtures';
import Tenant from '../models/tenant';
import { createLogger } from '../utils/logger';
import { askAs, connectionOf, exporterLogin, readerLogin } from './tenantLogins';
import type { Login } from './tenantLogins';

let clickhouse: ClickHouseServer;
let mongo: Mongo;
let admin: ClickHouseClient;
let config: Config;
let server: TestServer;
let context: Context;

beforeAll(async () => {
  [clickhouse, mongo] = await Promise.all([
    startClickHouse({ password: 'the-administrators', users: true }),
    openMongo(),
  ]);
  admin = createClient(clickhouse.client());
  config = testConfig({ clickhouse, mongo }, { TENANCY_ACCESS_MODE: 'grants' });
  server = await startTestServer(config);
  context = createContext(config, createLogger('silent'));
}, 180_000);

afterAll(async () => {
  await context.targets.close();
  await admin.close();
  await server.stop();
  await Promise.all([clickhouse.stop(), mongo.stop()]);
}, 60_000);

const call = (method: string, path: string, body?: unknown): Promise<Answer> =>
  server.request(method, `/tenancy/v1${path}`, body === undefined ? {} : { body });

async function make(name: string): Promise<TenantId> {
  const { status, text, json } = await call('POST', '/tenants', { name });
  expect([status, status === 201 ? '' : text]).toEqual([201, '']);
  return parseTenantId(json['id']);
}

const exporterOf = (id: TenantId): Promise<Login> => exporterLogin(id, config, context);
const readerOf = (id: TenantId, on = context): Promise<Login> => readerLogin(id, on);
const as = (login: Login, query: string): Promise<string> => askAs(clickhouse.url, login, query);

const DENIED = 'Code: 497';
const NO_LOGIN = 'Code: 516';
const insertInto = (id: TenantId, body: string): string =>
  `INSERT INTO otel_logs_${id} (Timestamp, Body) VALUES (now(), '${body}')`;

describe('a tenant of a target with users', () => {
  it('is read and written by users of its own, and by nobody else', async () => {
    const [a, b] = [await make('Acme'), await make('Globex')];
    const [reader, writer] = [await readerOf(a), await exporterOf(a)];
    expect([reader.username, writer.username]).toEqual([readerName(a), writerName(a)]);
    expect(reader.password).not.toBe(writer.password);
    expect(reader.password).not.toBe((await readerOf(b)).password);

    expect(await as(writer, insertInto(a, 'own'))).toBe('');
    expect(await as(reader, `SELECT Body FROM otel_logs_${a}`)).toBe('own');
    expect(await as(writer, insertInto(b, 'foreign'))).toBe(DENIED);
    expect(await as(writer, `SELECT Body FROM otel_logs_${a}`)).toBe(DENIED);
    expect(await as(reader, `SELECT Body FROM otel_logs_${b}`)).toBe(DENIED);
    expect(await as(reader, insertInto(a, 'by the reader'))).toMatch(/^Code: (497|164)$/);
    // The rollup is filled by a view that runs as neither of them.
    expect(await as(reader, `SELECT sum(count) > 0 FROM otel_logs_kv_rollup_15m_${a}`)).toBe('1');
  });

  it('has nothing of the administrator in its documents or configs', async () => {
    const id = await make('No administrator');
    const tenant = await Tenant.findById(id).lean();
    const { teams } = await loadCollectorSnapshot(config, context);
    const connection = await connectionOf(id);
    const held = JSON.stringify([tenant, connection, teams]);
    expect(held).not.toContain(clickhouse.password);
    // HyperDX comes to the query door, as nobody that ClickHouse knows.
    expect(connection.username).toMatch(/^hdx_d_/);
    expect(held).not.toContain((await readerOf(id)).password);
    expect(await as(connection, 'SELECT 1')).toBe(NO_LOGIN);
    // And its own passwords are in no document of ours.
    const { password } = await exporterOf(id);
    expect(JSON.stringify(tenant)).not.toContain(password);
  });

  it('is made the same again over users with other passwords', async () => {
    const id = await make('Restored');
    const reader = await readerOf(id);
    await admin.command({
      query: `ALTER USER ${reader.username} IDENTIFIED WITH sha256_hash BY '${'0'.repeat(64)}' SALT '${'1'.repeat(32)}'`,
    });
    expect(await as(reader, 'SELECT 1')).toBe(NO_LOGIN);
    await Tenant.updateOne({ _id: id }, { status: 'failed' });
    expect((await call('POST', `/tenants/${id}/retry`)).status).toBe(200);
    expect(await as(reader, 'SELECT 1')).toBe('1');
  });

  it('does not get its inserts back by a change while it is suspended', async () => {
    const id = await make('Suspended');
    const [reader, writer] = [await readerOf(id), await exporterOf(id)];
    await Tenant.updateOne({ _id: id }, { status: 'suspended' });
    expect((await call('POST', `/tenants/${id}/apply`)).status).toBe(200);
    expect(await as(writer, insertInto(id, 'x'))).toBe(DENIED);
    // What its exporter asks at start is answered, and its people read on.
    expect(await as(writer, `DESCRIBE TABLE otel_logs_${id}`)).toContain('Body');
    expect(await as(reader, `SELECT count() FROM otel_logs_${id}`)).toBe('0');
    await Tenant.updateOne({ _id: id }, { status: 'active' });
    expect((await call('POST', `/tenants/${id}/apply`)).status).toBe(200);
    expect(await as(writer, insertInto(id, 'x'))).toBe('');
  });

  it('gets its limits by PATCH', async () => {
    const id = await make('Limited');
    const reader = await readerOf(id);
    const values = Array.from({ length: 20 }, (_, row) => `(now(), '${row}')`).join(', ');
    await as(
      await exporterOf(id),
      `INSERT INTO otel_logs_${id} (Timestamp, Body) VALUES ${values}`,
    );
    const rows = `SELECT Body FROM otel_logs_${id}`;
    expect((await as(reader, rows)).split('\n')).toHaveLength(20);
    const patched = await call('PATCH', `/tenants/${id}`, {
      settings: { reader: { maxResultRows: 10 } },
    });
    expect([patched.status, patched.json['change']]).toEqual([200, null]);
    expect(await as(reader, rows)).toBe('Code: 396');
    await call('PATCH', `/tenants/${id}`, { settings: { reader: null } });
    expect((await as(reader, rows)).split('\n')).toHaveLength(20);
    // The password is the one it had.
    expect(await readerOf(id)).toEqual(reader);
  });
});

describe('tenant rotate', () => {
  const agent = (revision: number) => heardAgent({ revision });

  it('keeps both passwords valid until every collector has the new one, and then drops the old', async () => {
    const id = await make('Rotated');
    const [reader, writer] = [await readerOf(id), await exporterOf(id)];
    await recordAgents([agent(await readRevision('collectors'))]);

    const begun = await call('POST', `/tenants/${id}/rotate`, {});
    expect(begun.status).toBe(202);
    expect(begun.json['change']).toMatchObject({
      kind: 'rotation',
      step: 'acknowledge',
      lastError: { code: 'collectors_behind' },
    });
    const [newReader, newWriter] = [await readerOf(id), await exporterOf(id)];
    expect(newReader.password).not.toBe(reader.password);
    expect(newWriter.password).not.toBe(writer.password);
    for (const login of [reader, newReader]) expect(await as(login, 'SELECT 1')).toBe('1');
    for (const login of [writer, newWriter]) expect(await as(login, insertInto(id, 'x'))).toBe('');

    // It goes on by itself, but not before the collector has applied its config.
    await Tenant.updateOne({ _id: id }, { 'change.nextAttemptAt': null });
    await reconcileTenants(context);
    expect((await Tenant.findById(id).lean())?.change?.step).toBe('acknowledge');
    await recordAgents([agent(await readRevision('collectors'))]);
    await Tenant.updateOne({ _id: id }, { 'change.nextAttemptAt': null });
    await reconcileTenants(context);

    const tenant = await Tenant.findById(id).lean();
    expect(tenant).toMatchObject({
      change: null,
      status: 'active',
      credentials: { generation: 2 },
    });
    for (const login of [reader, writer]) expect(await as(login, 'SELECT 1')).toBe(NO_LOGIN);
    expect(await as(newReader, `SELECT count() FROM otel_logs_${id}`)).toBe('2');
    expect(await as(newWriter, insertInto(id, 'y'))).toBe('');
  });

  it('waits for nobody where no collector is there, and not at all with force', async () => {
    const id = await make('Without collectors');
    await recordAgents([heardAgent({ revision: 0 }, 3_600_000)]);
    expect((await call('POST', `/tenants/${id}/rotate`, {})).status).toBe(200);

    await recordAgents([agent(0)]);
    const before = await exporterOf(id);
    const waiting = await call('POST', `/tenants/${id}/rotate`, {});
    expect(waiting.status).toBe(202);
    const forced = await call('POST', `/tenants/${id}/rotate`, { force: true });
    expect([forced.status, forced.json['change']]).toEqual([200, null]);
    expect(await as(before, insertInto(id, 'late'))).toBe(NO_LOGIN);
    const atOnce = await call('POST', `/tenants/${id}/rotate`, { force: true });
    expect([atOnce.status, atOnce.json['change']]).toEqual([200, null]);
    await recordAgents([agent(Number.MAX_SAFE_INTEGER)]);
  });

  it('of one tenant leaves the others alone', async () => {
    const [id, other] = [await make('Turned'), await make('Not turned')];
    const theirs = [await readerOf(other), await exporterOf(other)];
    await call('POST', `/tenants/${id}/rotate`, { force: true });
    expect([await readerOf(other), await exporterOf(other)]).toEqual(theirs);
    for (const login of theirs) expect(await as(login, 'SELECT 1')).not.toBe(NO_LOGIN);
  });

  it.each([[{ force: 'yes' }], [{ now: true }], [[]]])('refuses %j', async (body) => {
    const id = (await Tenant.findOne({ nameKey: 'turned' }).lean())?._id.toHexString() ?? '';
    expect((await call('POST', `/tenants/${id}/rotate`, body)).status).toBe(400);
  });
});

describe('secret rotate', () => {
  it('gives every tenant passwords of the new secret, and none a moment without', async () => {
    const ids = [await make('Secret one'), await make('Secret two')];
    const before = new Map(
      await Promise.all(ids.map(async (id) => [id, await exporterOf(id)] as const)),
    );
    const next = {
      ...config,
      secret: 'the next secret of this install',
      previousSecret: config.secret,
    };
    await recordAgents([heardAgent({ revision: Number.MAX_SAFE_INTEGER })]);
    const later = createContext(next, createLogger('silent'));
    const moved = await startTestServer(next);
    try {
      // Until it is asked for, the old passwords stand, and the new process has them.
      const snapshot = await loadCollectorSnapshot(next, later);
      expect(snapshot.teams.find(({ tenantId }) => tenantId === ids[0])?.credentials).toEqual(
        before.get(ids[0]!),
      );
      const { json } = await moved.request('POST', '/tenancy/v1/secret/rotate');
      expect(json['left']).toBeGreaterThanOrEqual(2);
      while ((await reconcileTenants(later)) > 0);
      expect((await moved.request('GET', '/tenancy/v1/secret')).json).toEqual({ left: 0 });

      // The previous secret is needed no more.
      const alone = createContext({ ...next, previousSecret: undefined }, createLogger('silent'));
      const { teams } = await loadCollectorSnapshot(next, alone);
      await alone.targets.close();
      for (const id of ids) {
        const credentials = teams.find(({ tenantId }) => tenantId === id)?.credentials;
        if (credentials?.kind !== 'literal') throw new Error('no credentials');
        expect(await as(credentials, insertInto(id, 'new'))).toBe('');
        expect(await as(before.get(id)!, insertInto(id, 'old'))).toBe(NO_LOGIN);
        expect(await as(await readerOf(id, later), 'SELECT 1')).toBe('1');
      }
    } finally {
      await moved.stop();
      await later.targets.close();
    }
  }, 120_000);

  it('of a secret that is lost leaves out the tenant alone, and force mends it', async () => {
    // A server that knows neither secret of the tenants so far.
    const lost = {
      ...config,
      secret: 'a secret that nobody had before',
      previousSecret: undefined,
    };
    const other = createContext(lost, createLogger('silent'));
    const mended = await startTestServer(lost);
    try {
      const { teams } = await loadCollectorSnapshot(lost, other);
      expect(teams).toEqual([]);
      const id = (await Tenant.findOne({ nameKey: 'secret one' }).lean())?._id.toHexString() ?? '';
      const forced = await mended.request('POST', `/tenancy/v1/tenants/${id}/rotate`, {
        body: { force: true },
      });
      expect([forced.status, forced.json['change']]).toEqual([200, null]);
      const now = await loadCollectorSnapshot(lost, other);
      expect(now.teams.map(({ tenantId }) => tenantId)).toEqual([id]);
      expect(await as(await readerOf(parseTenantId(id), other), 'SELECT 1')).toBe('1');
    } finally {
      await mended.stop();
      await other.targets.close();
    }
  }, 60_000);
});

it('on a target without users, the query door has new passwords', async () => {
  const guarded = await startTestServer(
    testConfig({ clickhouse, mongo }, { TENANCY_ACCESS_MODE: 'guard' }),
  );
  try {
    const made = await guarded.request('POST', '/tenancy/v1/tenants', {
      body: { name: 'Guarded' },
    });
    const id = parseTenantId(made.json['id']);
    const before = await connectionOf(id);
    const rotated = await guarded.request('POST', `/tenancy/v1/tenants/${id}/rotate`, { body: {} });
    expect([rotated.status, rotated.json['change']]).toEqual([200, null]);
    const after = await connectionOf(id);
    expect(after.username).toBe(before.username);
    expect(after.password).toMatch(/^[a-f0-9]{64}$/);
    expect(after.password).not.toBe(before.password);
  } finally {
    await guarded.stop();
  }
}, 60_000);
