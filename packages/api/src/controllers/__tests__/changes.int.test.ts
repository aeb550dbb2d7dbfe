import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createClient } from '@clickhouse/client';
import type { ClickHouseClient } from '@clickhouse/client';
import { startClickHouse } from '@hyperdx-tenancy/devkit/clickhouse';
import type { ClickHouseServer } from '@hyperdx-tenancy/devkit/clickhouse';
import { openMongo } from '@hyperdx-tenancy/devkit/mongo';
import type { Mongo } from '@hyperdx-tenancy/devkit/mongo';
import { readerPins, writerName } from '@hyperdx-tenancy/domain/access';
import { CreateTenant } from '@hyperdx-tenancy/domain/contracts/tenant';
import type { TenantView } from '@hyperdx-tenancy/domain/contracts/tenant';
import { parseTenantId } from '@hyperdx-tenancy/domain/ids';
import type { TenantId } from '@hyperdx-tenancy/domain/ids';
import { Types } from 'mongoose';

import type { Config } from '../../config';
import { startTestServer, testConfig } from '../../fixtures';
import type { TestServer } from '../../fixtures';
import CollectorAgent from '../../models/collectorAgent';
import Revision from '../../models/revision';
import Tenant from '../../models/tenant';
import type { ITenant } from '../../models/tenant';
import Team from '../../models/team';
import { createLogger } from '../../utils/logger';
import { recordAgents } from '../collectorAgents';
import { buildGroupConfig, loadCollectorSnapshot } from '../collectorConfigs';
import { createContext } from '../context';
import type { Context } from '../context';
import { markOutdated } from '../planChanges';
import { reconcileTarget, reconcileTenants } from '../reconcile';
import { readRevision } from '../revisions';
import { beginTenant, createTenant } from '../tenant';
import { claimUnfinished } from '../tenantClaim';
import { rotateSecret, rotateTenant } from '../rotation';
import { updateTenant } from '../updateTenant';
import { askAs, exporterLogin, readerLogin } from '../../__tests__/tenantLogins';
import type { Login } from '../../__tests__/tenantLogins';
import { heardAgent } from './heardAgent';

let clickhouse: ClickHouseServer;
let mongo: Mongo;
let admin: ClickHouseClient;
let config: Config;
let server: TestServer;
let context: Context;
const opened: Context[] = [];

/** A process of its own as far as the controllers go: with its own secrets, files and knowledge of the targets. */
function processWith(differing: Partial<Config> = {}): Context {
  const made = createContext({ ...config, ...differing }, createLogger('silent'));
  opened.push(made);
  return made;
}

beforeAll(async () => {
  [clickhouse, mongo] = await Promise.all([
    startClickHouse({ password: 'the-administrators', users: true }),
    openMongo(),
  ]);
  admin = createClient(clickhouse.client());
  config = testConfig({ clickhouse, mongo }, { TENANCY_ACCESS_MODE: 'grants' });
  // It is what connects to MongoDB.
  server = await startTestServer(config);
  context = processWith();
}, 180_000);

afterAll(async () => {
  await Promise.all(opened.map(({ targets }) => targets.close()));
  await admin.close();
  await server.stop();
  await Promise.all([clickhouse.stop(), mongo.stop()]);
}, 60_000);

afterEach(async () => {
  jest.restoreAllMocks();
  await CollectorAgent.deleteMany({});
  // What a test left half done is not for the next one.
  await Tenant.updateMany({}, { change: null });
});

async function make(name: string, on = context, more: object = {}): Promise<TenantId> {
  const { id } = await createTenant(CreateTenant.parse({ name, ...more }), on);
  return parseTenantId(id);
}

async function documentOf(id: TenantId): Promise<ITenant> {
  const tenant = await Tenant.findById(id).lean<ITenant>();
  if (!tenant) throw new Error(`no tenant ${id}`);
  return tenant;
}

const exporterOf = (id: TenantId, on = context): Promise<Login> => exporterLogin(id, config, on);
const readerOf = (id: TenantId, on = context): Promise<Login> => readerLogin(id, on);
const as = (login: Login, query: string): Promise<string> => askAs(clickhouse.url, login, query);

const insertInto = (id: TenantId): string =>
  `INSERT INTO otel_logs_${id} (Timestamp, Body) VALUES (now(), 'x')`;

async function ddlOf(id: TenantId): Promise<string> {
  const answer = await admin.query({
    query: `SHOW CREATE TABLE otel_logs_${id}`,
    format: 'TabSeparatedRaw',
  });
  return answer.text();
}

const hours = (count: number): string => `toIntervalHour(${count})`;
const retention = (logs: number | null): object => ({ settings: { retentionHours: { logs } } });
const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'done',
    (error: unknown) => (error as { code?: unknown }).code,
  );
