import { AgentRegistry, countConnected } from '../registry';
import type { AgentState } from '../registry';

const state = (sequence: bigint): AgentState => ({
  sequence,
  configHash: undefined,
  configStatus: 'unset',
  healthy: undefined,
  heartbeatOffered: false,
});

describe('AgentRegistry', () => {
  it("forgets its own group's longest silent agent when the group is full", () => {
    const registry = new AgentRegistry({ total: 100, group: 2 });
    registry.set('shared', 'a', state(1n));
    registry.set('shared', 'b', state(1n));
    registry.set('shared', 'a', state(2n));
    registry.set('shared', 'c', state(1n));
    expect(registry.size).toBe(2);
    expect(registry.get('shared', 'b')).toBeUndefined();
    expect(registry.get('shared', 'a')?.sequence).toBe(2n);
  });

  it('lets no group push out another’s agents', () => {
    const registry = new AgentRegistry({ total: 3, group: 3 });
    registry.set('quiet', 'q', state(1n));
    for (let i = 0; i < 50; i += 1) registry.set('loud', `l${i}`, state(1n));
    expect(registry.get('quiet', 'q')).toBeDefined();
    expect(registry.size).toBe(3);
  });

  it('keeps the same instance uid of two groups apart', () => {
    const registry = new AgentRegistry();
    registry.set('dedicated:a', 'x', state(1n));
    expect(registry.get('dedicated:b', 'x')).toBeUndefined();
    registry.delete('dedicated:b', 'x');
    expect(registry.get('dedicated:a', 'x')?.sequence).toBe(1n);
    registry.delete('dedicated:a', 'x');
    expect(registry.size).toBe(0);
  });

  it('counts as connected whom it heard of within three polls, by kind of group', () => {
    let now = 0;
    const registry = new AgentRegistry(undefined, () => now);
    registry.set('shared:default', 'silent', state(1n));
    registry.set('shared:default', 'a', state(1n));
    now = 80_000;
    registry.set('shared:default', 'a', state(2n));
    registry.set('dedicated:one', 'b', state(1n));
    registry.set('dedicated:two', 'c', state(1n));
    expect(countConnected(registry)).toEqual({ shared: 2, dedicated: 2 });
    now = 100_000;
    registry.delete('dedicated:two', 'c');
    expect(countConnected(registry)).toEqual({ shared: 1, dedicated: 1 });
    now = 200_000;
    expect(countConnected(registry)).toEqual({ shared: 0, dedicated: 0 });
  });
});
