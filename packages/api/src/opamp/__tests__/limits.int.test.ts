import { once } from 'node:events';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';

import { waitFor } from '@hyperdx-tenancy/devkit/process';

import { CONNECTION_LIMITS } from '../services/connections';
import { MESSAGE_LIMIT_BYTES } from '../transport/http';
import { agentMessage, heartbeat, uid } from './agentMessages';
import { poll, startOpamp, valueOf } from './opampFixture';
import type { StartedOpamp } from './opampFixture';
import { SocketAgent } from './socketAgent';

let server: StartedOpamp;
const agents: SocketAgent[] = [];

async function open(token = 't'): Promise<SocketAgent> {
  const agent = await SocketAgent.open(server.url, token);
  agents.push(agent);
  return agent;
}

async function start(options: Parameters<typeof startOpamp>[0]): Promise<void> {
  server = await startOpamp(options);
}

afterEach(async () => {
  for (const agent of agents.splice(0)) agent.socket.terminate();
  await server.stop();
});

const refused = (reason: string) =>
  waitFor(() => valueOf(server.metrics, `opamp_refused_total{reason="${reason}"}`), {
    what: `a refusal: ${reason}`,
    timeoutMs: 10_000,
  });

/** The answer to bytes that no HTTP client would send so. */
async function raw(text: string): Promise<string> {
  const socket = connect(server.port, '127.0.0.1');
  await once(socket, 'connect');
  socket.write(text);
  let answer = '';
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
  await once(socket, 'close');
  return answer;
}

describe('a token that is revoked', () => {
  it('while a message comes opens nothing any more', async () => {
    await start({});
    const body = Buffer.from(agentMessage());
    const socket = connect(server.port, '127.0.0.1');
    await once(socket, 'connect');
    socket.write(
      [
        'POST /v1/opamp HTTP/1.1',
        'host: x',
        'authorization: Bearer t',
        'content-type: application/x-protobuf',
        `content-length: ${body.length}`,
        'expect: 100-continue',
        'connection: close',
        '',
        '',
      ].join('\r\n'),
    );
    // It was let in.
    const [first] = (await once(socket, 'data')) as [Buffer];
    expect(first.toString()).toMatch(/^HTTP\/1.1 100 /);
    socket.write(body.subarray(0, 1));
    await new Promise((resolve) => setTimeout(resolve, 50));
    server.fleet.revoke('t');
    let answer = '';
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
    socket.write(body.subarray(1));
    await once(socket, 'close');
    expect(answer).toMatch(/^HTTP\/1.1 403 /);
    expect(answer).not.toContain('first config');
  });
});

describe('how many agents', () => {
  it('under one token: one more is refused with 429, and those that are here are served', async () => {
    await start({ config: { maxAgentsPerToken: 2 } });
    server.fleet.addToken('other', 'shared:default');
    for (const number of [1, 2]) {
      const { status } = await poll(server.url, 't', agentMessage({ instanceUid: uid(number) }));
      expect(status).toBe(200);
    }
    const third = agentMessage({ instanceUid: uid(3) });
    const { status, headers, body } = await poll(server.url, 't', third);
    expect(status).toBe(429);
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    expect(JSON.parse(body.toString())).toMatchObject({ code: 'too_many_agents' });
    expect((await poll(server.url, 't', heartbeat(2))).status).toBe(200);
    expect((await poll(server.url, 'other', third)).status).toBe(200);
    expect(await refused('too_many_agents')).toBe(1);
  });

  it('is known before a body is read, where the agent names itself in a header', async () => {
    await start({ config: { maxAgentsPerToken: 1 } });
    await poll(server.url, 't', agentMessage());
    const head = (instanceUid: string): string =>
      [
        'POST /v1/opamp HTTP/1.1',
        'host: x',
        'authorization: Bearer t',
        'content-type: application/x-protobuf',
        'content-length: 100',
        `opamp-instance-uid: ${instanceUid}`,
        'connection: close',
        '',
        '',
      ].join('\r\n');
    // Its body never comes.
    expect(await raw(head('0192f0c1-b2a3-7000-8000-000000000009'))).toMatch(/^HTTP\/1.1 429 /);
  }, 20_000);

  it('over WebSockets: an upgrade is refused with 429, and goes through when there is room', async () => {
    await start({ config: { maxAgentsPerToken: 1 } });
    const first = await open();
    await first.ask(agentMessage());
    await expect(open()).rejects.toMatchObject({ status: 429 });
    await first.close();
    expect((await (await open()).ask(heartbeat(2))).error).toBeUndefined();
  });

  it('in all: the token of one does not take the places of another that is gone', async () => {
    await start({ config: { maxAgents: 2 } });
    server.fleet.addToken('other', 'dedicated:other');
    const leaving = await open();
    await leaving.ask(agentMessage());
    const staying = await open('other');
    await staying.ask(agentMessage({ instanceUid: uid(2) }));
    await expect(open('other')).rejects.toMatchObject({ status: 429 });
    const third = agentMessage({ instanceUid: uid(3) });
    expect((await poll(server.url, 'other', third)).status).toBe(429);
    await leaving.close();
    await waitFor(() => server.agentLog.left.length > 0, { what: 'its end', timeoutMs: 5_000 });
    expect((await poll(server.url, 'other', third)).status).toBe(200);
  });

  it('over a WebSocket whose agents are too many under other names: Unavailable, then closed', async () => {
    await start({ config: { maxAgentsPerToken: 1 } });
    await poll(server.url, 't', agentMessage());
    const agent = await open();
    const { error } = await agent.ask(agentMessage({ instanceUid: uid(2) }));
    expect(error).toMatchObject({ type: 2 });
    expect(error?.retryNanoseconds).toBeGreaterThan(0);
    expect(await agent.closed).toMatchObject({ code: 1013 });
  });
});