const agent = (revision: number, silentMs = 0) => heardAgent({ revision }, silentMs);
/** Whoever waits comes up at once. */
const due = (id: TenantId): Promise<unknown> =>
  Tenant.updateOne({ _id: id, change: { $ne: null } }, { 'change.nextAttemptAt': null });

describe('a target that gets users', () => {
  it('is written as the administrator until the users are there, and as they from then on', async () => {
    const guarded = processWith({
      targets: config.targets.map((target) => ({ ...target, access: 'guard' as const })),
    });
    const id = await make('Guarded before', guarded);

    // A process starts with the other mode: nothing of the tenant has been made yet.
    const before = await exporterOf(id);
    expect(before.username).toBe(clickhouse.user);
    expect(await as(before, insertInto(id))).toBe('');
    // There is nobody who could have a new password.
    expect(await codeOf(rotateTenant(id, { force: true }, context))).toBe('operation_running');

    const revision = await readRevision('collectors');
    expect(await markOutdated(context)).toBeGreaterThan(0);
    while ((await reconcileTenants(context)) > 0);
    const after = await exporterOf(id);
    expect(after.username).toBe(writerName(id));
    expect(await as(after, insertInto(id))).toBe('');
    expect(await as(await readerOf(id), 'SELECT 1')).toBe('1');
    // Collectors are told that there is another config.
    expect(await readRevision('collectors')).toBeGreaterThan(revision);
  }, 60_000);
});

describe('a change of settings that stops half way', () => {
  it('is taken back as a whole, what was done of it included', async () => {
    const id = await make('There and back');
    const lost = processWith({ secret: 'a secret that nobody had before' });
    const stopped = await updateTenant(id, { ...retention(5) }, undefined, lost);
    expect(stopped.change).toMatchObject({ step: 'access', lastError: { code: 'secret_unknown' } });
    expect(await ddlOf(id)).toContain(hours(5));

    const back = await updateTenant(id, { ...retention(null) }, undefined, context);
    expect(back.change).toBeNull();
    expect(await ddlOf(id)).toContain(hours(720));
    expect(await ddlOf(id)).not.toContain(hours(5));
  });

  it('finds what its users need, where somebody took it away', async () => {
    const id = await make('Without pins');
    await admin.command({ query: `DROP SETTINGS PROFILE IF EXISTS ${readerPins}` });
    const first = await updateTenant(
      id,
      { settings: { reader: { maxResultRows: 9 } } },
      undefined,
      context,
    );
    await due(id);
    await reconcileTenants(context);
    expect([first.change?.lastError?.code, (await documentOf(id)).change]).toEqual([
      'clickhouse_rejected',
      null,
    ]);
  });
});

describe('a tenant whose secret is lost', () => {
  const lostOnes = { secret: 'another secret that nobody had', previousSecret: undefined };

  it.each([
    ['tenant rotate', (id: TenantId, on: Context) => rotateTenant(id, { force: true }, on)],
    ['secret rotate', (_: TenantId, on: Context) => rotateSecret(on)],
  ])(
    'is mended by %s, though other settings wait for it',
    async (name, mend) => {
      const id = await make(`Lost, then ${name}`);
      const lost = processWith(lostOnes);
      const waiting = await updateTenant(id, { ...retention(7) }, undefined, lost);
      expect(waiting.change?.lastError?.code).toBe('secret_unknown');

      await mend(id, lost);
      await reconcileTenants(lost);
      expect(await as(await readerOf(id, lost), 'SELECT 1')).toBe('1');
      expect(await as(await exporterOf(id, lost), insertInto(id))).toBe('');
      // The settings are not forgotten over it.
      await markOutdated(lost);
      await reconcileTenants(lost);
      expect((await documentOf(id)).change).toBeNull();
      expect(await ddlOf(id)).toContain(hours(7));
    },
    60_000,
  );

  it('is mended where the lost one is what a rotation led to', async () => {
    const id = await make('Half way to a lost one');
    const to = { generation: 2, secret: 'of nobody' };
    const change = { kind: 'rotation', step: 'switch', attempt: 3, since: new Date(), to };
    await Tenant.updateOne({ _id: id }, { change });
    const rotated = await rotateTenant(id, { force: true }, context);
    expect(rotated.change).toBeNull();
    expect(await as(await readerOf(id), 'SELECT 1')).toBe('1');
  });
});

