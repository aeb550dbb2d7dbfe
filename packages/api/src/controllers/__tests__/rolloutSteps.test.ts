import { parseTenantId } from '@hyperdx-tenancy/domain/ids';

import type { ICollectorRollout } from '../../models/collectorRollout';
import type { ShardInputs } from '../collectorConfigs';
import {
  fallbacksOf,
  isBlocked,
  MAX_BLOCKED,
  newRollout,
  nextStep,
  revisionsNeeded,
  wantedOf,
  withFailure,
} from '../rolloutSteps';
import type { Wanted } from '../rolloutSteps';

const [a, b, c] = ['a', 'b', 'c'].map((digit) => parseTenantId(digit.repeat(24)));
const inputs = (fragment: string | null, ...tenants: (typeof a)[]): ShardInputs => ({
  options: {},
  fragment,
  tenants: tenants.map((tenant) => tenant!),
});
const rollout = (fields: Partial<ICollectorRollout>): ICollectorRollout => ({
  ...newRollout('shared:default'),
  version: 5,
  latest: 2,
  ...fields,
});
const good = { number: 1, hash: 'good' };
const current = { number: 2, hash: 'current' };
const at = new Date(0);
const failedHash = { hash: 'current', revision: 2, reason: 'broken', at };

const wants = (fields: Partial<Wanted> = {}): Wanted => ({
  inputs: inputs(null),
  cause: 'inputs',
  held: false,
  frozen: false,
  ...fields,
});
const found = (hash: string | undefined, fallbackHash?: string, canary = false) => ({
  hash,
  fallbackHash,
  canary,
});

describe('what a shard is to be offered', () => {
  const live = inputs('new', a, b);

  it('is its settings and members', () => {
    expect(wantedOf(rollout({ good, current: good }), live, new Map())).toMatchObject({
      inputs: live,
      held: false,
    });
  });

  it('is what an operator went back to, without tenants that are gone since', () => {
    const wanted = wantedOf(
      rollout({ pinned: 1, current, good, paused: true }),
      live,
      new Map([[1, inputs('old', b, c)]]),
    );
    expect(wanted).toMatchObject({ inputs: inputs('old', b), cause: 'rollback' });
  });

  it.each([{ paused: true }, { phase: 'canary' as const }])(
    'waits for what is under way: %p',
    (fields) => {
      const revisions = new Map([[2, inputs('tried', a, c)]]);
      const wanted = wantedOf(rollout({ current, good, ...fields }), live, revisions);
      // A tenant that was suspended is gone all the same.
      expect(wanted).toMatchObject({ inputs: inputs('tried', a), frozen: true, held: false });
    },
  );

  it('is not tried again with each new tenant where the settings failed', () => {
    const state = rollout({ phase: 'failed', current, good, blocked: [failedHash] });
    const revisions = new Map([
      [1, inputs(null, a)],
      [2, inputs('bad', a)],
    ]);
    expect(wantedOf(state, inputs('bad', a, b), revisions).held).toBe(true);
    expect(wantedOf(state, inputs('mended', a, b), revisions).held).toBe(false);
    // Who came since is served with the settings of before.
    expect(fallbacksOf(state, inputs('bad', a, b), revisions)).toEqual([
      inputs(null, a, b),
      inputs(null, a),
    ]);
  });

  it('is tried again where it was not the settings that failed', () => {
    const state = rollout({ phase: 'failed', current, good, blocked: [failedHash] });
    const revisions = new Map([
      [1, inputs(null, a)],
      [2, inputs(null, a, b)],
    ]);
    expect(wantedOf(state, inputs(null, a, c), revisions).held).toBe(false);
    // What ran well has no tenant that is gone since.
    expect(fallbacksOf(state, inputs(null, b, c), revisions)).toEqual([inputs(null)]);
  });

  it('has nothing to go back to before anything ran well', () => {
    expect(fallbacksOf(rollout({ current }), live, new Map())).toEqual([]);
  });

  it('depends on the present revision only while something is under way', () => {
    expect(revisionsNeeded(rollout({ current: good, good }))).toEqual([1]);
    expect(revisionsNeeded(rollout({ current, good }))).toEqual([1, 2]);
    expect(revisionsNeeded(rollout({ current: good, good, pinned: 7 }))).toEqual([1, 7]);
  });
});

