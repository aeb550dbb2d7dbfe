import type { Offer } from '../../fleet';
import { AgentCapability } from '../../proto/codec';
import type { AgentMessage } from '../../proto/codec';
import { ComponentSets } from '../componentSets';
import { answer, COMPONENTS_WAIT_MS, HEARTBEAT_SECONDS, push, RESEND_MS } from '../conversation';
import type { AgentState, Answer, Setting } from '../conversation';
import { isTimeout } from '../failures';

const hash = (digit: string): string => digit.repeat(64);
const instanceUid = '0192f0c1b2a37000800000000000abcd';
const newUid = (): Uint8Array => Buffer.alloc(16, 1);

const offerOf = (digit: string): Offer => ({
  shard: 'shared:default',
  revision: 1,
  hashHex: hash(digit),
  wire: Buffer.from(digit),
  requires: { receivers: ['otlp'], exporters: ['clickhouse'] },
});

/** All that the supervisor of docker/collector says it can. */
const SUPERVISOR =
  AgentCapability.ReportsStatus |
  AgentCapability.AcceptsRemoteConfig |
  AgentCapability.ReportsEffectiveConfig |
  AgentCapability.ReportsHealth |
  AgentCapability.ReportsRemoteConfig |
  AgentCapability.ReportsHeartbeat |
  AgentCapability.ReportsAvailableComponents;

function message(fields: Partial<AgentMessage> = {}): AgentMessage {
  return {
    instanceUid,
    sequence: 1n,
    capabilities: SUPERVISOR,
    attributes: undefined,
    health: undefined,
    effectiveConfig: undefined,
    remoteConfig: undefined,
    components: undefined,
    connectionSettings: undefined,
    disconnects: false,
    requestsInstanceUid: false,
    ...fields,
  };
}

const attributes = new Map([['service.name', 'otelcol']]);
const effectiveConfig = new Map([['', Buffer.from('{}')]]);
const health = (healthy: boolean): AgentMessage['health'] => ({
  healthy,
  lastError: '',
  status: '',
  startedAt: 0n,
});
const report = (
  digit: string,
  status: 'applied' | 'applying' | 'failed',
  error = '',
): AgentMessage['remoteConfig'] => ({ hash: hash(digit), status, error });

/** An agent in conversation with a fleet that offers what `offer` says. */
class Talk {
  offer: Offer | undefined = offerOf('a');
  state: AgentState | undefined;
  now = 0;
  /** What the fleet was told. */
  readonly told: string[] = [];
  readonly components = new ComponentSets();
  private sequence = 0n;

  /** Hash of what a process before this one saw the agent run. */
  ran = '';

  readonly fleet: Setting['fleet'] = {
    offerFor: () => this.offer,
    reported: (_shard, _uid, { hash: of, status }) => void this.told.push(`${status} ${of[0]}`),
    health: (_shard, _uid, healthy, of) =>
      void this.told.push(`${healthy ? 'healthy' : 'unhealthy'} ${of?.[0]}`),
    ranBefore: (_shard, _uid, of) => of === this.ran,
    redact: (text) => text.replaceAll('secret', '***'),
  };

  /** The agent sends the next message. */
  say(fields: Partial<AgentMessage> = {}, setting: Partial<Setting> = {}): Answer {
    const sent = message({ sequence: this.sequence, ...fields });
    this.sequence = sent.sequence + 1n;
    const answered = answer(sent, this.state, { ...this.setting(), ...setting });
    this.state = answered.state;
    return answered;
  }

  /** What is meant for the agent changed, and it is told without having asked. */
  push(): Answer & { state: AgentState } {
    if (!this.state) throw new Error('nobody is there');
    const pushed = push(instanceUid, this.state, this.setting());
    this.state = pushed.state;
    return pushed;
  }

  private setting(): Setting {
    return {
      shard: 'shared:default',
      transport: 'http',
      fleet: this.fleet,
      components: this.components,
      now: this.now,
      newUid,
      uidTaken: false,
      reconnected: false,
    };
  }
}

/** A talk with an agent that has described itself and applied config `a`. */
function inStep(): Talk {
  const talk = new Talk();
  talk.say({ attributes, health: health(true), remoteConfig: report('a', 'applied') });
  talk.told.length = 0;
  return talk;
}