describe('a rotation', () => {
  it('that the server cannot do is not begun, and stands in no way', async () => {
    const id = await make('Of an old server');
    const old = processWith();
    const facts = await old.targets.get('default').facts();
    const version = { major: 24, minor: 8 };
    jest.spyOn(old.targets.get('default'), 'facts').mockResolvedValue({ ...facts, version });
    expect(await codeOf(rotateTenant(id, { force: false }, old))).toBe('not_supported');
    expect((await documentOf(id)).change).toBeNull();
    expect(
      (await updateTenant(id, { name: 'Of an older server' }, undefined, old)).change,
    ).toBeNull();

    // With `force` it is one password after the other.
    const writer = await exporterOf(id);
    expect((await rotateTenant(id, { force: true }, old)).change).toBeNull();
    expect(await as(writer, insertInto(id))).toBe('Code: 516');
    expect(await as(await exporterOf(id), insertInto(id))).toBe('');
    expect(await as(await readerOf(id), 'SELECT 1')).toBe('1');
  });

  it('needs no plan', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'hdxt-plans-'));
    const path = join(folder, 'plans.yaml');
    writeFileSync(path, JSON.stringify({ plans: [{ name: 'gone', settings: {} }] }));
    const { plans } = testConfig({ clickhouse, mongo }, { TENANCY_PLANS_FILE: path });
    rmSync(folder, { recursive: true });
    const id = await make('Of a plan that is gone', processWith({ plans }), { plan: 'gone' });
    expect((await rotateTenant(id, { force: true }, context)).change).toBeNull();
    expect(await as(await exporterOf(id), insertInto(id))).toBe('');
  });

  it('waits for collectors also where the new config could not be announced', async () => {
    const id = await make('Unannounced');
    await recordAgents([agent(await readRevision('collectors'))]);
    const writer = await exporterOf(id);
    jest.spyOn(Revision, 'updateOne').mockImplementationOnce(() => {
      throw new Error('no answer');
    });
    const begun = await rotateTenant(id, { force: false }, context);
    expect(begun.change?.kind).toBe('rotation');
    expect(await as(writer, insertInto(id))).toBe('');

    await due(id);
    await reconcileTenants(context);
    expect((await documentOf(id)).change?.step).toBe('acknowledge');
    expect(await as(writer, insertInto(id))).toBe('');
    await recordAgents([agent(await readRevision('collectors'))]);
    await due(id);
    await reconcileTenants(context);
    expect((await documentOf(id)).change).toBeNull();
  });

  it('waits for collectors that could not be heard, and not for ever', async () => {
    const id = await make('After an outage');
    // Nobody was noted for some minutes: MongoDB, or all of us, were away.
    await recordAgents([agent(0, 3 * 60_000)]);
    const writer = await exporterOf(id);
    let later = 0;
    const clock: Context = { ...context, now: () => new Date(Date.now() + later) };
    const step = async (): Promise<string | undefined> => (await documentOf(id)).change?.step;
    await rotateTenant(id, { force: false }, clock);
    for (; later < 80_000; later += 10_000) {
      await due(id);
      await reconcileTenants(clock);
      expect([later, await step()]).toEqual([later, 'acknowledge']);
      expect(await as(writer, insertInto(id))).toBe('');
    }
    // Away once more: what was heard before says nothing about now.
    later += 60_000;
    await due(id);
    await reconcileTenants(clock);
    expect(await step()).toBe('acknowledge');
    for (let round = 0; round < 10; round += 1) {
      later += 10_000;
      await due(id);
      await reconcileTenants(clock);
    }
    expect(await step()).toBeUndefined();
  }, 60_000);

  it('that begins meanwhile is not lost over another change', async () => {
    const id = await make('Two at once');
    const exists = Tenant.exists.bind(Tenant);
    const change = { kind: 'rotation', step: 'acknowledge', attempt: 1, since: new Date() };
    jest.spyOn(Tenant, 'exists').mockImplementationOnce(((filter: object) => {
      // Between the read and the write of the other call.
      const query = Tenant.updateOne({ _id: id }, { change });
      return query.then(() => exists(filter));
    }) as unknown as typeof Tenant.exists);
    expect(await codeOf(updateTenant(id, { name: 'Renamed' }, undefined, context))).toBe(
      'operation_running',
    );
    expect((await documentOf(id)).change?.kind).toBe('rotation');
  });
});

describe('configs of collectors', () => {
  const shared = { kind: 'shared', target: 'default' } as const;
  const log = createLogger('silent');

  it('are not offered where nobody of a group can be written for: its collectors keep theirs', async () => {
    await make('Silenced');
    const good = await loadCollectorSnapshot(config, context);
    expect(buildGroupConfig(shared, good, config, log)).toContain('otel_logs_');
    const wrong = processWith({ secret: 'a secret of another install' });
    const none = await loadCollectorSnapshot(config, wrong);
    expect(none.teams).toEqual([]);
    expect(buildGroupConfig(shared, none, config, log)).toBeUndefined();
    const moved = processWith({
      targets: config.targets.map((one) => ({ ...one, name: 'renamed' })),
    });
    const gone = await loadCollectorSnapshot(config, moved);
    expect(buildGroupConfig(shared, gone, config, log)).toBeUndefined();
    // A group that never had anybody has a config.
    expect(
      buildGroupConfig({ kind: 'shared', target: 'renamed' }, gone, config, log),
    ).toBeDefined();
  });
});

