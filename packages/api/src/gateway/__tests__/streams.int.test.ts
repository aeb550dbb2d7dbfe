import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:http';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { waitFor } from '@hyperdx-tenancy/devkit/process';

import { closeAll, closeLater, open, readAll, send, startGateway, startUpstream } from './sides';

afterEach(closeAll);

/** A server that speaks for itself, a connection at a time. */
async function startRaw(onConnection: (socket: Socket, count: number) => void): Promise<string> {
  const sockets = new Set<Socket>();
  let count = 0;
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    onConnection(socket, (count += 1));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closeLater(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const WHOLE = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}';
const MIB = 1024 * 1024;

describe('streams', () => {
  it('hands on events as they come, and its head before them', async () => {
    let next = (): void => undefined;
    const upstream = await startUpstream((_req, res) => {
      res.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
      let count = 0;
      next = () => void res.write(`data: ${(count += 1)}\n\n`);
    });
    const { url } = await startGateway({ hyperdxApiUrl: upstream.url });
    const answer = await open(url, '/ai/assistant', { method: 'POST' });
    expect(answer.headers['content-type']).toBe('text/event-stream');
    for (const event of ['data: 1\n\n', 'data: 2\n\n']) {
      next();
      const [chunk] = (await once(answer, 'data')) as [Buffer];
      expect(chunk.toString()).toBe(event);
    }
    answer.destroy();
  });

  it('ends the request at HyperDX when the client leaves, before and within an answer', async () => {
    const left: string[] = [];
    const upstream = await startUpstream((req, res) => {
      res.once('close', () => left.push(req.url ?? ''));
      if (req.url === '/alerts/within') res.write('x');
    });
    const { url } = await startGateway({ hyperdxApiUrl: upstream.url });
    const within = await open(url, '/alerts/within');
    within.destroy();
    const before = request(`${url}/alerts/before`).on('error', () => undefined);
    before.end();
    await once(upstream.server, 'request');
    before.destroy();
    await waitFor(() => left.length === 2, { what: 'both requests to end', timeoutMs: 5_000 });
  });

  it('asks HyperDX for no more than the client reads', async () => {
    const total = 96 * MIB;
    const block = randomBytes(MIB);
    let sent = 0;
    const upstream = await startUpstream((_req, res) => {
      const more = (): void => {
        while (sent < total) {
          sent += block.length;
          if (!res.write(block)) return void res.once('drain', more);
        }
        res.end();
      };
      more();
    });
    const { url } = await startGateway({ hyperdxApiUrl: upstream.url });
    const answer = await open(url, '/alerts');
    let before = -1;
    await waitFor(
      async () => {
        const stands = sent === before;
        before = sent;
        await sleep(100);
        return stands && sent === before;
      },
      { what: 'HyperDX to be held up', timeoutMs: 10_000 },
    );
    expect(sent).toBeLessThan(total / 2);
    const hash = createHash('sha256');
    let size = 0;
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      hash.update(chunk);
      size += chunk.length;
    }
    const expected = createHash('sha256');
    for (let i = 0; i < total; i += block.length) expected.update(block);
    expect(size).toBe(total);
    expect(hash.digest('hex')).toBe(expected.digest('hex'));
  });

  it('takes no more of a body than HyperDX reads', async () => {
    const total = 30 * MIB;
    let go = (): void => undefined;
    const arrived = new Promise<Buffer>((resolve) => {
      void startUpstreamThatWaits(resolve);
    });
    let url = '';
    async function startUpstreamThatWaits(done: (body: Buffer) => void): Promise<void> {
      const upstream = await startUpstream((req, res) => {
        go = () =>
          void readAll(req).then((body) => {
            res.end('{}');
            done(body);
          });
      });
      url = (await startGateway({ hyperdxApiUrl: upstream.url })).url;
    }
    await waitFor(() => url !== '', { what: 'both servers', timeoutMs: 5_000 });
    const outgoing = request(`${url}/dashboards`, { method: 'POST', agent: false });
    let sent = 0;
    const block = Buffer.alloc(MIB, 'x');
    let held = false;
    while (sent < total && !held) {
      sent += block.length;
      if (!outgoing.write(block)) {
        held = await Promise.race([once(outgoing, 'drain').then(() => false), sleep(1_000, true)]);
      }
    }
    expect(sent).toBeLessThan(total);
    go();
    outgoing.end();
    expect((await arrived).length).toBe(sent);
  });
});

