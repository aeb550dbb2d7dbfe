import { setTimeout as sleep } from 'node:timers/promises';

import { waitFor } from '@hyperdx-tenancy/devkit/process';

import { startBackend } from '../harness/stack';
import type { Backend } from '../harness/stack';
import { goodFragment, MARK } from './collectorFragment';
import { inGroupsOfTheirOwn, useCollectors } from './collectorGround';
import type { Member } from './collectorGround';
import { calm, senderOf } from './collectorLoads';

/*
 * A ClickHouse that takes connections and never answers keeps collectors from starting with whatever config. A change that is
 * made meanwhile is none the worse for it.
 */

/** Each of them has exporters that wait for an answer, one after the other. */
const TENANTS = 20;
/** What the server grants a collector whose supervisor has given it up, and some: polls are 5 s apart. */
const GRACE_MS = 60_000 + 15_000;

const ground = useCollectors<Member, Backend>(
  (options) => startBackend({ ...options, fickle: true }),
  inGroupsOfTheirOwn,
);

const PATIENCE = { timeoutMs: 90_000, intervalMs: 200 };

async function settled({ name, group }: Member): Promise<void> {
  await waitFor(
    async () => {
      const { good, current } = await group.rollout();
      return good !== null && good === current && (await group.inStep(1));
    },
    { ...PATIENCE, what: `the config of ${name} to have proved good` },
  );
}

it('a change that is made while ClickHouse hangs is not blamed, and runs once it answers', async () => {
  const { backend, observed } = ground;
  const { api, target } = backend;
  for (let i = 0; i < TENANTS; i += 1) await api.createTenant(`Crowd ${i}`);
  const last = await api.createTenant('Last');
  await Promise.all(observed.map(({ collector }) => collector.knows([senderOf(last).key])));
  await Promise.all(observed.map(settled));

  const work: Parameters<typeof ground.loaded>[1] = async (during) => {
    await during('before', calm);
    await during(
      'a change while it hangs',
      async () => {
        await target?.behave('hangs');
        await Promise.all(
          observed.map(({ group }) => group.update({ fragment: JSON.stringify(goodFragment) })),
        );
      },
      async ({ group }) => {
        await waitFor(
          async () => (await group.agents()).some(({ config }) => config.state === 'failed'),
          { ...PATIENCE, what: 'its supervisor to give the change up' },
        );
        await sleep(GRACE_MS);
        expect(await group.rollout()).toMatchObject({ phase: 'steady', blocked: [] });
      },
    );
    await during(
      'it answers',
      () => target?.behave('serves') ?? Promise.resolve(),
      async (of) => {
        await settled(of);
        expect(of.collector.supervisor.effectiveConfig()).toContain(MARK);
        expect(await of.group.rollout()).toMatchObject({ phase: 'steady', blocked: [] });
      },
    );
    await during(
      'a tenant is added',
      () => api.createTenant('After'),
      ({ collector }, after) => collector.knows([senderOf(after).key]),
    );
  };
  // Their receivers are up once all exporters are.
  await ground.loaded('ClickHouse hangs for everybody', work, { deadlineMs: 300_000 });
}, 600_000);