describe('what an agent is offered', () => {
  it('is its config, with the first message, and the interval', () => {
    const { reply, offer, standing } = new Talk().say({ attributes });
    expect(offer?.hashHex).toBe(hash('a'));
    expect(reply).toEqual({ instanceUid, heartbeatSeconds: HEARTBEAT_SECONDS });
    expect(standing).toBe('behind');
  });

  it('is nothing where it is in step', () => {
    const answered = inStep().say();
    expect(answered.reply).toEqual({ instanceUid });
    expect(answered.offer).toBeUndefined();
    expect(answered.news).toEqual({});
    expect(answered.standing).toBe('in_step');
  });

  it('is a config whose hash differs from the last one received', () => {
    const talk = inStep();
    talk.offer = offerOf('b');
    expect(talk.say().offer?.hashHex).toBe(hash('b'));
  });

  it('is not the same again while the agent is about to report on it, and is when nothing came for long', () => {
    const talk = inStep();
    talk.offer = offerOf('b');
    talk.say();
    expect(talk.say().offer).toBeUndefined();
    talk.now = RESEND_MS - 1;
    expect(talk.say().offer).toBeUndefined();
    talk.now = RESEND_MS;
    expect(talk.say().offer?.hashHex).toBe(hash('b'));
  });

  it('is the same again over a new connection, and another one at once', () => {
    const talk = inStep();
    talk.offer = offerOf('b');
    talk.say();
    expect(talk.say({}, { reconnected: true }).offer?.hashHex).toBe(hash('b'));
    talk.offer = offerOf('c');
    expect(talk.say().offer?.hashHex).toBe(hash('c'));
  });

  it('is no config that it has, failed or not', () => {
    const talk = inStep();
    const { offer, standing } = talk.say({ remoteConfig: report('a', 'failed', 'no') });
    expect(offer).toBeUndefined();
    expect(standing).toBe('failed');
  });

  it('knows of a failure that the same message tells of', () => {
    const talk = inStep();
    talk.offer = offerOf('b');
    talk.say();
    const fleet = {
      ...talk.fleet,
      reported: (): void => {
        talk.offer = offerOf('a');
      },
    };
    const failed = talk.say({ remoteConfig: report('b', 'failed', 'no') }, { fleet });
    expect(failed.offer?.hashHex).toBe(hash('a'));
  });

  it('goes once to an agent that never reports on configs, which then counts as in step', () => {
    const mute = { capabilities: AgentCapability.AcceptsRemoteConfig };
    const talk = new Talk();
    expect(talk.say({ ...mute, attributes }).offer).toBeDefined();
    talk.now = 10 * RESEND_MS;
    const second = talk.say(mute);
    expect(second.offer).toBeUndefined();
    expect(second.standing).toBe('in_step');
    expect(talk.told).toEqual([]);
    // It started again: what it had is gone.
    expect(talk.say({ ...mute, attributes, sequence: 0n }).offer).toBeDefined();
  });

  it('is nothing where it takes no config, or none is meant for it', () => {
    const deaf = new Talk().say({ attributes, capabilities: AgentCapability.ReportsStatus });
    expect([deaf.offer, deaf.standing]).toEqual([undefined, 'none']);
    const talk = new Talk();
    talk.offer = undefined;
    const none = talk.say({ attributes });
    expect([none.offer, none.standing]).toEqual([undefined, 'none']);
  });
});

