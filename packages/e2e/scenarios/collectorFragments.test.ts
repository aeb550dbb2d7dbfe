import { setTimeout as sleep } from 'node:timers/promises';

import { waitFor } from '@hyperdx-tenancy/devkit/process';
import type { TenantView } from '@hyperdx-tenancy/domain/contracts/tenant';

import { groupAdmin } from '../harness/collectorGroups';
import type { GroupAdmin } from '../harness/collectorGroups';
import { startCollectorKind } from '../harness/collectorKinds';
import type { CollectorKind } from '../harness/collectorKinds';
import type { Sender } from '../harness/collectorLoad';
import { report } from '../harness/collectorReport';
import { startTraffic } from '../harness/collectorTraffic';
import { startBackend } from '../harness/stack';
import type { Backend, Collector } from '../harness/stack';

/*
 * What an operator adds to a group's config may pass every check of ours and be refused by the collector all the same: at once,
 * when it reads the config, or when it starts with it. Collectors then run the last good config again, and the group says so.
 */

const MARK = 'operators-own';
/** Which of its checks the collector itself refuses it at. */
const badFragments = {
  'that no collector can read': {
    receivers: { [`nop/${MARK}`]: {} },
    exporters: { [`debug/${MARK}`]: { verbosity: 'shouting' } },
    service: {
      pipelines: {
        [`logs/${MARK}`]: { receivers: [`nop/${MARK}`], exporters: [`debug/${MARK}`] },
      },
    },
  },
  'that no collector can start with': {
    // An address of nobody (RFC 5737): valid, and not to be listened on.
    receivers: { [`otlp/${MARK}`]: { protocols: { http: { endpoint: '192.0.2.1:4318' } } } },
    exporters: { [`nop/${MARK}`]: {} },
    service: {
      pipelines: { [`logs/${MARK}`]: { receivers: [`otlp/${MARK}`], exporters: [`nop/${MARK}`] } },
    },
  },
} as const;

const KINDS: readonly CollectorKind[] = [
  'our supervisor file over ws',
  'a stock-like one over http',
];
const GROUP = 'shared:default';
const CALM_MS = 2_000;

let backend: Backend;
let group: GroupAdmin;
let tenants: TenantView[];
const collectors: { kind: CollectorKind; collector: Collector }[] = [];

const senderOf = ({ id, teams }: TenantView): Sender => ({ id, key: teams[0]?.apiKey ?? '' });

beforeAll(async () => {
  backend = await startBackend({
    // On a busy machine the exporter's first query may take longer than the 2 s of our configs.
    endpointParameters: { dial_timeout: '10s' },
    env: { TENANCY_COLLECTOR_STORAGE_DIRECTORY: '/var/lib/otelcol/queues' },
  });
  const { api } = backend;
  group = groupAdmin(api, GROUP);
  tenants = [await api.createTenant('Acme'), await api.createTenant('Globex')];
  // One after the other: at its start a supervisor runs a collector on the port that collectors have by default.
  for (const kind of KINDS) {
    collectors.push({ kind, collector: await startCollectorKind(kind, api, api.collectorToken) });
  }
  const keys = tenants.map((tenant) => senderOf(tenant).key);
  await Promise.all(collectors.map(({ collector }) => collector.knows(keys)));
}, 180_000);

afterAll(async () => {
  await Promise.all(collectors.map(({ collector }) => collector.stop()));
  await backend.stop();
}, 60_000);

/** The rollout of the group's one config. */
async function rollout() {
  const { parts } = await group.show();
  const [part] = parts;
  if (!part) throw new Error('the group has no config');
  return part.rollout;
}

/** Every collector is healthy and runs what it is meant to. */
async function inStep(): Promise<boolean> {
  const agents = await group.agents();
  return (
    agents.length === KINDS.length &&
    agents.every(({ healthy, config }) => healthy === true && config.state === 'in_step')
  );
}

it.each(Object.entries(badFragments))(
  'a fragment %s: the last good config is back, and the group says so',
  async (what, fragment) => {
    const waiting = { timeoutMs: 60_000, intervalMs: 200 };
    await waitFor(inStep, { ...waiting, what: 'all collectors to be in step' });
    await waitFor(async () => (await rollout()).good !== null, {
      ...waiting,
      what: 'a config to have proved good',
    });
    const before = await rollout();
    const traffics = collectors.map(({ kind, collector }) => ({
      kind,
      traffic: startTraffic(`a fragment ${what}: ${kind}`, tenants.map(senderOf), {
        signals: ['logs', 'traces', 'gauge'],
        everyMs: 250,
        endpoint: collector.endpoint,
      }),
    }));
    const during = async (name: string, work: () => Promise<unknown>): Promise<void> => {
      let once: Promise<unknown> | undefined;
      await Promise.all(
        traffics.map(({ traffic }) => traffic.during(name, () => (once ??= work()))),
      );
    };
    try {
      await during('before', () => sleep(CALM_MS));
      await during('until the good one is back', async () => {
        await group.update({ fragment: JSON.stringify(fragment) });
        await waitFor(async () => (await rollout()).phase === 'failed', {
          ...waiting,
          what: 'the group to say that the change failed',
        });
        await waitFor(inStep, { ...waiting, what: 'all collectors to be in step again' });
      });
      await during('after', () => sleep(CALM_MS));
      const failed = await rollout();
      expect(failed.good).toBe(before.good);
      expect(failed.blocked[0]).toMatchObject({ revision: failed.current });
      expect(failed.blocked[0]?.reason).not.toBe('');
      for (const { collector } of collectors) {
        expect(collector.supervisor.effectiveConfig()).not.toContain(MARK);
      }

      await during('until it is taken away', async () => {
        await group.update({ fragment: null });
        // The next change goes out as ever.
        const next = await backend.api.createTenant(`After one ${what}`);
        const { key } = senderOf(next);
        await Promise.all(collectors.map(({ collector }) => collector.knows([key])));
      });
      expect((await rollout()).phase).toBe('steady');
      const settled = await Promise.all(
        traffics.map(({ traffic }) => traffic.settle(backend.store)),
      );
      report(settled.flatMap(({ rows }) => rows));
      for (const { rows, foreign, refusals } of settled) {
        expect(rows.filter(({ lost }) => lost > 0)).toEqual([]);
        expect(refusals).toEqual([]);
        expect(foreign).toBe(0);
      }
    } finally {
      for (const { traffic } of traffics) traffic.abandon();
    }
  },
  120_000,
);
