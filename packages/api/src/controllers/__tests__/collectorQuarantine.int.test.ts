import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';

import { startClickHouse } from '@hyperdx-tenancy/devkit/clickhouse';
import { openMongo } from '@hyperdx-tenancy/devkit/mongo';
import { writerName } from '@hyperdx-tenancy/domain/access';
import { CreateTenant } from '@hyperdx-tenancy/domain/contracts/tenant';
import { parseTenantId } from '@hyperdx-tenancy/domain/ids';
import type { TenantId } from '@hyperdx-tenancy/domain/ids';
import mongoose from 'mongoose';

import type { Config } from '../../config';
import { enginesOf, testConfig } from '../../fixtures';
import type { Engines } from '../../fixtures';
import AuditEvent from '../../models/auditEvent';
import CollectorGroup from '../../models/collectorGroup';
import CollectorQuarantine from '../../models/collectorQuarantine';
import { buildIndexes } from '../../models/indexes';
import { createLogger } from '../../utils/logger';
import { flushAudit } from '../audit';
import { loadCollectorSnapshot } from '../collectorSnapshot';
import { Quarantine } from '../collectorQuarantine';
import { createContext } from '../context';
import type { Context } from '../context';
import { readRevision } from '../revisions';
import { createTenant } from '../tenant';

const log = createLogger('silent');
let engines: Engines;
let config: Config;
let context: Context;

beforeAll(async () => {
  const [clickhouse, mongo] = await Promise.all([
    startClickHouse({ password: 'the-administrators', users: true }),
    openMongo(),
  ]);
  engines = enginesOf(clickhouse as never, mongo);
  config = testConfig({ clickhouse, mongo }, { TENANCY_ACCESS_MODE: 'grants' });
  await mongoose.connect(config.mongoUri, { autoIndex: false, autoCreate: false });
  await buildIndexes(log);
  context = createContext(config, log);
}, 180_000);

afterAll(async () => {
  await flushAudit();
  await context.targets.close();
  await mongoose.disconnect();
  await engines.stop();
}, 60_000);

async function make(name: string): Promise<TenantId> {
  return parseTenantId((await createTenant(CreateTenant.parse({ name }), context)).id);
}

const run = (query: string) => engines.admin.command({ query });

async function apart(): Promise<Record<string, string>> {
  const { quarantines } = await loadCollectorSnapshot(config, context);
  return Object.fromEntries([...quarantines].map(([id, { reason }]) => [id, reason]));
}