describe('who is refused before a body is read', () => {
  it.each([
    ['no token', undefined, 401, 'unauthorized'],
    ['a token that is not known', 'wrong', 401, 'unauthorized'],
    ['a token that was revoked', 'gone', 403, 'revoked'],
  ])('%s', async (_what, token, status, reason) => {
    await start({});
    server.fleet.addToken('gone', 'shared:default');
    server.fleet.revoke('gone');
    const polled = await poll(server.url, token, Buffer.from('not even a message'));
    expect(polled.status).toBe(status);
    await expect(SocketAgent.open(server.url, token)).rejects.toMatchObject({ status });
    expect(await refused(reason)).toBe(2);
  });

  it('everybody, with 503 and when to come back, until configs were read', async () => {
    await start({});
    server.fleet.ready = false;
    const polled = await poll(server.url, 't', agentMessage());
    expect([polled.status, polled.headers.get('retry-after')]).toEqual([503, '5']);
    await expect(open()).rejects.toMatchObject({ status: 503, headers: { 'retry-after': '5' } });
  });
});

describe('what is no message', () => {
  it('over HTTP: BadRequest, and the connection goes on', async () => {
    await start({});
    for (const body of [Buffer.from('hello'), Buffer.alloc(0), Buffer.alloc(3_000, 0xff)]) {
      const { status, answer } = await poll(server.url, 't', body);
      expect(status).toBe(400);
      expect(answer?.error).toMatchObject({ type: 1 });
    }
    expect((await poll(server.url, 't', agentMessage())).status).toBe(200);
  });

  it('over a WebSocket: BadRequest for a few, then closed', async () => {
    await start({});
    const agent = await open();
    expect((await agent.ask(Buffer.from('hello'))).error).toMatchObject({ type: 1 });
    // A frame without its header, one of text, an empty one.
    agent.socket.send(Buffer.from([7, 1, 2]));
    expect((await agent.next()).error).toMatchObject({ type: 1 });
    agent.socket.send('text');
    expect((await agent.next()).error).toMatchObject({ type: 1 });
    // In between it is served.
    expect((await agent.ask(agentMessage())).config).toBe('first config');
    agent.socket.send(Buffer.alloc(0));
    agent.say(Buffer.from('hello'));
    agent.say(Buffer.from('hello'));
    expect(await agent.closed).toMatchObject({ code: 1008 });
    expect((await poll(server.url, 't', heartbeat(2))).status).toBe(200);
  });

  it('and what is too large: 413, or 1009, also after inflating', async () => {
    await start({});
    const large = Buffer.alloc(MESSAGE_LIMIT_BYTES + 1);
    expect((await poll(server.url, 't', large)).status).toBe(413);
    const bomb = gzipSync(Buffer.alloc(4 * MESSAGE_LIMIT_BYTES));
    expect((await poll(server.url, 't', bomb, { 'content-encoding': 'gzip' })).status).toBe(413);
    const agent = await open();
    agent.say(large);
    expect(await agent.closed).toMatchObject({ code: 1009 });
    expect(await refused('too_large')).toBe(3);
  });
});

