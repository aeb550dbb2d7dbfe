import { agentMessage, answered, heartbeat, uid } from '../../__tests__/agentMessages';
import type { Answered } from '../../__tests__/agentMessages';
import { MemoryAgentLog } from '../../__tests__/memoryAgentLog';
import { MemoryFleet } from '../../fuzz/memoryFleet';
import { Metrics } from '../../../metrics';
import { createLogger } from '../../../utils/logger';
import type { Admitted } from '../../fleet';
import { AgentRegistry } from '../../services/registry';
import { OpampController } from '../opampController';

const SHARD = 'shared:default';
const UID = uid(1).toString('hex');

function setUp(log = createLogger('silent')) {
  const fleet = new MemoryFleet();
  const agentLog = new MemoryAgentLog();
  const admitted = fleet.addToken('t', SHARD);
  const { hashHex } = fleet.offer(SHARD, 'the config');
  const controller = new OpampController({
    fleet,
    agentLog,
    agents: new AgentRegistry(agentLog),
    log,
    metrics: new Metrics(),
  });
  const say = (message: Uint8Array, as: Admitted = admitted): Answered => {
    const { head, wire } = controller.handle({ admitted: as }, message);
    return answered(Buffer.concat(wire ? [head, wire] : [head]));
  };
  return { fleet, agentLog, admitted, say, hash: Buffer.from(hashHex, 'hex') };
}

it('notes how an agent comes to run its config, and what it says of itself', () => {
  const { fleet, agentLog, say, hash } = setUp();
  const { revision } = fleet;
  const described = {
    agentDescription: {
      identifyingAttributes: [
        { key: 'service.name', value: { stringValue: 'otelcol' } },
        { key: '__proto__', value: { stringValue: 'polluted' } },
        { key: 'something.else', value: { stringValue: 'not kept' } },
      ],
    },
  };
  expect(say(agentMessage(described)).config).toBe('the config');
  expect(agentLog.last(UID)).toMatchObject({
    shard: SHARD,
    transport: 'http',
    attributes: { 'service.name': 'otelcol' },
    state: 'behind',
    revision: 0,
    configRevision: undefined,
  });
  const status = { lastRemoteConfigHash: hash, status: 1 };
  expect(say(heartbeat(2, { remoteConfigStatus: status })).config).toBeUndefined();
  expect(agentLog.last(UID)).toMatchObject({
    attributes: undefined,
    state: 'in_step',
    status: 'applied',
    hash: hash.toString('hex'),
    revision,
    configRevision: revision,
  });
});

it('hands on what an agent runs, and what it can run', () => {
  const { agentLog, say } = setUp();
  say(agentMessage({ effectiveConfig: { configMap: { configMap: [] } } }));
  expect(agentLog.effective).toEqual([]);
  const body = Buffer.from('receivers: {}');
  say(
    heartbeat(2, { effectiveConfig: { configMap: { configMap: [{ key: '', value: { body } }] } } }),
  );
  expect(agentLog.effective).toEqual([
    { shard: SHARD, instanceUid: UID, files: ['receivers: {}'] },
  ]);
});

it('takes secrets out of what an agent reports before anybody is told', () => {
  const { fleet, agentLog, say, hash } = setUp();
  say(agentMessage());
  const status = { lastRemoteConfigHash: hash, status: 3, errorMessage: 'bad password s3cret' };
  say(heartbeat(2, { remoteConfigStatus: status }));
  expect(fleet.reports).toMatchObject([{ status: 'failed', error: 'bad password ***' }]);
  expect(JSON.stringify(agentLog.notes, (_key, value: unknown) => String(value))).not.toContain(
    's3cret',
  );
  expect(agentLog.last(UID)).toMatchObject({ state: 'failed', error: 'bad password ***' });
});

it('counts an agent that takes no configs as one that has nothing to catch up with', () => {
  const { fleet, agentLog, say } = setUp();
  say(agentMessage({ capabilities: 0x1 }));
  expect(agentLog.last(UID)).toMatchObject({ state: 'none', revision: fleet.revision });
});

it('forgets what an agent said that says goodbye, and knows it again when it comes back', () => {
  const { agentLog, say } = setUp();
  say(agentMessage());
  say(heartbeat(2, { agentDisconnect: {} }));
  expect(agentLog.left).toEqual([[SHARD, UID, 'goodbye']]);
  expect(say(heartbeat(3)).asksFullState).toBe(true);
});

it('keeps agents of two shards apart, whatever instance UID they name', () => {
  const { fleet, say } = setUp();
  const other = fleet.addToken('o', 'dedicated:other');
  fleet.offer('dedicated:other', 'config of the other');
  say(agentMessage());
  expect(say(agentMessage({ sequenceNum: 7 }), other).config).toBe('config of the other');
  // Each goes on in its own sequence.
  expect(say(heartbeat(2)).asksFullState).toBe(false);
  expect(say(heartbeat(8), other).asksFullState).toBe(false);
});

it('vouches for what it knows of an agent only where it heard all that the agent said', () => {
  // Two processes, and a balancer in front of them that gives each request to the next one.
  const [first, second] = [setUp(), setUp()];
  const status = { lastRemoteConfigHash: first.hash, status: 1 };
  first.say(agentMessage());
  second.say(heartbeat(2, { remoteConfigStatus: status }));
  for (let sequence = 3; sequence < 21; sequence += 2) {
    // What the first process asks for, the second one is told.
    first.say(heartbeat(sequence));
    second.say(agentMessage({ remoteConfigStatus: status, sequenceNum: sequence + 1 }));
  }
  const of = ({ agentLog }: typeof first) =>
    agentLog.notes.slice(1).map(({ certain, state }) => `${state}${certain ? '' : '?'}`);
  expect(new Set(of(first))).toEqual(new Set(['behind?']));
  expect(new Set(of(second))).toEqual(new Set(['in_step']));
});

it('takes an agent that does not number its messages at its word, once it was asked in vain', () => {
  const { agentLog, say, hash } = setUp();
  const status = { lastRemoteConfigHash: hash, status: 1 };
  say(agentMessage({ sequenceNum: 0 }));
  for (let i = 0; i < 4; i += 1) say(heartbeat(0, { remoteConfigStatus: status }));
  expect(agentLog.notes.some(({ certain, state }) => certain && state === 'in_step')).toBe(true);
});

it('says in the log that a config failed so often that nothing else is lost in it', () => {
  const log = createLogger('silent');
  const error = jest.spyOn(log, 'error');
  const { say } = setUp(log);
  say(agentMessage());
  const lastRemoteConfigHash = Buffer.from('ab', 'hex');
  for (let n = 2; n < 2_000; n += 1) {
    const status = { lastRemoteConfigHash, status: 3, errorMessage: `reason ${n}` };
    say(heartbeat(n, { remoteConfigStatus: status }));
  }
  expect(error.mock.calls.length).toBeGreaterThan(0);
  expect(error.mock.calls.length).toBeLessThan(50);
});