describe('state that was left out', () => {
  it('is asked for where the agent is not known, and the config waits for it', () => {
    const talk = new Talk();
    const { reply, offer } = talk.say({ sequence: 12n });
    expect(reply.reportFullState).toBe(true);
    expect(offer).toBeUndefined();
    // Messages that were on their way when it was asked.
    expect(talk.say().offer).toBeUndefined();
    const full = talk.say({ attributes, remoteConfig: report('a', 'applied') });
    expect(full.reply.reportFullState).toBeUndefined();
    expect(full.offer).toBeUndefined();
    expect(full.standing).toBe('in_step');
  });

  it.each([0n, 2n, 5n])('is asked for after a gap (sequence %s after 0)', (sequence) => {
    expect(inStep().say({ sequence }).reply.reportFullState).toBe(true);
  });

  it('is not waited for for ever', () => {
    const talk = new Talk();
    const asked = [12n, 13n, 14n, 15n, 16n].map((sequence) => talk.say({ sequence }));
    expect(asked.map(({ reply }) => reply.reportFullState === true)).toEqual([
      ...[true, true, true],
      ...[false, false],
    ]);
    expect(asked[3]?.offer?.hashHex).toBe(hash('a'));
  });

  it('is forgotten where an agent starts again', () => {
    const talk = inStep();
    const { offer, reply, standing } = talk.say({ sequence: 0n, attributes });
    expect(offer?.hashHex).toBe(hash('a'));
    expect(reply.heartbeatSeconds).toBe(HEARTBEAT_SECONDS);
    expect(standing).toBe('behind');
  });
});

describe('the interval', () => {
  it('is said once, and again to an agent that keeps its own: it never got the answer', () => {
    const talk = inStep();
    talk.now += 5_000;
    expect(talk.say().reply.heartbeatSeconds).toBeUndefined();
    talk.now += 30_000;
    expect(talk.say().reply.heartbeatSeconds).toBe(HEARTBEAT_SECONDS);
    talk.now += 5_000;
    expect(talk.say().reply.heartbeatSeconds).toBeUndefined();
  });

  it.each([
    ['over a WebSocket', { transport: 'websocket' as const }, SUPERVISOR],
    ['where the agent sends no heartbeats', {}, SUPERVISOR & ~AgentCapability.ReportsHeartbeat],
    [
      'where it would connect anew without its token',
      {},
      SUPERVISOR | AgentCapability.AcceptsOpAMPConnectionSettings,
    ],
  ])('is left alone %s', (_where, setting, capabilities) => {
    const { reply } = new Talk().say({ attributes, capabilities }, setting);
    expect(reply.heartbeatSeconds).toBeUndefined();
  });
});

describe('a collector that takes up a config', () => {
  it('is in step when it is healthy after it told of its own config, before it says applied', () => {
    const talk = inStep();
    talk.offer = offerOf('b');
    talk.say();
    // With the message that says so comes the config of the collector that is about to go, and its health after it.
    expect(talk.say({ remoteConfig: report('b', 'applying'), effectiveConfig }).standing).toBe(
      'applying',
    );
    expect(talk.say({ health: health(true) }).standing).toBe('applying');
    expect(talk.told).toEqual(['applying b']);
    talk.say({ health: health(false) });
    talk.say({ effectiveConfig });
    expect(talk.say({ health: health(true) }).standing).toBe('in_step');
    expect(talk.told).toEqual(['applying b', 'unhealthy b', 'healthy b']);
    expect(talk.say({ remoteConfig: report('b', 'applied') }).standing).toBe('in_step');
    expect(talk.told.at(-1)).toBe('applied b');
  });

  it.each([
    ['told at once', []],
    ['told after a message without news', [{}]],
    [
      'told again, since an answer was lost',
      [{ attributes, remoteConfig: report('b', 'applying') }],
    ],
  ])(
    'is in step after a restart of ours as it was before, before it says applied: %s',
    (_what, first) => {
      const whole = { attributes, effectiveConfig, remoteConfig: report('b', 'applying') };
      const after = (ran: string): Talk => {
        const talk = new Talk();
        talk.offer = offerOf('b');
        talk.ran = ran;
        for (const fields of first) talk.say(fields);
        talk.say({ ...whole, health: health(true), sequence: BigInt(10 + first.length) });
        return talk;
      };
      expect(after(hash('b')).say().standing).toBe('in_step');
      // Another one: it may be the collector before that is healthy.
      expect(after(hash('a')).say().standing).toBe('applying');
      expect(after('').say().standing).toBe('applying');
    },
  );

  it('is in step when it was too slow and then healthy', () => {
    const talk = inStep();
    talk.offer = offerOf('b');
    talk.say();
    talk.say({ remoteConfig: report('b', 'applying'), effectiveConfig });
    const slow = report('b', 'failed', 'Config apply timeout exceeded');
    expect(talk.say({ remoteConfig: slow, health: health(false) }).standing).toBe('failed');
    talk.say({ effectiveConfig });
    expect(talk.say({ health: health(true) }).standing).toBe('in_step');
    expect(talk.told.slice(-2)).toEqual(['unhealthy b', 'healthy b']);
  });

  it('is not in step for being healthy with the config before, after one that it refused', () => {
    const talk = inStep();
    talk.offer = offerOf('b');
    talk.say();
    const refused = report('b', 'failed', "'exporters' unknown type");
    expect(talk.say({ remoteConfig: refused, health: health(true) }).standing).toBe('failed');
    // It tells all of itself again, with the old config and its health.
    talk.say({ attributes, effectiveConfig, remoteConfig: refused, health: health(true) });
    expect(talk.say({ health: health(true) }).standing).toBe('failed');
    expect(talk.told).toEqual(['failed b']);
  });

  it('is taken at its word on its health where it never tells of its config', () => {
    const talk = new Talk();
    const capabilities = SUPERVISOR & ~AgentCapability.ReportsEffectiveConfig;
    talk.say({ capabilities, attributes });
    talk.say({ capabilities, remoteConfig: report('a', 'applying') });
    expect(talk.say({ capabilities, health: health(true) }).standing).toBe('in_step');
  });

  it('tells the fleet what is news, and nothing else', () => {
    const talk = inStep();
    talk.say();
    talk.say({ health: health(true) });
    talk.say({ remoteConfig: report('a', 'applied') });
    expect(talk.told).toEqual([]);
    talk.say({ health: health(false) });
    expect(talk.told).toEqual(['unhealthy a']);
  });

  it('does not count what it says before it has any config', () => {
    const talk = new Talk();
    talk.say({ attributes, remoteConfig: { hash: '', status: 'unset', error: '' } });
    expect(talk.told).toEqual([]);
    expect(talk.state?.configHash).toBeUndefined();
  });
});

