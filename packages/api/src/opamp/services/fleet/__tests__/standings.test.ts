import { Standings } from '../standings';

const applied = { hash: 'h', status: 'applied', error: '' } as const;
const failed = { hash: 'h', status: 'failed', error: 'broken' } as const;
const applying = { hash: 'h', status: 'applying', error: '' } as const;

describe('the agents of a shard', () => {
  it('give each verdict once', () => {
    const agents = new Standings(10);
    expect(agents.report('a', failed, 0)).toEqual({
      instanceUid: 'a',
      hash: 'h',
      verdict: 'failed',
      reason: 'broken',
    });
    expect(agents.report('a', failed, 1)).toBeUndefined();
  });

  it('give verdicts that time decides', () => {
    const agents = new Standings(10);
    agents.report('a', applying, 0);
    expect(agents.health('a', false, 0)).toBeUndefined();
    expect(agents.waits).toBe(true);
    expect(agents.sweep(59_999)).toEqual([]);
    expect(agents.sweep(60_000)).toMatchObject([{ instanceUid: 'a', verdict: 'failed' }]);
    expect(agents.waits).toBe(false);
  });

  it('are too many who failed above a tenth', () => {
    const agents = new Standings(100);
    for (let i = 0; i < 19; i += 1) agents.report(`well${i}`, applied, 0);
    agents.report('bad1', failed, 0);
    expect(agents.tooManyFailed('h')).toBe(false);
    agents.report('bad2', failed, 0);
    agents.report('bad3', failed, 0);
    expect(agents.tooManyFailed('h')).toBe(true);
    agents.gone('bad3');
    expect(agents.tooManyFailed('h')).toBe(false);
  });

  it('prove a config: all of them at once, or most after a while', () => {
    const agents = new Standings(100);
    agents.report('a', applied, 0);
    expect(agents.isProven('h', 0)).toBe(true);
    agents.report('b', applying, 0);
    expect(agents.isProven('h', 9_999)).toBe(false);
    expect(agents.isProven('h', 10_000)).toBe(true);
    for (let i = 0; i < 20; i += 1) agents.report(`c${i}`, applied, 0);
    agents.report('b', failed, 20_000);
    expect(agents.isProven('h', 59_999)).toBe(false);
    expect(agents.isProven('h', 60_000)).toBe(true);
  });

  it('of another config prove nothing', () => {
    const agents = new Standings(100);
    agents.report('a', applied, 0);
    expect(agents.runs('other')).toBe(false);
    expect(agents.isProven('other', 100_000)).toBe(false);
    agents.report('a', { ...applied, hash: 'other' }, 0);
    expect([agents.runs('h'), agents.runs('other')]).toEqual([false, true]);
  });

  it('are forgotten beyond the limit, those first that said least lately', () => {
    const agents = new Standings(2);
    agents.report('a', applied, 0);
    agents.report('b', applied, 0);
    agents.report('c', failed, 0);
    expect(agents.size).toBe(2);
    expect(agents.health('a', false, 0)).toBeUndefined();
    agents.gone('b');
    expect(agents.runs('h')).toBe(false);
  });
});
