import { AgentCapability } from '../../proto/codec';
import type { AgentMessage } from '../../proto/codec';
import { answer, HEARTBEAT_SECONDS } from '../conversation';
import type { Offer } from '../offers';
import type { AgentState } from '../registry';

const offer: Offer = { body: Buffer.from('{}'), hash: Buffer.from('aa', 'hex'), hashHex: 'aa' };
const newUid = (): Uint8Array => Buffer.alloc(16, 1);

function message(fields: Partial<AgentMessage> = {}): AgentMessage {
  return {
    instanceUid: '00'.repeat(16),
    sequence: 1n,
    capabilities: AgentCapability.AcceptsRemoteConfig | AgentCapability.ReportsHeartbeat,
    described: false,
    health: undefined,
    remoteConfig: undefined,
    disconnects: false,
    requestsInstanceUid: false,
    ...fields,
  };
}

const known: AgentState = {
  sequence: 0n,
  configHash: 'aa',
  configStatus: 'applied',
  healthy: true,
  heartbeatOffered: true,
};

describe('answer', () => {
  it('gives a new agent its config and the interval', () => {
    const { reply } = answer(message({ described: true }), undefined, offer, newUid);
    expect(reply.remoteConfig).toEqual({ body: offer.body, hash: offer.hash });
    expect(reply.heartbeatSeconds).toBe(HEARTBEAT_SECONDS);
    expect(reply.reportFullState).toBeUndefined();
  });

  it('says nothing to an agent that is in step', () => {
    const { reply, state } = answer(message(), known, offer, newUid);
    expect(reply).toEqual({ instanceUid: '00'.repeat(16), capabilities: reply.capabilities });
    expect(state?.configHash).toBe('aa');
  });

  it('offers a config whose hash differs from the last one received', () => {
    const { reply } = answer(message(), { ...known, configHash: 'bb' }, offer, newUid);
    expect(reply.remoteConfig?.hash).toEqual(offer.hash);
  });

  it('does not offer a config again that the agent has, failed or not', () => {
    const failed = { hash: 'aa', status: 'failed', error: 'x' } as const;
    const { reply, state } = answer(message({ remoteConfig: failed }), known, offer, newUid);
    expect(reply.remoteConfig).toBeUndefined();
    expect(state?.configStatus).toBe('failed');
  });

  it('does not send a config with every poll to an agent that never reports on it', () => {
    const mute = message({ described: true, capabilities: AgentCapability.AcceptsRemoteConfig });
    const first = answer(mute, undefined, offer, newUid);
    expect(first.reply.remoteConfig).toBeDefined();
    const second = answer({ ...mute, sequence: 2n, described: false }, first.state, offer, newUid);
    expect(second.reply.remoteConfig).toBeUndefined();
  });

  it('asks an unknown agent that left its state out for all of it, and waits with the config', () => {
    const { reply } = answer(message({ sequence: 12n }), undefined, offer, newUid);
    expect(reply.reportFullState).toBe(true);
    expect(reply.remoteConfig).toBeUndefined();
  });

  it.each([0n, 2n, 5n])('asks for full state after a gap (sequence %s after 0)', (sequence) => {
    expect(answer(message({ sequence }), known, offer, newUid).reply.reportFullState).toBe(true);
  });

  it('offers nothing to an agent that takes no config', () => {
    const { reply } = answer(
      message({ described: true, capabilities: 0x1n }),
      undefined,
      offer,
      newUid,
    );
    expect(reply.remoteConfig).toBeUndefined();
  });

  it('offers nothing where the group has no config', () => {
    expect(
      answer(message({ described: true }), undefined, undefined, newUid).reply.remoteConfig,
    ).toBeUndefined();
  });

  it('never sets the interval of an agent that would connect anew without its token', () => {
    const capabilities =
      AgentCapability.AcceptsRemoteConfig |
      AgentCapability.ReportsHeartbeat |
      AgentCapability.AcceptsOpAMPConnectionSettings;
    const { reply } = answer(message({ described: true, capabilities }), undefined, offer, newUid);
    expect(reply.heartbeatSeconds).toBeUndefined();
  });

  it('sets the interval again for an agent that started again', () => {
    const { reply } = answer(message({ sequence: 9n, described: true }), known, offer, newUid);
    expect(reply.heartbeatSeconds).toBe(HEARTBEAT_SECONDS);
  });

  it('forgets an agent that says goodbye', () => {
    expect(answer(message({ disconnects: true }), known, offer, newUid).state).toBeUndefined();
  });

  it('gives an instance uid to who asks for one', () => {
    const { reply } = answer(message({ requestsInstanceUid: true }), known, offer, newUid);
    expect(reply.newInstanceUid).toEqual(newUid());
  });
});
