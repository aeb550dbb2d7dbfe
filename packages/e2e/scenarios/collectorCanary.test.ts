import { waitFor } from '@hyperdx-tenancy/devkit/process';

import { groupAdmin } from '../harness/collectorGroups';
import type { GroupAdmin } from '../harness/collectorGroups';
import { startCollectorKind } from '../harness/collectorKinds';
import { offersOf, turnsOf } from '../harness/collectorLog';
import { startBackend } from '../harness/stack';
import type { Backend, Collector } from '../harness/stack';
import { badFragments, goodFragment, MARK } from './collectorFragment';
import { useCollectors } from './collectorGround';
import { calm } from './collectorLoads';
import type { Observed } from './collectorLoads';

/*
 * Two collectors of one group, of which one tries each change first.
 */

const KIND = 'our supervisor file over ws';

let group: GroupAdmin;

const ground = useCollectors<Observed, Backend>(
  startBackend,
  ['one', 'other'].map((name) => async (api) => ({
    name,
    kind: KIND,
    collector: await startCollectorKind(KIND, api, api.collectorToken),
  })),
);

beforeAll(async () => {
  group = groupAdmin(ground.backend.api, 'shared:default');
  await group.update({ rollout: { canary: { count: 1 }, healthySeconds: 2 } });
  await settled();
}, 120_000);

const PATIENCE = { timeoutMs: 90_000, intervalMs: 200 };

async function reaches(phase: 'steady' | 'failed'): Promise<void> {
  await waitFor(async () => (await group.rollout()).phase === phase, {
    ...PATIENCE,
    what: `the group to be ${phase}`,
  });
  await waitFor(() => group.inStep(ground.observed.length), {
    ...PATIENCE,
    what: 'both collectors to be in step',
  });
}

/** The present config runs everywhere, and is known to be good. */
async function settled(): Promise<void> {
  await reaches('steady');
  await waitFor(
    async () => {
      const { current, good } = await group.rollout();
      return current !== null && current === good;
    },
    { ...PATIENCE, what: 'the config to have proved good' },
  );
}

/** The two, by who was given a config first. */
function byTurn(hash: string): [Collector, Collector] {
  const first = ({ collector }: Observed): number => offersOf(collector, hash)[0] ?? Infinity;
  const [one, other] = ground.observed.toSorted((a, b) => first(a) - first(b));
  if (!one || !other) throw new Error('there are two');
  return [one.collector, other.collector];
}

it('a bad change reaches the canary alone, and the other serves on', async () => {
  const { current: before } = await group.rollout();
  await ground.loaded('a bad change with a canary', async (during) => {
    await during('before', calm);
    const turns = new Map(ground.observed.map(({ collector }) => [collector, turnsOf(collector)]));
    await during('until the good one is back', async () => {
      const fragment = badFragments['that no collector can start with'];
      await group.update({ fragment: JSON.stringify(fragment) });
      await reaches('failed');
    });
    await calm();
    const { good, blocked } = await group.rollout();
    expect(good).toBe(before);
    const hash = blocked[0]?.hash ?? '';
    const [canary, other] = byTurn(hash);
    expect(offersOf(canary, hash)).toHaveLength(1);
    expect(offersOf(other, hash)).toEqual([]);
    // It was not so much as told to read its config again.
    expect(turnsOf(other)).toBe(turns.get(other));
    expect(canary.supervisor.effectiveConfig()).not.toContain(MARK);
  });
}, 180_000);

it('a good change reaches the canary, and the other after it', async () => {
  await ground.loaded('a good change with a canary', async (during) => {
    await during('before', calm);
    await during('until both have it', async () => {
      await group.update({ fragment: JSON.stringify(goodFragment) });
      await waitFor(
        () =>
          ground.observed.every(({ collector }) =>
            collector.supervisor.effectiveConfig().includes(MARK),
          ),
        { ...PATIENCE, what: 'both collectors to have the change' },
      );
      await settled();
    });
    await calm();
  });
  const [hash] = new Set((await group.agents()).map(({ config }) => config.hash ?? ''));
  const [canary, other] = byTurn(hash ?? '').map((collector) => offersOf(collector, hash ?? ''));
  expect(canary).toHaveLength(1);
  expect(other).toHaveLength(1);
  expect(Number(canary?.[0])).toBeLessThan(Number(other?.[0]));
}, 180_000);