describe('failures', () => {
  it('answers 502 where nobody listens', async () => {
    const { url, metrics } = await startGateway({ hyperdxApiUrl: 'http://127.0.0.1:1' });
    const answer = await send(url, '/alerts');
    expect([answer.status, answer.json['code']]).toEqual([502, 'hyperdx_unavailable']);
    expect(answer.body.toString()).not.toContain('127.0.0.1');
    expect(await metrics.render()).toContain(
      'gateway_forward_failures_total{code="hyperdx_unavailable"} 1',
    );
  });

  it('answers 504 where HyperDX takes too long, and ends the request there', async () => {
    let closed = false;
    const upstream = await startUpstream(
      (_req, res) => void res.once('close', () => (closed = true)),
    );
    const { url } = await startGateway({ hyperdxApiUrl: upstream.url, limits: { headersMs: 500 } });
    const answer = await send(url, '/alerts');
    expect([answer.status, answer.json['code']]).toEqual([504, 'hyperdx_timeout']);
    await waitFor(() => closed, { what: 'the request to end', timeoutMs: 5_000 });
  });

  it('breaks off an answer in which nothing moves', async () => {
    const upstream = await startUpstream((_req, res) => void res.write('begun'));
    const { url } = await startGateway({ hyperdxApiUrl: upstream.url, limits: { idleMs: 300 } });
    await expect(send(url, '/alerts')).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  it('lets a stream of events be silent for longer', async () => {
    const upstream = await startUpstream((_req, res) => {
      res.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
      setTimeout(() => res.end('data: 1\n\n'), 900);
    });
    const { url } = await startGateway({ hyperdxApiUrl: upstream.url, limits: { idleMs: 300 } });
    expect((await send(url, '/mcp')).body.toString()).toBe('data: 1\n\n');
  });

  it.each([
    ['with a length', 'Content-Length: 100\r\n\r\nhalf'],
    ['in chunks', 'Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n'],
  ])('does not let an answer %s that breaks off pass for a whole one', async (_how, rest) => {
    const url = await startRaw((socket) => {
      socket.once('data', () => socket.end(`HTTP/1.1 200 OK\r\n${rest}`));
    });
    const gateway = await startGateway({ hyperdxApiUrl: url });
    await expect(send(gateway.url, '/alerts')).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  it('answers 502 to what is no HTTP', async () => {
    const url = await startRaw(
      (socket) => void socket.once('data', () => socket.end('hello\r\n\r\n')),
    );
    const gateway = await startGateway({ hyperdxApiUrl: url });
    expect((await send(gateway.url, '/alerts')).status).toBe(502);
  });

  /** Answers the first request of each connection, and hangs up at its second. */
  async function startForgetful(): Promise<{ url: string; requests: string[] }> {
    const requests: string[] = [];
    const url = await startRaw((socket) => {
      let served = false;
      socket.on('data', (data) => {
        requests.push(data.toString().split(' ', 1)[0] ?? '');
        if (served) socket.end();
        else socket.write(WHOLE);
        served = true;
      });
    });
    return { url, requests };
  }

  it('asks again where a kept connection was closed before it answered', async () => {
    const { url, requests } = await startForgetful();
    const gateway = await startGateway({ hyperdxApiUrl: url });
    expect((await send(gateway.url, '/alerts')).status).toBe(200);
    expect((await send(gateway.url, '/alerts')).status).toBe(200);
    expect(requests).toEqual(['GET', 'GET', 'GET']);
  });

  it('asks nothing again that could then happen twice', async () => {
    const { url, requests } = await startForgetful();
    const gateway = await startGateway({ hyperdxApiUrl: url });
    expect((await send(gateway.url, '/alerts')).status).toBe(200);
    expect((await send(gateway.url, '/alerts', { method: 'DELETE' })).status).toBe(502);
    expect(requests).toEqual(['GET', 'DELETE']);
  });

  it('asks nothing again on a new connection that breaks', async () => {
    let connections = 0;
    const url = await startRaw((socket, count) => {
      connections = count;
      socket.once('data', () => socket.end());
    });
    const gateway = await startGateway({ hyperdxApiUrl: url });
    expect((await send(gateway.url, '/alerts')).status).toBe(502);
    expect(connections).toBe(1);
  });
});

describe('upgrades', () => {
  const HANDSHAKE = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Key: a2V5'];

  /** Sends text as it is; gives all that comes back until it holds what is awaited, or the end. */
  async function talk(
    port: number,
    text: string,
    until: string,
  ): Promise<{ got: string; socket: Socket }> {
    const socket = connect(port, '127.0.0.1');
    closeLater(() => Promise.resolve(void socket.destroy()));
    socket.write(text);
    let got = '';
    socket.on('data', (data) => (got += data.toString()));
    await Promise.race([
      once(socket, 'close'),
      waitFor(() => got.includes(until), { what: until, timeoutMs: 5_000 }),
    ]);
    return { got, socket };
  }

  function ask(line: string, headers: readonly string[], rest = ''): string {
    return [`${line} HTTP/1.1`, 'Host: gateway', ...headers, '', rest].join('\r\n');
  }

  /** Echoes what follows an upgrade in capitals. */
  async function startEcho(): Promise<{ url: string; heads: string[]; requests: string[] }> {
    const requests: string[] = [];
    const upstream = await startUpstream((req, res) => {
      requests.push(`${req.method ?? ''} ${req.url ?? ''}`);
      res.end('{}');
    });
    const heads: string[] = [];
    upstream.server.on('upgrade', (req, socket) => {
      heads.push(JSON.stringify([req.url, req.rawHeaders]));
      closeLater(() => Promise.resolve(void socket.destroy()));
      socket.write(
        'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: yes\r\n\r\nhello ',
      );
      socket.on('data', (data: Buffer) => socket.write(data.toString().toUpperCase()));
      socket.on('error', () => socket.destroy());
    });
    return { url: upstream.url, heads, requests };
  }

  it('joins both sides of a WebSocket, what was sent early included', async () => {
    const echo = await startEcho();
    const gateway = await startGateway({ hyperdxApiUrl: echo.url });
    const { got, socket } = await talk(
      gateway.port,
      ask('GET /alerts/live?a=1', HANDSHAKE, 'early'),
      'EARLY',
    );
    expect(got).toMatch(/^HTTP\/1\.1 101 Switching Protocols\r\n/);
    expect(got).toContain('Sec-WebSocket-Accept: yes\r\n');
    expect(got).toContain('\r\n\r\nhello EARLY');
    const later = once(socket, 'data');
    socket.write('later');
    expect(String((await later)[0])).toBe('LATER');
    expect(echo.heads[0]).toContain('/alerts/live?a=1');
    expect(echo.heads[0]).toContain('Sec-WebSocket-Key');
    expect(echo.heads[0]).toContain('X-Forwarded-For');
  });

  it.each([
    ['a route of ours', ask('GET /sources', HANDSHAKE), 400],
    ['MCP, whose bodies are read', ask('GET /mcp', HANDSHAKE), 400],
    ['an unknown route', ask('GET /unknown', HANDSHAKE), 404],
    ['an ambiguous path', ask('GET /alerts/..%2fmcp', HANDSHAKE), 400],
    ['a body', ask('POST /alerts', [...HANDSHAKE, 'Content-Length: 5'], 'abcde'), 400],
    [
      'a request behind it',
      ask('GET /alerts', ['Connection: Upgrade', 'Upgrade: h2c'], ask('POST /sources', [])),
      400,
    ],
  ])('refuses %s', async (_what, text, status) => {
    const echo = await startEcho();
    const gateway = await startGateway({ hyperdxApiUrl: echo.url });
    const { got } = await talk(gateway.port, text, '}');
    expect(got).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect([...echo.heads, ...echo.requests]).toEqual([]);
  });

  it('hands on the answer of a server that does not upgrade, and nothing that was sent behind', async () => {
    const requests: string[] = [];
    const upstream = await startUpstream((req, res) => {
      requests.push(`${req.method ?? ''} ${req.url ?? ''}`);
      res.writeHead(403, { 'x-why': 'no' }).end('refused');
    });
    const gateway = await startGateway({ hyperdxApiUrl: upstream.url });
    const smuggled = ask('POST /sources', ['Content-Length: 0']);
    const { got } = await talk(gateway.port, ask('GET /alerts', HANDSHAKE, smuggled), 'refused');
    expect(got).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n/);
    expect(got).toContain('x-why: no');
    await sleep(200);
    expect(requests).toEqual(['GET /alerts']);
  });

  it.each([
    ['502 where nobody listens', 'http://127.0.0.1:1', 502],
    ['501 where HyperDX’s API is not known', undefined, 501],
  ])('answers %s', async (_what, hyperdxApiUrl, status) => {
    const gateway = await startGateway({ hyperdxApiUrl });
    const { got } = await talk(gateway.port, ask('GET /alerts', HANDSHAKE), '}');
    expect(got).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  });
});