describe('who takes more than a share', () => {
  it('of memory, with messages that do not end: the rest is refused, others are served', async () => {
    await start({ limits: { inFlight: { total: 1_000_000, token: 300_000 } } });
    server.fleet.addToken('other', 'shared:default');
    const head = [
      'POST /v1/opamp HTTP/1.1',
      'host: x',
      'authorization: Bearer t',
      'content-type: application/x-protobuf',
      'content-length: 250000',
      '',
      '',
    ].join('\r\n');
    const slow = connect(server.port, '127.0.0.1');
    slow.on('error', () => undefined);
    slow.write(head);
    slow.write(Buffer.alloc(200_000));
    const fat = agentMessage({ effectiveConfig: { configMap: { configMap: [] } } });
    const padded = Buffer.concat([
      fat,
      Buffer.from([0xda, 0x3f, 0xa0, 0x8d, 0x06]),
      Buffer.alloc(100_000),
    ]);
    await waitFor(async () => (await poll(server.url, 't', padded)).status === 503, {
      what: 'the limit of the token',
      timeoutMs: 10_000,
    });
    expect((await poll(server.url, 'other', agentMessage())).status).toBe(200);
    // Of a WebSocket under the same token, too.
    const agent = await open();
    agent.socket.send(Buffer.alloc(150_000), { fin: false });
    expect((await agent.closed).code).toBe(1006);
    // What was held is there again once it is over.
    slow.destroy();
    await waitFor(async () => (await poll(server.url, 't', padded)).status !== 503, {
      what: 'room again',
      timeoutMs: 10_000,
    });
  });

  it('of the server, with message after message: Unavailable, then closed', async () => {
    await start({});
    const agent = await open();
    for (let i = 1; i <= 3_000; i += 1) agent.say(heartbeat(i));
    expect(await agent.closed).toMatchObject({ code: 1008 });
    expect(agent.untaken.filter(({ error }) => error?.type === 2).length).toBeGreaterThan(0);
    expect(await refused('too_many_messages')).toBeGreaterThan(0);
  });

  it('of the server, with pong after pong that nobody asked for: closed', async () => {
    await start({});
    const agent = await open();
    await agent.ask(agentMessage());
    // A few do no harm.
    for (let i = 0; i < 10; i += 1) agent.socket.pong();
    expect((await agent.ask(heartbeat(2))).error).toBeUndefined();
    for (let i = 0; i < 5_000; i += 1) agent.socket.pong();
    expect(await agent.closed).toMatchObject({ code: 1008 });
    expect(await refused('too_many_messages')).toBeGreaterThan(0);
  });

  it('of time: a connection that says nothing, or does not end a message, is cut', async () => {
    const connections = { ...CONNECTION_LIMITS, firstMessageMs: 200, messageMs: 200 };
    await start({ limits: { sweepMs: 50, connections } });
    const silent = await open();
    const half = await open();
    await half.ask(agentMessage());
    half.socket.send(Buffer.alloc(50_000), { fin: false });
    expect((await silent.closed).code).toBe(1006);
    expect((await half.closed).code).toBe(1006);
    expect(await refused('silent')).toBe(2);
  });

  it('of patience: an agent that does not read is cut, and holds up nobody', async () => {
    const connections = { ...CONNECTION_LIMITS, readMs: 4_000 };
    await start({ limits: { sweepMs: 50, connections } });
    const slow = await open();
    await slow.ask(agentMessage());
    const reader = await open();
    await reader.ask(agentMessage({ instanceUid: uid(2) }));
    slow.socket.pause();
    server.fleet.offer('shared:default', 'x'.repeat(20_000_000));
    expect((await reader.next()).config).toHaveLength(20_000_000);
    expect(await refused('slow_reader')).toBe(1);
    slow.socket.resume();
    expect((await slow.closed).code).toBe(1006);
    expect(reader.socket.readyState).toBe(reader.socket.OPEN);
  }, 30_000);
});

describe('agents that only listen', () => {
  it('are pinged, and stay as long as they answer', async () => {
    const connections = { ...CONNECTION_LIMITS, pingMs: 100, silentMs: 600 };
    await start({ limits: { sweepMs: 50, connections } });
    const quiet = { capabilities: 0x2 | 0x1000 };
    const alive = await open();
    await alive.ask(agentMessage(quiet));
    const dead = await open();
    await dead.ask(agentMessage({ ...quiet, instanceUid: uid(2) }));
    let pings = 0;
    alive.socket.on('ping', () => (pings += 1));
    dead.socket.pause();
    expect(await refused('silent')).toBe(1);
    await waitFor(() => pings > 5, { what: 'pings', timeoutMs: 10_000 });
    expect((await alive.ask(heartbeat(2, quiet))).error).toBeUndefined();
    expect(server.agentLog.left).toEqual([['shared:default', uid(2).toString('hex'), 'closed']]);
  });
});
