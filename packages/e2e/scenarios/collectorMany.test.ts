import { setTimeout as sleep } from 'node:timers/promises';

import { getTenantTableName } from '@hyperdx-tenancy/domain/ids';

import { prepareCollector } from '../harness/collectorConfig';
import type { SharedCollector } from '../harness/collectorConfig';
import { report } from '../harness/collectorReport';
import { bareTenant, makeTables } from '../harness/collectorTenants';
import type { BareTenant } from '../harness/collectorTenants';
import { startTraffic } from '../harness/collectorTraffic';
import { grpcStatus } from '../harness/grpc';
import { samplesFor } from '../harness/samples';
import { send } from '../harness/sender';
import { expectExactly } from './accounts';
import { useBareStore } from './bareStore';

const bare = useBareStore();

const TENANTS = 200;
const CHECKED = 20;
/** Enough for a batch of each tenant that is checked. */
const ROUND_MS = 5_000;

it(`${TENANTS} tenants share a collector: nobody's record is lost or with another`, async () => {
  const all = Array.from({ length: TENANTS }, () => bareTenant(bare.clickhouse));
  const [checked, rest] = [all.slice(0, CHECKED), all.slice(CHECKED)];
  const later = bareTenant(bare.clickhouse);
  await makeTables(bare.clickhouse, checked);
  // What exporters look at when they start; nothing more is sent to them.
  await makeTables(bare.clickhouse, [...rest, later], ['logs', 'sessions', 'traces']);
  const collector = await prepareCollector({ queues: 'disk' });
  const traffic = startTraffic(`${TENANTS} tenants, ${CHECKED} checked`, checked, {
    endpoint: collector.endpoint,
    signals: ['logs', 'sessions', 'traces', 'gauge'],
    everyMs: ROUND_MS,
  });
  try {
    await traffic.during('start', () => collector.start(all));
    for (const tenant of rest) {
      const account = await send(collector.endpoint, tenant.key, [
        { signal: 'logs', owner: tenant.id, id: 'the only one' },
      ]);
      expect(account.refused).toEqual([]);
    }
    await traffic.during('reload, with one more', () => collector.reload([...all, later]));
    await sleep(ROUND_MS);
    await traffic.during('restart', () => collector.restart());
    await sleep(ROUND_MS);
    const { rows, foreign, refusals } = await traffic.settle(bare.store);
    report(rows);
    expect(rows.filter(({ lost }) => lost > 0)).toEqual([]);
    for (const { sent, acknowledged } of rows) expect(acknowledged).toBe(sent);
    expect(refusals).toEqual([]);
    expect(foreign).toBe(0);
    const counts = await bare.store.counts(
      rest.map(({ id }) => ({ tenant: id, owner: id })),
      ['logs'],
    );
    for (const { id } of rest) {
      const table = getTenantTableName('otel_logs', id);
      // Twice, where an insert took longer than the exporter waits for it.
      expect(counts.get(table)?.stored).toBeGreaterThan(0);
      expect(counts.get(table)?.foreign).toBe(0);
    }
  } finally {
    traffic.abandon();
    await collector.stop();
  }
}, 300_000);

describe('a collector that nobody uses', () => {
  let collector: SharedCollector;
  let only: BareTenant;
  let pid: number | undefined;

  beforeAll(async () => {
    only = bareTenant(bare.clickhouse);
    await makeTables(bare.clickhouse, [only]);
    collector = await prepareCollector({ queues: 'disk' });
    await collector.start([]);
    ({ pid } = collector);
  }, 120_000);

  afterAll(() => collector.stop(), 60_000);

  /** Whoever comes is refused, and the collector is the process that it was. */
  async function expectShut(): Promise<void> {
    const account = await send(collector.endpoint, only.key, samplesFor(only.id, 1, 'refused'));
    expect(account.accepted).toEqual([]);
    expect(new Set(account.refused.map(({ status }) => status))).toEqual(new Set([401]));
    expect(await grpcStatus(collector.grpcAddress, only.key)).toBe('UNAUTHENTICATED');
    expect(await grpcStatus(collector.grpcAddress, undefined)).toBe('UNAUTHENTICATED');
    expect(collector.pid).toBe(pid);
  }

  it('answers 401 to everyone while it has no tenant, and serves the first one', async () => {
    await expectShut();
    await collector.reload([only]);
    const account = await send(collector.endpoint, only.key, samplesFor(only.id, 3, 'first'));
    expect(account.refused).toEqual([]);
    await expectExactly(bare.store, only.id, account.accepted);
  }, 120_000);

  it('answers 401 to its last tenant when that is suspended, and serves it again after', async () => {
    await collector.reload([only]);
    const before = await send(collector.endpoint, only.key, samplesFor(only.id, 3, 'before'));
    await collector.reload([{ ...only, team: { ...only.team, suspended: true } }]);
    await expectShut();
    await collector.reload([only]);
    const after = await send(collector.endpoint, only.key, samplesFor(only.id, 3, 'after'));
    expect([...before.refused, ...after.refused]).toEqual([]);
    const first = samplesFor(only.id, 3, 'first');
    await expectExactly(bare.store, only.id, [...first, ...before.accepted, ...after.accepted]);
  }, 120_000);
});
