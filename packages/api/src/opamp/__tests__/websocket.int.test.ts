import { waitFor } from '@hyperdx-tenancy/devkit/process';

import { opamp } from '../proto/gen/opamp';
import { agentMessage, heartbeat, uid } from './agentMessages';
import { poll, startOpamp, valueOf } from './opampFixture';
import type { StartedOpamp } from './opampFixture';
import { SocketAgent } from './socketAgent';

let server: StartedOpamp;
const agents: SocketAgent[] = [];

async function open(token: string | undefined = 't', url = server.url): Promise<SocketAgent> {
  const agent = await SocketAgent.open(url, token);
  agents.push(agent);
  return agent;
}

beforeEach(async () => {
  server = await startOpamp({ limits: { sweepMs: 50 } });
});

afterEach(async () => {
  for (const agent of agents.splice(0)) agent.socket.terminate();
  await server.stop();
});

const APPLIED = opamp.proto.RemoteConfigStatuses.RemoteConfigStatuses_APPLIED;
const applied = (hash: Buffer, sequenceNum: number): Buffer =>
  heartbeat(sequenceNum, { remoteConfigStatus: { lastRemoteConfigHash: hash, status: APPLIED } });

describe('over a WebSocket', () => {
  it('an agent gets its config with the answer to its first message', async () => {
    const agent = await open();
    const { config, instanceUid } = await agent.ask(agentMessage());
    expect(config).toBe('first config');
    expect(instanceUid).toBe(uid(1).toString('hex'));
    expect(server.agentLog.last(instanceUid)).toMatchObject({
      shard: 'shared:default',
      transport: 'websocket',
      state: 'behind',
    });
  });

  it('on the path with the token, too, and on no other', async () => {
    const base = server.url.replace('/v1/opamp', '');
    const agent = await open(undefined, `${base}/t/t/v1/opamp`);
    expect((await agent.ask(agentMessage())).config).toBe('first config');
    await expect(open('t', `${base}/v2/opamp`)).rejects.toMatchObject({ status: 404 });
    await expect(open('t', `${base}/t/other/v1/opamp`)).rejects.toMatchObject({ status: 401 });
  });

  it('a change is pushed to the agents of its shard, once, and to no others', async () => {
    server.fleet.addToken('other', 'dedicated:other');
    server.fleet.offer('dedicated:other', 'config of the other');
    const mine = await open();
    const others = await open('other');
    const { hash } = await mine.ask(agentMessage());
    await mine.ask(applied(hash, 2));
    expect((await others.ask(agentMessage())).config).toBe('config of the other');

    server.fleet.offer('shared:default', 'second config');
    const pushed = await mine.next();
    expect(pushed.config).toBe('second config');
    // A message that crossed the push is not answered with the same again.
    expect((await mine.ask(heartbeat(3))).config).toBeUndefined();
    expect((await mine.ask(applied(pushed.hash, 4))).config).toBeUndefined();
    expect((await others.ask(heartbeat(2))).config).toBeUndefined();
    expect(others.untaken).toEqual([]);
    expect(server.agentLog.last(uid(1).toString('hex'))?.shard).toBe('dedicated:other');
    expect(await valueOf(server.metrics, 'opamp_pushes_total')).toBe(1);
  });

  it('only the newest of several changes at once is pushed', async () => {
    const agent = await open();
    await agent.ask(agentMessage());
    for (let i = 0; i < 50; i += 1) server.fleet.offer('shared:default', `config ${i}`);
    expect((await agent.next()).config).toBe('config 49');
    expect((await agent.ask(heartbeat(2))).config).toBeUndefined();
  });

  it('nothing is pushed to an agent that takes no configs, or has it by another way', async () => {
    const agent = await open();
    await agent.ask(agentMessage({ capabilities: 0x1 }));
    server.fleet.offer('shared:default', 'second config');
    expect((await agent.ask(heartbeat(2, { capabilities: 0x1 }))).config).toBeUndefined();
  });

  it('an agent that comes back is known to fare as it did, without a word of its own', async () => {
    const first = await open();
    const { hash } = await first.ask(agentMessage());
    const status = { lastRemoteConfigHash: hash, status: 1 };
    await first.ask(heartbeat(2, { remoteConfigStatus: status, health: { healthy: true } }));
    const before = server.fleet.reports.length;
    first.socket.terminate();
    await waitFor(() => server.agentLog.left.length === 1, { what: 'the end', timeoutMs: 5_000 });
    const second = await open();
    await second.ask(heartbeat(3));
    expect(server.fleet.reports.slice(before)).toMatchObject([{ status: 'applied' }]);
    await second.ask(heartbeat(4));
    expect(server.fleet.reports).toHaveLength(before + 1);
  });

  it('an agent that comes back goes on where it was', async () => {
    const before = await open();
    const { hash } = await before.ask(agentMessage());
    await before.ask(applied(hash, 2));
    await before.close();
    const after = await open();
    const answer = await after.ask(heartbeat(3));
    expect(answer.asksFullState).toBe(false);
    expect(answer.config).toBeUndefined();
    // A server that does not know it asks for everything.
    const stranger = await open();
    expect((await stranger.ask(heartbeat(7, { instanceUid: uid(9) }))).asksFullState).toBe(true);
  });

  it('a goodbye, and a connection that ends, are noted as such', async () => {
    const polite = await open();
    await polite.ask(agentMessage({ agentDisconnect: {} }));
    const known = await open();
    await known.ask(agentMessage());
    await known.ask(heartbeat(2, { agentDisconnect: {} }));
    const abrupt = await open();
    await abrupt.ask(agentMessage({ instanceUid: uid(2) }));
    abrupt.socket.terminate();
    await waitFor(() => server.agentLog.left.length === 2, {
      what: 'the second',
      timeoutMs: 5_000,
    });
    expect(server.agentLog.left).toEqual([
      ['shared:default', uid(1).toString('hex'), 'goodbye'],
      ['shared:default', uid(2).toString('hex'), 'closed'],
    ]);
    expect(server.opamp.countAgents().shared).toBe(0);
  });
});