describe('a tenant for whom writing fails', () => {
  it('is kept apart until it works again, and nobody else is', async () => {
    const [tables, user] = [await make('No table'), await make('No user')];
    const grant = await make('No grant');
    await make('Well');
    const quarantine = new Quarantine(context);
    await quarantine.checkAll();
    expect(await apart()).toEqual({});
    const before = await readRevision('collectors');

    await run(`RENAME TABLE otel_metrics_sum_${tables} TO moved_away`);
    await run(`DROP USER ${writerName(user)}`);
    await run(`REVOKE INSERT ON default.otel_traces_${grant} FROM ${writerName(grant)}`);
    await quarantine.checkAll();
    expect(await apart()).toEqual({
      [tables]: 'Tables of it are missing.',
      [user]: 'The user that writes for it is missing.',
      [grant]: 'The user that writes for it may not insert into all of its tables.',
    });
    // Every process hears of it, once.
    expect(await readRevision('collectors')).toBe(before + 1);
    await quarantine.checkAll();
    expect(await readRevision('collectors')).toBe(before + 1);
    const [begun] = await AuditEvent.find({ action: 'collectorQuarantine.begin' }).lean();
    expect(begun?.asked).toMatchObject({ target: 'default' });

    await run(`RENAME TABLE moved_away TO otel_metrics_sum_${tables}`);
    await run(`GRANT INSERT ON default.otel_traces_${grant} TO ${writerName(grant)}`);
    await quarantine.checkAll();
    expect(Object.keys(await apart())).toEqual([user]);
    expect(await AuditEvent.countDocuments({ action: 'collectorQuarantine.end' })).toBe(2);
    await CollectorQuarantine.deleteMany({});
  }, 60_000);

  it('stays with collectors of its own until they have stored what they took in', async () => {
    const id = await make('Drained');
    await CollectorGroup.create({
      _id: 'shared:default',
      options: { quarantineEndpoint: 'http://apart:4318' },
      version: 1,
    });
    let now = Date.now();
    const quarantine = new Quarantine({ ...context, now: () => new Date(now) });
    const isApart = async (): Promise<boolean> => {
      await quarantine.checkAll();
      return id in (await apart());
    };
    const gone = () => run(`RENAME TABLE otel_logs_${id} TO moved_away`);
    const back = () => run(`RENAME TABLE moved_away TO otel_logs_${id}`);
    await gone();
    expect(await isApart()).toBe(true);
    await back();
    expect(await isApart()).toBe(true);
    now += 50_000;
    expect(await isApart()).toBe(true);
    // It fails once more: the wait begins anew.
    await gone();
    expect(await isApart()).toBe(true);
    await back();
    now += 50_000;
    expect(await isApart()).toBe(true);
    now += 59_000;
    expect(await isApart()).toBe(true);
    now += 1_000;
    expect(await isApart()).toBe(false);
    await CollectorGroup.deleteMany({});
  }, 60_000);

  it('is found before a change, by a look that is not too old', async () => {
    const id = await make('Late');
    let now = Date.now();
    const quarantine = new Quarantine({ ...context, now: () => new Date(now) });
    await quarantine.check('default');
    await run(`RENAME TABLE otel_logs_${id} TO moved_away`);
    now += 4_000;
    expect(await quarantine.check('default')).toBe(false);
    now += 4_000;
    expect(await quarantine.check('default')).toBe(true);
    expect(Object.keys(await apart())).toContain(id);
    await run(`RENAME TABLE moved_away TO otel_logs_${id}`);
  }, 60_000);

  it('is nobody of a target that cannot be asked: the wait is short, and says nothing', async () => {
    await CollectorQuarantine.deleteMany({});
    const [target] = config.targets;
    const away = createContext(
      { ...config, targets: [{ ...target!, host: 'http://127.0.0.1:1' }] },
      log,
    );
    try {
      const quarantine = new Quarantine(away);
      expect(await quarantine.check('default')).toBe(false);
      expect(await quarantine.check('not a target')).toBe(false);
      await quarantine.checkAll();
      expect(await apart()).toEqual({});
    } finally {
      await away.targets.close();
    }
  }, 60_000);
});

describe('a target', () => {
  it('answered for some time where every question in it was answered, and one now is', async () => {
    // It takes connections, and says nothing while it hangs.
    let hangs = false;
    const [to] = config.targets;
    const port = Number(new URL(to!.host).port);
    const between = createServer((socket) => {
      const onward = connect(port, '127.0.0.1');
      for (const end of [socket, onward]) end.on('error', () => end.destroy());
      onward.pipe(socket);
      socket.on('data', (chunk) => {
        if (!hangs) onward.write(chunk);
      });
    });
    await new Promise<void>((resolve) => between.listen(0, '127.0.0.1', resolve));
    const host = `http://127.0.0.1:${(between.address() as AddressInfo).port}`;
    let now = Date.now();
    const clock = { now: () => new Date(now) };
    const away = { ...createContext({ ...config, targets: [{ ...to!, host }] }, log), ...clock };
    try {
      const quarantine = new Quarantine(away);
      const answered = async () => {
        now += 6_000;
        return quarantine.answered('default', 60_000);
      };
      expect(await answered()).toBe(true);
      hangs = true;
      const atOnce = await Promise.all([answered(), answered()]);
      expect(atOnce).toEqual([false, false]);
      hangs = false;
      expect(await answered()).toBe(false);
      now += 60_000;
      expect(await answered()).toBe(true);
      expect(await quarantine.answered('not a target', 60_000)).toBe(false);
    } finally {
      await away.targets.close();
      between.close();
    }
  }, 60_000);
});