describe('components', () => {
  const has = { receivers: ['otlp'], exporters: ['clickhouse', 'nop'] };
  const lacks = { receivers: ['otlp'], exporters: ['nop'] };

  it('are asked for once, and the config waits for them', () => {
    const talk = new Talk();
    const first = talk.say({ attributes, components: { hash: 'c0', types: undefined } });
    expect(first.reply.reportAvailableComponents).toBe(true);
    expect(first.offer).toBeUndefined();
    const second = talk.say({ components: { hash: 'c0', types: has } });
    expect(second.reply.reportAvailableComponents).toBeUndefined();
    expect(second.offer?.hashHex).toBe(hash('a'));
    expect(second.news.components?.types).toEqual(has);
    // Another one with the same need not be asked.
    talk.state = undefined;
    const other = talk.say({ attributes, components: { hash: 'c0', types: undefined } });
    expect(other.reply.reportAvailableComponents).toBeUndefined();
    expect(other.offer?.hashHex).toBe(hash('a'));
    expect(other.news.components?.types).toEqual(has);
  });

  it('that are lacking keep the config back, and say so', () => {
    const talk = new Talk();
    const first = talk.say({ attributes, components: { hash: 'c1', types: lacks } });
    expect(first.offer).toBeUndefined();
    expect(first.standing).toBe('withheld');
    expect(first.lacking).toEqual(['exporters/clickhouse']);
    expect(talk.say().standing).toBe('withheld');
    // Of a config that it has it is not said.
    expect(talk.say({ remoteConfig: report('a', 'applied') }).lacking).toEqual([]);
    // The collector was replaced by one that has them.
    talk.offer = offerOf('b');
    expect(talk.say().standing).toBe('withheld');
    expect(talk.say({ components: { hash: 'c2', types: has } }).offer?.hashHex).toBe(hash('b'));
  });

  it('that are lacking count also once their list had to make room, and are asked for again', () => {
    const talk = new Talk();
    talk.say({ attributes, components: { hash: 'c1', types: lacks } });
    for (let n = 0; n < 300; n += 1) {
      talk.components.add('shared:default', `other ${n}`, { receivers: [`r${n}`] });
    }
    talk.now = 120_000;
    expect(talk.components.get('shared:default', 'c1')).toBeUndefined();
    const forgotten = talk.say();
    expect(forgotten).toMatchObject({ offer: undefined, standing: 'withheld' });
    expect(forgotten.lacking).toEqual(['exporters/clickhouse']);
    talk.now += 120_000;
    expect(talk.say().offer).toBeUndefined();
    expect(talk.say({ components: { hash: 'c2', types: has } }).offer?.hashHex).toBe(hash('a'));
  });

  it('that another agent made up keep the config from nobody', () => {
    const talk = new Talk();
    talk.say({ attributes, components: { hash: 'c1', types: lacks } });
    talk.state = undefined;
    const honest = talk.say({ attributes, components: { hash: 'c1', types: undefined } });
    expect(honest.standing).toBe('withheld');
    expect(honest.reply.reportAvailableComponents).toBe(true);
    const told = talk.say({ components: { hash: 'c1', types: has } });
    expect(told.reply.reportAvailableComponents).toBeUndefined();
    expect(told.offer?.hashHex).toBe(hash('a'));
  });

  it('that never come are not waited for', () => {
    const talk = new Talk();
    talk.say({ attributes, components: { hash: 'c3', types: undefined } });
    talk.now = COMPONENTS_WAIT_MS - 1;
    expect(talk.say().offer).toBeUndefined();
    talk.now = COMPONENTS_WAIT_MS;
    const { offer, reply } = talk.say();
    expect(offer).toBeDefined();
    expect(reply.reportAvailableComponents).toBeUndefined();
  });

  it('are not asked of an agent that cannot tell', () => {
    const capabilities = SUPERVISOR & ~AgentCapability.ReportsAvailableComponents;
    const { reply, offer } = new Talk().say({
      capabilities,
      attributes,
      components: { hash: 'c4', types: undefined },
    });
    expect(reply.reportAvailableComponents).toBeUndefined();
    expect(offer).toBeDefined();
  });
});

