import { waitFor } from '@hyperdx-tenancy/devkit/process';

import { offersOf } from '../harness/collectorLog';
import { startBackend } from '../harness/stack';
import type { Backend } from '../harness/stack';
import { badFragments, MARK } from './collectorFragment';
import { inGroupsOfTheirOwn, useCollectors } from './collectorGround';
import type { Member } from './collectorGround';
import { calm, senderOf } from './collectorLoads';

/*
 * What an operator adds to a group's config may pass every check of ours and be refused by the collector all the same: at once,
 * when it reads the config, or when it starts with it. Collectors then run the last good config again, and the group says so.
 */

const ground = useCollectors<Member, Backend>(startBackend, inGroupsOfTheirOwn);

const PATIENCE = { timeoutMs: 90_000, intervalMs: 200 };

async function inStep({ name, group }: Member): Promise<void> {
  await waitFor(() => group.inStep(1), { ...PATIENCE, what: `${name} to be in step` });
}

it.each(Object.entries(badFragments))(
  'a fragment %s: the last good config is back, and the group says so',
  async (what, fragment) => {
    const { backend, observed } = ground;
    for (const of of observed) {
      await inStep(of);
      await waitFor(
        async () => {
          const { good, current } = await of.group.rollout();
          return good !== null && good === current;
        },
        { ...PATIENCE, what: `the config of ${of.name} to have proved good` },
      );
    }
    const before = new Map<Member, number | null>();
    for (const of of observed) before.set(of, (await of.group.rollout()).good);
    const failed = new Map<Member, string>();
    const expectOneOffer = (of: Member): void =>
      expect(offersOf(of.collector, failed.get(of) ?? '')).toHaveLength(1);

    await ground.loaded(`a fragment ${what}`, async (during) => {
      await during('before', calm);
      await during(
        'until the good one is back',
        () => Promise.resolve(),
        async (of) => {
          await of.group.update({ fragment: JSON.stringify(fragment) });
          await waitFor(async () => (await of.group.rollout()).phase === 'failed', {
            ...PATIENCE,
            what: `the group of ${of.name} to say that the change failed`,
          });
          await inStep(of);
          const { good, current, blocked } = await of.group.rollout();
          expect(good).toBe(before.get(of));
          expect(blocked[0]).toMatchObject({ revision: current });
          expect(blocked[0]?.reason).not.toBe('');
          failed.set(of, blocked[0]?.hash ?? '');
          expectOneOffer(of);
          expect(of.collector.supervisor.effectiveConfig()).not.toContain(MARK);
        },
      );
      await during(
        'the server is restarted',
        async () => {
          await backend.api.stop();
          const from = new Date();
          await backend.api.restart();
          return from;
        },
        async (of, from) => {
          await waitFor(
            async () => (await of.group.agents()).some(({ seenAt }) => new Date(seenAt) > from),
            { ...PATIENCE, what: `${of.name} to come back` },
          );
          expect((await of.group.rollout()).phase).toBe('failed');
        },
      );
      await during(
        'until it is taken away',
        async () => {
          await Promise.all(observed.map(({ group }) => group.update({ fragment: null })));
          // The next change goes out as ever.
          return backend.api.createTenant(`After one ${what}`);
        },
        async (of, next) => {
          await of.collector.knows([senderOf(next).key]);
          expect((await of.group.rollout()).phase).toBe('steady');
        },
      );
      observed.forEach(expectOneOffer);
    });
  },
  240_000,
);