describe('the next step', () => {
  it('is none where what is wanted is on offer, cannot be built, or is held', () => {
    const state = rollout({ current, good });
    expect(nextStep(state, wants(), found('current')).kind).toBe('keep');
    expect(nextStep(state, wants(), found(undefined)).kind).toBe('keep');
    expect(nextStep(state, wants({ held: true }), found('new')).kind).toBe('keep');
  });

  it('is to offer what is new to all', () => {
    expect(nextStep(rollout({ current, good }), wants(), found('new'))).toEqual({
      kind: 'offer',
      to: 'all',
    });
  });

  it('is to try it on canaries, unless the others are given the same', () => {
    const state = rollout({ current, good });
    const to = (...args: Parameters<typeof found>) => nextStep(state, wants(), found(...args));
    expect(to('new', 'good', true)).toEqual({ kind: 'offer', to: 'canaries' });
    expect(to('new', 'new', true)).toEqual({ kind: 'offer', to: 'all' });
    expect(to('new', undefined, true)).toEqual({ kind: 'offer', to: 'all' });
    const back = wants({ cause: 'rollback' });
    expect(nextStep(state, back, found('new', 'good', true))).toEqual({ kind: 'offer', to: 'all' });
  });

  it('is for the same canaries where secrets changed under way', () => {
    const state = rollout({ current, good, phase: 'canary', canaries: ['x'] });
    expect(nextStep(state, wants({ frozen: true }), found('new', 'good', true))).toEqual({
      kind: 'offer',
      to: 'asBefore',
    });
  });

  it('is never to offer what failed', () => {
    const state = rollout({ current: good, good, blocked: [failedHash] });
    expect(nextStep(state, wants(), found('current'))).toEqual({
      kind: 'fail',
      blocked: failedHash,
    });
    const failed = rollout({ phase: 'failed', current, good, blocked: [failedHash] });
    const back = wants({ cause: 'rollback' });
    expect(nextStep(failed, back, found('current')).kind).toBe('keep');
  });

  it('lets everybody have what canaries try, where an operator goes back to it', () => {
    const state = rollout({ current, good, phase: 'canary', pinned: 2 });
    expect(nextStep(state, wants({ cause: 'rollback' }), found('current'))).toEqual({
      kind: 'offer',
      to: 'all',
    });
  });
});

describe('a failure', () => {
  it('of the present revision sends everybody back', () => {
    const state = rollout({ current, good, phase: 'canary', canaries: ['x'], healthySince: at });
    const failed = withFailure(state, failedHash, null);
    expect(failed).toMatchObject({ phase: 'failed', canaries: [], healthySince: null, good });
    expect(isBlocked(failed, 'current')).toBe(true);
  });

  it('of what ran well before leaves the one before that', () => {
    const state = rollout({ current: good, good });
    const before = { number: 0, hash: 'before' };
    expect(withFailure(state, { ...failedHash, hash: 'good' }, before).good).toEqual(before);
  });

  it('of an earlier revision changes nothing but that it is blocked', () => {
    const state = rollout({ current, good });
    const failed = withFailure(state, { ...failedHash, hash: 'earlier' }, null);
    expect(failed).toEqual({ ...state, blocked: [{ ...failedHash, hash: 'earlier' }] });
  });

  it('is kept in mind within bounds, the latest first, each once', () => {
    let state = rollout({});
    for (let i = 0; i <= MAX_BLOCKED; i += 1) {
      state = withFailure(state, { ...failedHash, hash: `h${i}` }, null);
      state = withFailure(state, { ...failedHash, hash: `h${i}` }, null);
    }
    expect(state.blocked).toHaveLength(MAX_BLOCKED);
    expect(state.blocked[0]?.hash).toBe(`h${MAX_BLOCKED}`);
  });
});