describe('push', () => {
  it('sends what changed, once', () => {
    const talk = inStep();
    expect(talk.push().offer).toBeUndefined();
    talk.offer = offerOf('b');
    expect(talk.push().offer?.hashHex).toBe(hash('b'));
    expect(talk.push().offer).toBeUndefined();
    expect(talk.say().offer).toBeUndefined();
    expect(talk.state?.sequence).toBe(1n);
  });

  it('sends nothing to an agent whose state is not known yet', () => {
    const talk = new Talk();
    talk.say({ sequence: 9n });
    expect(talk.push().offer).toBeUndefined();
  });

  it('sends nothing that needs what the agent lacks', () => {
    const talk = new Talk();
    talk.say({ attributes, components: { hash: 'c1', types: { receivers: [] } } });
    const { offer, standing } = talk.push();
    expect([offer, standing]).toEqual([undefined, 'withheld']);
  });
});

describe('who the agent is', () => {
  it('is forgotten where it says goodbye', () => {
    const talk = inStep();
    const { reply, state, offer } = talk.say({ disconnects: true, health: health(false) });
    expect([reply, state, offer]).toEqual([{ instanceUid }, undefined, undefined]);
    expect(talk.told).toEqual([]);
  });

  it.each([
    ['asks for an instance uid', { requestsInstanceUid: true }, {}],
    ['has one that another agent has', {}, { uidTaken: true }],
  ])('is said anew to one that %s, and nothing else', (_who, fields, setting) => {
    const { reply, state, offer } = new Talk().say({ attributes, ...fields }, setting);
    expect(reply).toEqual({ instanceUid, newInstanceUid: newUid() });
    expect([state, offer]).toEqual([undefined, undefined]);
  });
});

describe('error texts', () => {
  it('are kept without secrets, and never whole where they are long', () => {
    const talk = inStep();
    const { news } = talk.say({
      remoteConfig: report('a', 'failed', `my secret ${'x'.repeat(5_000)}`),
      health: { healthy: false, lastError: 'secret too', status: '', startedAt: 0n },
    });
    expect(news.config?.error).toMatch(/^my \*\*\* x+$/);
    expect(news.config?.error).toHaveLength(1_000);
    expect(talk.state?.lastError).toBe('*** too');
  });

  it('tell a slow start from a config that cannot start', () => {
    expect(isTimeout('Config apply timeout exceeded')).toBe(true);
    expect(isTimeout("'otlp' has invalid keys: timeout")).toBe(false);
  });
});
