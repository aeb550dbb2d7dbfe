import { AgentRegistry } from '../registry';
import type { AgentState } from '../registry';

const state = (sequence: bigint): AgentState => ({
  sequence,
  configHash: undefined,
  configStatus: 'unset',
  healthy: undefined,
  heartbeatOffered: false,
});

describe('AgentRegistry', () => {
  it('forgets who was silent longest when it is full', () => {
    const registry = new AgentRegistry(2);
    registry.set('shared', 'a', state(1n));
    registry.set('shared', 'b', state(1n));
    registry.set('shared', 'a', state(2n));
    registry.set('shared', 'c', state(1n));
    expect(registry.size).toBe(2);
    expect(registry.get('shared', 'b')).toBeUndefined();
    expect(registry.get('shared', 'a')?.sequence).toBe(2n);
  });

  it('keeps the same instance uid of two groups apart', () => {
    const registry = new AgentRegistry();
    registry.set('dedicated/a', 'x', state(1n));
    expect(registry.get('dedicated/b', 'x')).toBeUndefined();
    registry.delete('dedicated/b', 'x');
    expect(registry.get('dedicated/a', 'x')?.sequence).toBe(1n);
  });
});