describe('two agents under one instance UID', () => {
  it('of one shard: the second is given another, and the first keeps its own', async () => {
    const first = await open();
    const { hash } = await first.ask(agentMessage());
    await first.ask(applied(hash, 2));
    const second = await open();
    await second.ask(agentMessage());
    // The first is asked for a sign of life, which its WebSocket gives; then the second is asked to speak.
    expect((await second.next()).asksFullState).toBe(true);
    const { newUid } = await second.ask(agentMessage({ sequenceNum: 2 }));
    expect(newUid).toHaveLength(16);
    expect(newUid).not.toEqual(uid(1));
    const renamed = await second.ask(agentMessage({ instanceUid: newUid!, sequenceNum: 3 }));
    expect(renamed.config).toBe('first config');
    const own = await first.ask(heartbeat(3));
    expect([own.asksFullState, own.newUid, own.config]).toEqual([false, undefined, undefined]);
    expect(server.opamp.countAgents().shared).toBe(2);
  });

  it('of one shard: the second takes its place where the first has no life in it', async () => {
    const dead = await open();
    await dead.ask(agentMessage());
    // As with a host that is gone: nothing is read any more, nothing is closed.
    dead.socket.pause();
    const alive = await open();
    await alive.ask(agentMessage());
    expect((await alive.next()).asksFullState).toBe(true);
    expect((await alive.ask(agentMessage({ sequenceNum: 2 }))).newUid).toBeUndefined();
    server.fleet.offer('shared:default', 'second config');
    expect((await alive.next()).config).toBe('second config');
    expect(server.opamp.countAgents().shared).toBe(1);
  });

  it('of two shards: both are kept, and neither learns of the other', async () => {
    server.fleet.addToken('other', 'dedicated:other');
    server.fleet.offer('dedicated:other', 'config of the other');
    const first = await open();
    const second = await open('other');
    const a = await first.ask(agentMessage());
    const b = await second.ask(agentMessage());
    expect([a.config, a.newUid]).toEqual(['first config', undefined]);
    expect([b.config, b.newUid]).toEqual(['config of the other', undefined]);
    expect((await first.ask(heartbeat(2))).asksFullState).toBe(false);
    expect(server.agentLog.moves).toEqual([]);
    expect(server.opamp.countAgents()).toEqual({ shared: 1, dedicated: 1, named: 0 });
  });

  it('one that comes with another token while the first may be on its way back is another one', async () => {
    server.fleet.addToken('other', 'dedicated:other');
    server.fleet.offer('dedicated:other', 'config of the other');
    const agent = await open();
    await agent.ask(agentMessage());
    agent.socket.terminate();
    await waitFor(() => server.agentLog.left.length === 1, { what: 'the end', timeoutMs: 5_000 });
    await poll(server.url, 'other', heartbeat(2));
    expect(server.agentLog.moves).toEqual([]);
    // The first goes on where it was.
    const back = await open();
    expect((await back.ask(heartbeat(2))).asksFullState).toBe(false);
  });

  it('one that comes with another token, after a goodbye, has moved', async () => {
    server.fleet.addToken('other', 'dedicated:other');
    server.fleet.offer('dedicated:other', 'config of the other');
    const agent = await open();
    await agent.ask(agentMessage());
    agent.say(heartbeat(2, { agentDisconnect: {} }));
    await waitFor(() => server.agentLog.left.length === 1, { what: 'the end', timeoutMs: 5_000 });
    const polled = await poll(server.url, 'other', heartbeat(2));
    // What it said under the other token counts for nothing here.
    expect(polled.answer?.asksFullState).toBe(true);
    expect(server.agentLog.moves).toEqual([
      [uid(1).toString('hex'), 'shared:default', 'dedicated:other'],
    ]);
  });

  it('polls whose sequence numbers cross each other are told apart', async () => {
    const say = (sequenceNum: number) => poll(server.url, 't', heartbeat(sequenceNum));
    await poll(server.url, 't', agentMessage({ sequenceNum: 100 }));
    await say(5);
    await say(101);
    await say(6);
    const { answer } = await say(102);
    expect(answer?.newUid).toHaveLength(16);
    // A restart alone is none, again and again.
    for (let i = 0; i < 5; i += 1) {
      await poll(server.url, 't', agentMessage({ instanceUid: uid(3), sequenceNum: 0 }));
      const next = await poll(server.url, 't', heartbeat(1, { instanceUid: uid(3) }));
      expect(next.answer?.newUid).toBeUndefined();
    }
  });
});

