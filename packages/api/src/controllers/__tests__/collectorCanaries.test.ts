import { RolloutPolicy } from '@hyperdx-tenancy/domain/contracts/collectorGroup';

import type { ICollectorRollout } from '../../models/collectorRollout';
import { canaryStep } from '../collectorCanaries';
import type { CanaryAgent } from '../collectorCanaries';
import { newRollout } from '../rolloutSteps';

const policy = RolloutPolicy.parse({ healthySeconds: 10, timeoutSeconds: 100 });
const seconds = (count: number): Date => new Date(count * 1_000);

const rollout = (fields: Partial<ICollectorRollout> = {}): ICollectorRollout => ({
  ...newRollout('shared:default'),
  phase: 'canary',
  current: { number: 2, hash: 'new' },
  canaries: ['x', 'y'],
  since: seconds(0),
  ...fields,
});
const agent = (instanceUid: string, fields: Partial<CanaryAgent> = {}): CanaryAgent => ({
  instanceUid,
  hash: 'new',
  status: 'applied',
  healthy: true,
  aliveUntil: seconds(1_000),
  goneAt: null,
  ...fields,
});
const both = [agent('x'), agent('y')];

describe('a canary', () => {
  it('goes on to all once every one of them was healthy for the time that is set', () => {
    expect(canaryStep(rollout(), both, policy, seconds(5))).toEqual({
      kind: 'note',
      healthySince: seconds(5),
    });
    const noted = rollout({ healthySince: seconds(5) });
    expect(canaryStep(noted, both, policy, seconds(14)).kind).toBe('wait');
    expect(canaryStep(noted, both, policy, seconds(15)).kind).toBe('promote');
  });

  it.each([
    ['unhealthy', { healthy: false }],
    ['with another config', { hash: 'old' }],
    [
      'that says nothing of its health and has not applied it',
      { healthy: null, status: 'applying' },
    ],
  ])('waits for an agent %s, and begins its time anew', (_what, fields) => {
    const agents = [agent('x'), agent('y', fields)];
    expect(canaryStep(rollout(), agents, policy, seconds(5)).kind).toBe('wait');
    const noted = rollout({ healthySince: seconds(1) });
    expect(canaryStep(noted, agents, policy, seconds(50))).toEqual({
      kind: 'note',
      healthySince: null,
    });
    expect(canaryStep(noted, agents, policy, seconds(100)).kind).toBe('fail');
  });

  it('does not wait for agents that are gone, and needs others where none is left', () => {
    const gone = agent('y', { healthy: false, goneAt: seconds(1) });
    expect(canaryStep(rollout(), [agent('x'), gone], policy, seconds(5)).kind).toBe('note');
    const silent = agent('x', { aliveUntil: seconds(1) });
    expect(canaryStep(rollout(), [silent, gone], policy, seconds(5))).toEqual({
      kind: 'chooseAgain',
      late: false,
    });
  });

  it('does not begin its time anew with each that comes and goes', () => {
    const replaced = rollout({ chosenAt: seconds(95) });
    const ill = [agent('x', { healthy: false })];
    expect(canaryStep(replaced, ill, policy, seconds(99)).kind).toBe('wait');
    // It did not have all of the time, so nothing is known against the change.
    expect(canaryStep(replaced, ill, policy, seconds(100)).kind).toBe('hold');
    expect(canaryStep(replaced, [], policy, seconds(100))).toEqual({
      kind: 'chooseAgain',
      late: true,
    });
    // One that is healthy may be so for as long as is asked.
    const noted = { ...replaced, healthySince: seconds(99) };
    expect(canaryStep(noted, [agent('x')], policy, seconds(108)).kind).toBe('wait');
    expect(canaryStep(noted, [agent('x')], policy, seconds(109)).kind).toBe('promote');
  });

  it('that is healthy again and again, and never for long enough, is not waited for for ever', () => {
    expect(canaryStep(rollout(), both, policy, seconds(109)).kind).toBe('note');
    expect(canaryStep(rollout(), both, policy, seconds(110)).kind).toBe('hold');
  });

  it.each([{ paused: true }, { pinned: 1 }])(
    'stands still while an operator holds it: %p',
    (held) => {
      const state = rollout({ ...held, healthySince: seconds(0) });
      expect(canaryStep(state, both, policy, seconds(500)).kind).toBe('wait');
    },
  );
});
