import { setTimeout as sleep } from 'node:timers/promises';

import { sumOf, talliesOf } from '../harness/collectorAccount';
import { prepareCollector } from '../harness/collectorConfig';
import type { Queues } from '../harness/collectorConfig';
import { fillQueue } from '../harness/collectorFill';
import { report } from '../harness/collectorReport';
import type { Row } from '../harness/collectorReport';
import { startFickleTarget } from '../harness/collectorTarget';
import type { Behaviour } from '../harness/collectorTarget';
import { bareTenant, makeTables } from '../harness/collectorTenants';
import { startTraffic } from '../harness/collectorTraffic';
import type { Settled, Traffic } from '../harness/collectorTraffic';
import type { Sample } from '../harness/otlp';
import { useBareStore } from './bareStore';

/*
 * One tenant's ClickHouse is down, or hangs, while its collector starts, is given a new config, and is started again with that
 * tenant's queue full. The other tenants of that collector lose nothing; how long they are refused is printed. The collector is
 * bare, so that all that holds it up is its own: what a fleet makes of a ClickHouse that hangs is in `collectorHang.test.ts`.
 */

const bare = useBareStore();

const TRAFFIC = { signals: ['logs', 'traces', 'gauge'], everyMs: 200 } as const;
/** Of one tenant's one signal: some 48,000 records. */
const QUEUE_MIB = 16;
/** What the supervisor gives its collector to end before it kills it. */
const SUPERVISOR_GRACE_MS = 10_000;
/** So long each state lasts, besides what brings it about. */
const CALM_MS = 1_000;

interface Outcome extends Settled {
  /** Of the tenant whose ClickHouse is ill: what is in its queue when that recovers is stored then. */
  own: Row;
}

/** All that is done to one collector, one after the other. */
async function goThrough(behaviour: Behaviour, queues: Queues): Promise<Outcome> {
  const target = await startFickleTarget({ port: bare.clickhouse.port });
  const ill = bareTenant(bare.clickhouse, target.port);
  const others = [bareTenant(bare.clickhouse), bareTenant(bare.clickhouse)];
  const later = bareTenant(bare.clickhouse);
  await makeTables(bare.clickhouse, [...others, ill, later]);
  const collector = await prepareCollector({ queues, queueMiB: QUEUE_MIB });
  const scenario = `${behaviour}, queues ${queues === 'disk' ? 'on disk' : 'in memory'}`;
  const traffic: Traffic = startTraffic(scenario, others, {
    ...TRAFFIC,
    endpoint: collector.endpoint,
  });
  try {
    await target.behave(behaviour);
    let own: Sample[] = [];
    const step = async (what: string, work: () => Promise<void>): Promise<void> => {
      await traffic.during(what, work);
      await sleep(CALM_MS);
    };
    const full = async (what: string, work: () => Promise<void>): Promise<void> => {
      await traffic.during(`its queue fills, before ${what}`, async () => {
        own = [...own, ...(await fillQueue(collector.endpoint, ill, own.length))];
      });
      await step(`${what}, its queue full`, work);
    };

    await step('start', () => collector.start([...others, ill]));
    await step('reload', () => collector.reload([...others, ill, later]));
    if (behaviour === 'serves') {
      await step('restart', () => collector.restart());
    } else {
      await full('reload', () => collector.reload([...others, ill]));
      await full('restart', () => collector.restart());
      await full('restart by a supervisor', () => collector.restart(SUPERVISOR_GRACE_MS));
    }
    const settled = await traffic.settle(bare.store);

    await target.behave('serves');
    const { tallies } = await talliesOf(
      bare.store,
      ill.id,
      ['logs'],
      [own],
      queues === 'disk' ? 60_000 : 3_000,
    );
    return {
      ...settled,
      own: { scenario, what: 'the ill one itself', sent: own.length, ...sumOf(tallies) },
    };
  } finally {
    traffic.abandon();
    await collector.stop();
    await target.close();
  }
}

it.each(['serves', 'refuses', 'hangs'] as const)(
  'a tenant’s ClickHouse %s: the others lose nothing',
  async (behaviour) => {
    const [disk, memory] = await Promise.all([
      goThrough(behaviour, 'disk'),
      goThrough(behaviour, 'memory'),
    ]);
    report([...disk.rows, disk.own, ...memory.rows, memory.own]);
    for (const { rows, foreign, refusals } of [disk, memory]) {
      expect(rows.filter(({ lost }) => lost > 0)).toEqual([]);
      expect(refusals).toEqual([]);
      expect(foreign).toBe(0);
      for (const { sent, acknowledged } of rows) expect(acknowledged).toBe(sent);
    }
    // What was acknowledged to the ill one waits on disk for its ClickHouse.
    expect(disk.own.lost).toBe(0);
  },
  300_000,
);