describe('a token', () => {
  it('that is revoked closes its connections, and no others', async () => {
    server.fleet.addToken('t2', 'shared:default');
    const agent = await open();
    await agent.ask(agentMessage());
    const other = await open('t2');
    await other.ask(agentMessage({ instanceUid: uid(2) }));
    server.fleet.revoke('t');
    expect(await agent.closed).toMatchObject({ code: 1008 });
    await expect(open()).rejects.toMatchObject({ status: 403 });
    expect((await poll(server.url, 't', heartbeat(2))).status).toBe(403);
    expect((await other.ask(heartbeat(2, { instanceUid: uid(2) }))).error).toBeUndefined();
  });

  it('may be an ingestion key, with or without a scheme, or in the path', async () => {
    server.fleet.addKey('key+of/a$team', 'dedicated:team');
    server.fleet.offer('dedicated:team', 'config without a password');
    const base = server.url.replace('/v1/opamp', '');
    const inPath = await open(undefined, `${base}/t/key%2Bof%2Fa%24team/v1/opamp`);
    expect((await inPath.ask(agentMessage())).config).toBe('config without a password');
    const bearer = await poll(server.url, 'key+of/a$team', agentMessage({ instanceUid: uid(2) }));
    expect(bearer.answer?.config).toBe('config without a password');
    const bare = await poll(server.url, undefined, agentMessage({ instanceUid: uid(3) }), {
      authorization: 'key+of/a$team',
    });
    expect(bare.answer?.config).toBe('config without a password');
    // A collector token is none without its scheme.
    const token = await poll(server.url, undefined, agentMessage(), { authorization: 't' });
    expect(token.status).toBe(401);
  });
});

describe('a config that is not at hand', () => {
  it('is waited for before the connection is there', async () => {
    let done = (): void => undefined;
    server.fleet.addToken('cold', 'dedicated:cold');
    server.fleet.cold.set('dedicated:cold', new Promise((resolve) => (done = resolve)));
    const opening = open('cold');
    const polling = poll(server.url, 'cold', agentMessage({ instanceUid: uid(2) }));
    server.fleet.offer('dedicated:cold', 'made at last');
    server.fleet.cold.delete('dedicated:cold');
    done();
    const agent = await opening;
    expect((await agent.ask(agentMessage())).config).toBe('made at last');
    expect((await polling).answer?.config).toBe('made at last');
  });
});

it('a stop sends agents away with 1001, in their turn, and ends polls under way', async () => {
  const one = await open();
  const two = await open();
  await one.ask(agentMessage());
  await two.ask(agentMessage({ instanceUid: uid(2) }));
  const stopped = server.stop();
  expect(await one.closed).toMatchObject({ code: 1001 });
  expect(await two.closed).toMatchObject({ code: 1001 });
  await stopped;
  await expect(open()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

it('says how many connections there are', async () => {
  await open();
  await open();
  const series = 'opamp_connections{transport="websocket"}';
  await waitFor(async () => (await valueOf(server.metrics, series)) === 2, {
    what: 'two',
    timeoutMs: 5_000,
  });
});
