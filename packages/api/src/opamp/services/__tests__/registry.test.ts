import { MemoryAgentLog } from '../../__tests__/memoryAgentLog';
import type { Admitted } from '../../fleet';
import type { AgentState } from '../agentState';
import { AgentRegistry, SILENT_MS } from '../registry';
import type { RegistryLimits } from '../registry';

const state = (sequence = 1n): AgentState => ({
  sequence,
  capabilities: 0n,
  configHash: undefined,
  configStatus: 'unset',
  configError: '',
  settled: true,
  sentHash: undefined,
  sentAt: 0,
  healthy: undefined,
  lastError: '',
  asked: 0,
  uncertain: false,
  heartbeatOffered: false,
  heardAt: 0,
  components: undefined,
  componentsAskedAt: undefined,
  lacked: undefined,
});

const link = { probe: () => undefined, terminate: () => undefined };
const shared: Admitted = { shard: 'shared:default', kind: 'shared', token: 's' };
const one: Admitted = { shard: 'dedicated:one', kind: 'dedicated', token: 'd' };
const full = expect.objectContaining({ code: 'too_many_agents', status: 429 }) as Error;

let now: number;
let log: MemoryAgentLog;

function registry(limits: Partial<RegistryLimits> = {}): AgentRegistry {
  now = 1_000_000;
  log = new MemoryAgentLog();
  return new AgentRegistry(log, { total: 100, token: 100, newPerHour: 100, ...limits }, () => now);
}

describe('a place', () => {
  it('is refused where those of the token, or all, are taken by live agents', () => {
    const agents = registry({ total: 3, token: 2 });
    agents.heard(shared, 'a', state());
    agents.heard(shared, 'b', state());
    expect(agents.isFull('s')).toBe(true);
    expect(() => agents.heard(shared, 'c', state())).toThrow(full);
    agents.heard(one, 'd', state());
    expect(() => agents.heard(one, 'e', state())).toThrow(full);
    // Those that are here are heard as ever.
    expect(agents.heard(shared, 'a', state(2n)).state?.sequence).toBe(2n);
    expect(agents.count()).toEqual({ shared: 2, dedicated: 1, named: 0 });
  });

  it('is free again after a goodbye, after an end, and after a silence', () => {
    const agents = registry({ total: 1, token: 1 });
    agents.goodbye(agents.heard(shared, 'a', state()));
    const b = agents.heard(shared, 'b', state());
    agents.closed(b);
    agents.heard(shared, 'c', state());
    now += SILENT_MS;
    agents.sweep();
    agents.heard(shared, 'd', state());
    expect(log.left).toEqual([
      ['shared:default', 'a', 'goodbye'],
      ['shared:default', 'b', 'closed'],
      ['shared:default', 'c', 'silent'],
    ]);
    expect(agents.size).toBe(1);
  });

  it('is refused to more new agents of a token than may come in an hour, however many are gone again', () => {
    const agents = registry({ newPerHour: 60 });
    const come = (name: string, as = shared) => agents.goodbye(agents.heard(as, name, state()));
    for (let i = 0; i < 60; i += 1) come(`first ${i}`);
    expect(() => come('one more')).toThrow(full);
    // Who was here before may come back, and others have tokens of their own.
    come('first 0');
    come('of another token', one);
    now += 60_000;
    come('a minute later');
    expect(() => come('and one more')).toThrow(full);
    now += 3_600_000;
    agents.sweep();
    for (let i = 0; i < 60; i += 1) come(`later ${i}`);
    expect(() => come('too many again')).toThrow(full);
  });

  it('is free at once where the token is good no more, whoever polls or has a WebSocket open', () => {
    const agents = registry();
    agents.heard(shared, 'a', state()).link = link;
    agents.heard(shared, 'b', state());
    agents.heard(one, 'c', state());
    agents.revoke(({ token }) => token !== shared.token);
    expect(log.left).toEqual([
      ['shared:default', 'a', 'revoked'],
      ['shared:default', 'b', 'revoked'],
    ]);
    expect(agents.count()).toEqual({ shared: 0, dedicated: 1, named: 0 });
    // Its connection ends a little later: that is no second end.
    agents.closed(agents.find('shared:default', 'a')!);
    expect(log.left).toHaveLength(2);
    // With another token it is here again.
    agents.heard({ ...shared, token: 's2' }, 'b', state());
    expect(agents.count().shared).toBe(1);
  });

  it('goes along where an agent of a shard comes with its next token', () => {
    const agents = registry({ total: 1 });
    agents.heard(shared, 'a', state());
    const moved = agents.heard({ ...shared, token: 's2' }, 'a', state(2n));
    expect(agents.find('shared:default', 'a')).toBe(moved);
    expect([agents.size, agents.count().shared]).toEqual([1, 1]);
    expect(log.moves).toEqual([]);
  });

  it('is kept by an agent whose WebSocket is open, however long it says nothing', () => {
    const agents = registry();
    agents.heard(shared, 'a', state()).link = link;
    now += 10 * SILENT_MS;
    agents.sweep();
    expect(agents.count().shared).toBe(1);
    expect(log.left).toEqual([]);
  });
});