describe('an unfinished tenant', () => {
  const input = (name: string, more: object = {}): CreateTenant =>
    CreateTenant.parse({ name, ...more });

  it('loses no attempt to requests that it is not made by', async () => {
    const id = await make('Asked for otherwise', context, { apiKey: 'the-first-key' });
    await Tenant.updateOne({ _id: id }, { status: 'failed' });
    const { attempt } = await documentOf(id);
    for (const more of [{ settings: { retentionHours: { logs: 3 } } }, { apiKey: 'another-key' }]) {
      expect(await codeOf(beginTenant(input('Asked for otherwise', more), {}, context))).toBe(
        'request_changed',
      );
    }
    expect(await documentOf(id)).toMatchObject({ attempt, lease: null, status: 'failed' });
  });

  it('is free again after a call that broke off', async () => {
    const id = await make('Broken off');
    await Tenant.updateOne({ _id: id }, { status: 'failed' });
    jest.spyOn(Tenant, 'updateOne').mockImplementationOnce(() => {
      throw new Error('no answer');
    });
    await Team.deleteMany({ tenant: id });
    await beginTenant(input('Broken off', { apiKey: 'a-new-key' }), {}, context).catch(
      () => undefined,
    );
    expect((await documentOf(id)).lease).toBeNull();
    const made: TenantView = await beginTenant(
      input('Broken off', { apiKey: 'a-new-key' }),
      {},
      context,
    );
    expect([made.id, made.status]).toEqual([id, 'active']);
  });

  it('begun without an Idempotency-Key is the tenant of the request with one that completes it', async () => {
    const id = await make('Begun without a key');
    await Tenant.updateOne({ _id: id }, { status: 'failed' });
    const options = { idempotencyKey: 'the-key-of-a-pipeline' };
    const completed = await beginTenant(input('Begun without a key'), options, context);
    expect([completed.id, completed.status]).toEqual([id, 'active']);
    const repeated = await beginTenant(input('Begun without a key'), options, context);
    expect(repeated).toEqual(completed);
  });

  it('that somebody tries again is taken up as any other, should that process die', async () => {
    const id = await make('Tried for long');
    await Tenant.updateOne({ _id: id }, { status: 'failed', attempt: 9 });
    const { hold } = await claimUnfinished(id, context);
    await Tenant.updateOne({ _id: id }, { status: 'provisioning', lease: null });
    await reconcileTarget(context.targets.get('default'), context);
    await hold.release({}).catch(() => undefined);
    expect((await documentOf(id)).status).toBe('active');
  });

  it('comes up, however many others wait', async () => {
    const target = context.targets.get('default');
    const model = await documentOf(await make('Model'));
    const change = {
      kind: 'rotation',
      step: 'acknowledge',
      attempt: 1,
      since: new Date(),
      revision: 1e9,
    };
    await recordAgents([agent(0)]);
    const waiting = Array.from({ length: 25 }, (_, index) => {
      const name = `Waiting ${index}`;
      return { ...model, _id: new Types.ObjectId(), name, nameKey: name.toLowerCase(), change };
    });
    await Tenant.insertMany(waiting);
    const id = await make('Last of all');
    await Tenant.updateOne({ _id: id }, { status: 'provisioning' });
    try {
      for (let round = 0; round < 3; round += 1) {
        await Tenant.updateMany(
          { 'change.kind': 'rotation' },
          { $set: { 'change.nextAttemptAt': null } },
          { timestamps: false },
        );
        await reconcileTarget(target, context);
      }
      expect((await documentOf(id)).status).toBe('active');
    } finally {
      await Tenant.deleteMany({ _id: { $in: waiting.map(({ _id }) => _id) } });
    }
  }, 60_000);

  it('is not tried again before its time by another process that has just looked', async () => {
    const target = context.targets.get('default');
    const id = await make('Paused');
    await Tenant.updateOne({ _id: id }, { status: 'provisioning' });
    const take = Tenant.findOneAndUpdate.bind(Tenant);
    jest.spyOn(Tenant, 'findOneAndUpdate').mockImplementationOnce(((
      ...args: Parameters<typeof take>
    ) =>
      // The other process tries between our look and our turn, and sets the next time.
      Tenant.updateOne({ _id: id }, { nextAttemptAt: new Date(Date.now() + 60_000) }).then(() =>
        take(...args),
      )) as unknown as typeof Tenant.findOneAndUpdate);
    await reconcileTarget(target, context);
    expect(await documentOf(id)).toMatchObject({ status: 'provisioning', attempt: 1 });
    await Tenant.updateOne({ _id: id }, { status: 'active' });
  });
});
