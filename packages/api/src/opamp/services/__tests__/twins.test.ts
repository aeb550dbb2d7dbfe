import type { AgentState } from '../agentState';
import type { Agent } from '../registry';
import { PROOF_MS, Twins } from '../twins';

function agentWith(probe = jest.fn()): Agent {
  return {
    instanceUid: 'a',
    shard: 'one',
    admitted: { shard: 'one', kind: 'shared', token: 't' },
    state: undefined,
    at: 0,
    link: { probe, terminate: () => undefined },
    gone: false,
    wasCut: false,
    next: undefined,
  };
}

const after = (sequence: bigint): AgentState => ({ sequence }) as AgentState;

describe('the owner of an instance UID', () => {
  it('is asked once for a sign of life, and keeps it by giving one', () => {
    const probe = jest.fn();
    const owner = agentWith(probe);
    const twins = new Twins();
    expect(twins.contest(owner, undefined, 0)).toBe('unknown');
    expect(twins.contest(owner, undefined, 10)).toBe('unknown');
    expect(probe).toHaveBeenCalledTimes(1);
    twins.alive(owner, 20);
    expect(twins.contest(owner, undefined, 30)).toBe('taken');
    expect(twins.sweep(PROOF_MS + 30)).toEqual([]);
    expect(twins.contest(owner, undefined, PROOF_MS + 40)).toBe('taken');
  });

  it('loses it where none comes in time', () => {
    const owner = agentWith();
    const twins = new Twins();
    twins.contest(owner, undefined, 0);
    expect(twins.sweep(PROOF_MS - 1)).toEqual([]);
    expect(twins.sweep(PROOF_MS)).toEqual([{ owner, challenger: undefined }]);
    expect(twins.sweep(PROOF_MS)).toEqual([]);
  });

  it('is asked again where another comes a good while later', () => {
    const probe = jest.fn();
    const owner = agentWith(probe);
    const twins = new Twins();
    twins.contest(owner, undefined, 0);
    twins.alive(owner, 1);
    twins.sweep(100_000);
    expect(twins.contest(owner, undefined, 100_001)).toBe('unknown');
    expect(probe).toHaveBeenCalledTimes(2);
  });
});

describe('polls', () => {
  /** What each of a row of sequence numbers is judged as. */
  function judge(sequence: readonly number[], everyMs = 5_000): boolean[] {
    const twins = new Twins();
    const agent = agentWith();
    return sequence.slice(1).map((number, index) => {
      const now = index * everyMs;
      twins.sweep(now);
      return twins.crosses(agent, after(BigInt(sequence[index]!)), BigInt(number), now);
    });
  }

  it('of two agents cross each other', () => {
    expect(judge([100, 5, 101, 6, 102]).at(-1)).toBe(true);
    expect(judge([100, 5, 101, 6, 102]).filter(Boolean)).toHaveLength(1);
  });

  it.each([
    ['of one that goes on', [1, 2, 3, 4, 5]],
    ['of one that repeats itself', [1, 1, 1, 2, 2, 3]],
    ['of one that speaks to other processes as well', [1, 4, 5, 9, 14, 20]],
    ['of one that restarts, and speaks to others', [100, 102, 0, 2, 0, 3, 5, 0, 2]],
    ['of one that restarts again and again', [0, 1, 2, 0, 1, 0, 1, 2, 0, 0, 1]],
  ])('%s do not', (_what, sequence) => expect(judge(sequence)).not.toContain(true));

  it('that cross once in a long while are a chance', () => {
    expect(judge([100, 5, 101, 6, 102], 200_000)).not.toContain(true);
  });
});