describe('an agent that is gone', () => {
  it('is remembered for a while, and noted once', () => {
    const agents = registry();
    const agent = agents.heard(shared, 'a', state(7n));
    agents.closed(agent);
    now += SILENT_MS;
    agents.sweep();
    expect(agents.find('shared:default', 'a')?.state?.sequence).toBe(7n);
    expect(log.left).toHaveLength(1);
    now += 3_600_000;
    agents.sweep();
    expect(agents.find('shared:default', 'a')).toBeUndefined();
    expect(agents.size).toBe(0);
  });

  it('makes room for live ones, the first to leave first', () => {
    const agents = registry({ total: 2 });
    for (const uid of ['a', 'b', 'c', 'd']) agents.closed(agents.heard(shared, uid, state()));
    agents.heard(one, 'live', state());
    expect(agents.size).toBe(2);
    expect(agents.find('shared:default', 'c')).toBeUndefined();
    expect(agents.find('shared:default', 'd')).toBeDefined();
  });
});

describe('one instance UID under two shards', () => {
  it.each([
    ['15 s, where it was told to poll every 5 s', true, 15_000],
    ['90 s, where it may poll every 30 s', false, SILENT_MS],
  ])('is a move where the first was silent for %s, or is gone', (_what, told, ms) => {
    const agents = registry();
    const polls = { ...state(), heartbeatOffered: told };
    agents.heard(shared, 'b', polls);
    agents.heard(shared, 'a', polls);
    now += ms - 1;
    agents.heard(one, 'b', state());
    expect(log.moves).toEqual([]);
    now += 1;
    agents.heard(one, 'a', state());
    expect(log.moves).toEqual([['a', 'shared:default', 'dedicated:one']]);
    expect(agents.find('shared:default', 'a')).toBeUndefined();

    const back = agents.find('dedicated:one', 'a')!;
    agents.closed(back);
    now += 89_999;
    // It may be on its way back, and who knows its UID is nobody to end it.
    agents.heard(shared, 'a', state());
    expect(log.moves).toHaveLength(1);
    expect(agents.find('dedicated:one', 'a')).toBe(back);
    agents.closed(agents.find('shared:default', 'a')!);
    now += 1;
    agents.heard(shared, 'a', state());
    expect(log.moves).toHaveLength(2);
    // The one, and the two that are told apart.
    expect(agents.size).toBe(3);
  });

  it('are two agents where the first is alive, by its messages or its WebSocket', () => {
    const agents = registry();
    agents.heard(shared, 'a', state(1n));
    agents.heard(one, 'a', state(2n));
    agents.heard(shared, 'b', state()).link = link;
    now += 60_000;
    agents.heard(one, 'b', state());
    expect(log.moves).toEqual([]);
    expect(agents.find('shared:default', 'a')?.state?.sequence).toBe(1n);
    expect(agents.find('dedicated:one', 'a')?.state?.sequence).toBe(2n);
    expect(agents.size).toBe(4);
    // Neither's end is the other's.
    agents.goodbye(agents.find('dedicated:one', 'a')!);
    expect(agents.find('shared:default', 'a')?.gone).toBe(false);
  });

  it('are forgotten one by one', () => {
    const agents = registry({ total: 3 });
    const shards = ['dedicated:x', 'dedicated:y', 'dedicated:z'];
    for (const shard of shards) agents.heard({ ...one, shard }, 'a', state());
    for (const shard of ['dedicated:y', 'dedicated:z', 'dedicated:x']) {
      agents.closed(agents.find(shard, 'a')!);
    }
    now += 1;
    // Not of these, so nothing of theirs is moved: they give way one by one.
    for (const uid of ['p', 'q', 'r']) agents.heard(shared, uid, state());
    for (const shard of shards) expect(agents.find(shard, 'a')).toBeUndefined();
    expect(agents.size).toBe(3);
  });
});
