import { randomBytes } from 'node:crypto';
import { Agent } from 'node:http';
import { gzipSync } from 'node:zlib';

import { closeAll, send, startGateway, startUpstream } from './sides';

afterEach(closeAll);

const id = '0123456789abcdef01234567';

/** The names and values of a raw list whose names are among these. */
function pick(raw: readonly string[], ...names: string[]): string[][] {
  const pairs = raw.flatMap((name, i) => (i % 2 === 0 ? [[name, raw[i + 1] ?? '']] : []));
  return pairs.filter(([name = '']) => names.includes(name.toLowerCase()));
}

describe('a page of another site', () => {
  const cookie = 'a=b; connect.sid=s%3Ax.y';
  const foreign: Record<string, string>[] = [
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { origin: 'https://evil.ui.example', 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-site': 'cross-site' },
  ];

  it.each(foreign)('changes nothing by a session, at HyperDX either: %o', async (said) => {
    const upstream = await startUpstream();
    const { url } = await startGateway({ hyperdxApiUrl: upstream.url });
    const headers = { cookie, ...said };
    const answer = await send(url, '/webhooks', { method: 'POST', headers, body: 'name=x' });
    expect([answer.status, answer.json['code']]).toEqual([403, 'forbidden']);
    const upgrade = { ...headers, connection: 'Upgrade', upgrade: 'websocket' };
    expect((await send(url, '/alerts', { headers: upgrade })).status).toBe(403);
    expect(upstream.arrived).toEqual([]);
    // HyperDX's own rules are enough for who only reads.
    expect((await send(url, '/alerts', { headers })).status).toBe(200);
  });

  it('is nobody who has no session, nor a page of the UI or of this server', async () => {
    const upstream = await startUpstream();
    const { url } = await startGateway({ hyperdxApiUrl: upstream.url });
    const fine: Record<string, string>[] = [
      { cookie },
      { cookie, origin: 'https://ui.example' },
      { cookie, origin: url },
      { cookie, origin: 'null', 'sec-fetch-site': 'same-origin' },
      { origin: 'https://evil.example', authorization: 'Bearer key' },
    ];
    for (const headers of fine) {
      expect((await send(url, '/alerts', { method: 'POST', headers, body: '{}' })).status).toBe(
        200,
      );
    }
    expect(upstream.arrived).toHaveLength(fine.length);
  });
});

describe('who answers', () => {
  it('leaves to us what is ours, however it is written, and asks nobody', async () => {
    const upstream = await startUpstream();
    const { url } = await startGateway({ hyperdxApiUrl: upstream.url, forwardUnknown: true });
    for (const path of [
      '/sources',
      '/SOURCES/',
      `/Api/V2/Sources/${id}`,
      '/clickhouse-proxy/x?y=1',
    ]) {
      const answer = await send(url, path, { method: 'POST', body: 'x' });
      expect(answer.json).toEqual({ ours: path.replace(/\/$/, '') });
    }
    expect(upstream.arrived).toEqual([]);
  });

  it('forwards what is HyperDX’s on the path that was judged', async () => {
    const upstream = await startUpstream();
    const { url } = await startGateway({ hyperdxApiUrl: upstream.url });
    await send(url, `/Alerts/${id}/?from=1&from=%2e%2e&x`);
    await send(url, '/v1/prometheus/label/Job/values');
    expect(upstream.arrived.map((arrived) => arrived.url)).toEqual([
      `/Alerts/${id}?from=1&from=%2e%2e&x`,
      '/v1/prometheus/label/Job/values',
    ]);
  });

  it('forwards below the path that HYPERDX_API_URL has', async () => {
    const upstream = await startUpstream();
    const { url } = await startGateway({ hyperdxApiUrl: `${upstream.url}/behind/` });
    await send(url, '/alerts');
    expect(upstream.arrived[0]?.url).toBe('/behind/alerts');
  });

  it('refuses unknown routes, and tells of each once without what may be a secret', async () => {
    const upstream = await startUpstream();
    const { url, lines, metrics } = await startGateway({ hyperdxApiUrl: upstream.url });
    for (const token of ['a1b2', 'c3d4']) {
      const answer = await send(url, `/reports/${token}`);
      expect([answer.status, answer.json['code']]).toEqual([404, 'not_found']);
    }
    expect(upstream.arrived).toEqual([]);
    expect(lines).toEqual([expect.objectContaining({ unknownRoute: 'GET /reports/*' })]);
    expect(await metrics.render()).toContain('gateway_refusals_total{reason="unknown_route"} 2');
  });

  it('forwards unknown routes where it is told to', async () => {
    const upstream = await startUpstream();
    const { url } = await startGateway({ hyperdxApiUrl: upstream.url, forwardUnknown: true });
    expect((await send(url, '/reports/x')).status).toBe(200);
    expect(upstream.arrived).toHaveLength(1);
  });

  it('says what to set where HyperDX’s API is not known', async () => {
    const { url } = await startGateway();
    const answer = await send(url, '/dashboards');
    expect([answer.status, answer.json['code']]).toEqual([501, 'hyperdx_not_configured']);
    expect(answer.json['message']).toContain('HYPERDX_API_URL');
    expect((await send(url, '/me')).json).toEqual({ ours: '/me' });
  });

  it.each(['/alerts/../sources', '/alerts/%2e%2e/sources', '/alerts%2f..%2fsources', '//alerts'])(
    'refuses the path %s, which servers would read differently',
    async (path) => {
      const upstream = await startUpstream();
      const { url } = await startGateway({ hyperdxApiUrl: upstream.url, forwardUnknown: true });
      const answer = await send(url, path);
      expect([answer.status, answer.json['code']]).toEqual([400, 'ambiguous_path']);
      expect(upstream.arrived).toEqual([]);
    },
  );

  it('knows a request that comes back to it', async () => {
    const other = await startGateway();
    const first = await startGateway({ hyperdxApiUrl: other.url });
    const upstream = await startUpstream();
    const circle = await startGateway({ hyperdxApiUrl: upstream.url });
    expect((await send(first.url, '/alerts')).status).toBe(501);
    await send(circle.url, '/alerts');
    const via = String(upstream.arrived[0]?.headers.via);
    const answer = await send(circle.url, '/alerts', { headers: { via } });
    expect([answer.status, answer.json['code']]).toEqual([502, 'hyperdx_unavailable']);
    expect(upstream.arrived).toHaveLength(1);
  });
});

describe('requests', () => {
  it.each(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])('forwards %s', async (method) => {
    const upstream = await startUpstream();
    const { url } = await startGateway({ hyperdxApiUrl: upstream.url });
    expect((await send(url, '/webhooks', { method })).status).toBe(200);
    expect(upstream.arrived[0]?.method).toBe(method);
  });

  it.each([
    ['a length', (body: Buffer) => ({ 'content-length': String(body.length) })],
    ['chunks', () => ({ 'transfer-encoding': 'chunked' })],
  ])('hands on a body with %s byte for byte', async (_how, framing) => {
    const upstream = await startUpstream();
    const { url } = await startGateway({ hyperdxApiUrl: upstream.url });
    const body = gzipSync(randomBytes(3_000_000));
    const headers = {
      'content-type': 'application/json',
      'content-encoding': 'gzip',
      ...framing(body),
    };
    expect((await send(url, '/dashboards', { method: 'POST', headers, body })).status).toBe(200);
    const [arrived] = upstream.arrived;
    expect(arrived?.body.equals(body)).toBe(true);
    expect(arrived?.headers).toMatchObject(headers);
  });

  it('hands on a body of a GET, too', async () => {
    const upstream = await startUpstream();
    const { url } = await startGateway({ hyperdxApiUrl: upstream.url });
    await send(url, '/alerts', { headers: { 'content-length': '3' }, body: 'abc' });
    expect(upstream.arrived[0]?.body.toString()).toBe('abc');
  });

  it('hands on headers as they came, without those of the connection', async () => {
    const upstream = await startUpstream();
    const { url } = await startGateway({ hyperdxApiUrl: upstream.url });
    await send(url, '/alerts', {
      headers: {
        Cookie: 'connect.sid=s%3Aa.b; other=1',
        'X-Custom-CASE': ['one', 'two'],
        'Accept-Encoding': 'gzip, br',
        'If-None-Match': 'W/"1"',
        Connection: 'X-Hop, keep-alive',
        'X-Hop': 'secret',
        'Keep-Alive': 'timeout=5',
        TE: 'trailers',
        'Proxy-Authorization': 'Basic eA==',
      },
    });
    const { rawHeaders = [], headers = {} } = upstream.arrived[0] ?? {};
    expect(pick(rawHeaders, 'cookie', 'x-custom-case', 'accept-encoding', 'if-none-match')).toEqual(
      [
        ['Cookie', 'connect.sid=s%3Aa.b; other=1'],
        ['X-Custom-CASE', 'one'],
        ['X-Custom-CASE', 'two'],
        ['Accept-Encoding', 'gzip, br'],
        ['If-None-Match', 'W/"1"'],
      ],
    );
    expect(Object.keys(headers)).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/^(x-hop|keep-alive|te|proxy-.*)$/)]),
    );
    expect(headers.host).toBe(new URL(upstream.url).host);
  });

  it('takes headers as large as HyperDX does', async () => {
    const upstream = await startUpstream();
    const { url } = await startGateway({ hyperdxApiUrl: upstream.url });
    const cookie = `a=${'x'.repeat(100_000)}`;
    expect((await send(url, '/alerts', { headers: { cookie } })).status).toBe(200);
    expect(upstream.arrived[0]?.headers.cookie).toBe(cookie);
  });

  const claimed = {
    'x-forwarded-for': '203.0.113.9',
    'x-forwarded-proto': 'https',
    'x-forwarded-host': 'hyperdx.example',
    'x-forwarded-port': '443',
    'x-real-ip': '203.0.113.9',
    forwarded: 'for=203.0.113.9',
  };

  it('does not believe what a client says of itself', async () => {
    const upstream = await startUpstream();
    const { url } = await startGateway({ hyperdxApiUrl: upstream.url });
    await send(url, '/alerts', { headers: claimed });
    const { headers = {} } = upstream.arrived[0] ?? {};
    expect(headers).toMatchObject({
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': new URL(url).host,
    });
    expect(headers).not.toHaveProperty('x-forwarded-port');
    expect(headers).not.toHaveProperty('x-real-ip');
    expect(headers).not.toHaveProperty('forwarded');
  });

  it.each([1, ['loopback']])('believes a proxy that is trusted (%j)', async (trustProxy) => {
    const upstream = await startUpstream();
    const { url } = await startGateway({ hyperdxApiUrl: upstream.url, trustProxy });
    await send(url, '/alerts', { headers: claimed });
    expect(upstream.arrived[0]?.headers).toMatchObject({
      ...claimed,
      'x-forwarded-for': '203.0.113.9, 127.0.0.1',
    });
  });

  it('keeps connections to HyperDX', async () => {
    const ports = new Set<number | undefined>();
    const upstream = await startUpstream((req, res) => {
      ports.add(req.socket.remotePort);
      res.end('{}');
    });
    const { url } = await startGateway({ hyperdxApiUrl: upstream.url });
    for (let i = 0; i < 5; i += 1) await send(url, '/alerts');
    expect(ports.size).toBe(1);
  });
});

describe('answers', () => {
  it('carry the id under which the log and HyperDX know the request', async () => {
    const upstream = await startUpstream((req, res) => {
      res.setHeader('x-request-id', 'theirs').end(req.headers['x-request-id']);
    });
    const { url, lines } = await startGateway({ hyperdxApiUrl: upstream.url });
    const headers = { 'x-request-id': 'a-proxy-s' };
    for (const options of [{ method: 'POST', headers }, { method: 'POST' }]) {
      const answer = await send(url, '/alerts', options);
      const requestId = answer.headers['x-request-id'];
      expect(answer.body.toString()).toBe(requestId);
      expect(lines.at(-1)).toMatchObject({ requestId, route: '/alerts/*', status: 200 });
    }
    expect(lines[0]).toMatchObject({ requestId: 'a-proxy-s' });
    expect((await send(url, '/unknown')).headers['x-request-id']).toBeDefined();
  });

  it('hands on status, headers and body as they came', async () => {
    const body = gzipSync('{"a":1}');
    const upstream = await startUpstream((_req, res) => {
      res.writeHead(207, 'Some Status', [
        ...['Set-Cookie', 'connect.sid=1; Path=/; HttpOnly', 'Set-Cookie', 'b=2'],
        ...['ETag', 'W/"abc"', 'Content-Encoding', 'gzip', 'X-Odd', 'caf\u00e9'],
        ...['Connection', 'x-hop', 'X-Hop', '1', 'X-Request-Id', 'theirs'],
      ]);
      res.end(body);
    });
    const { url } = await startGateway({ hyperdxApiUrl: upstream.url });
    const answer = await send(url, '/alerts');
    expect(answer.status).toBe(207);
    expect(answer.body.equals(body)).toBe(true);
    const names = ['set-cookie', 'etag', 'content-encoding', 'x-odd', 'x-hop'];
    expect(pick(answer.rawHeaders, ...names).toSorted()).toEqual([
      ['Content-Encoding', 'gzip'],
      ['ETag', 'W/"abc"'],
      ['Set-Cookie', 'b=2'],
      ['Set-Cookie', 'connect.sid=1; Path=/; HttpOnly'],
      ['X-Odd', 'caf\u00e9'],
    ]);
  });

  it.each([
    [302, { location: 'http://localhost:8080/login' }],
    [303, { location: '/x' }],
    [304, { etag: 'W/"1"' }],
    [204, {}],
    [401, { 'www-authenticate': 'Bearer' }],
    [500, {}],
  ])('follows nothing and hides nothing: %i', async (status, headers) => {
    const upstream = await startUpstream((_req, res) => void res.writeHead(status, headers).end());
    const { url } = await startGateway({ hyperdxApiUrl: upstream.url });
    const answer = await send(url, '/alerts');
    expect(answer.status).toBe(status);
    expect(answer.headers).toMatchObject(headers);
  });

  it('answers HEAD with the length of what it leaves out', async () => {
    const upstream = await startUpstream(
      (_req, res) => void res.setHeader('content-length', 77).end(),
    );
    const { url } = await startGateway({ hyperdxApiUrl: upstream.url });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let i = 0; i < 3; i += 1) {
      const answer = await send(url, '/alerts', { method: 'HEAD', agent });
      expect([answer.status, answer.headers['content-length']]).toEqual([200, '77']);
    }
    agent.destroy();
  });

  it('answers a second request on a connection whose first had a body that nobody read', async () => {
    const upstream = await startUpstream((_req, res) => void res.writeHead(401).end('no'));
    const { url } = await startGateway({ hyperdxApiUrl: upstream.url });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const body = Buffer.alloc(5_000_000);
    const post = {
      method: 'POST',
      headers: { 'content-length': String(body.length) },
      body,
      agent,
    };
    for (let i = 0; i < 3; i += 1) expect((await send(url, '/dashboards', post)).status).toBe(401);
    agent.destroy();
  });
});

describe('limits', () => {
  it.each([
    ['says so', { 'content-length': String(33 * 1024 * 1024) }],
    ['does not say so', { 'transfer-encoding': 'chunked' }],
  ])('refuses a body beyond 32 MB that %s', async (_how, headers) => {
    const upstream = await startUpstream();
    const { url } = await startGateway({ hyperdxApiUrl: upstream.url });
    const body = Buffer.alloc(33 * 1024 * 1024);
    // A connection that is to be closed would be, over what was not read of it: its reset can outrun the answer.
    const agent = new Agent({ keepAlive: true });
    const refused = await send(url, '/dashboards', { method: 'POST', headers, body, agent });
    agent.destroy();
    expect(refused.status).toBe(413);
    expect(upstream.arrived).toEqual([]);
    expect((await send(url, '/alerts')).status).toBe(200);
  });

  it('takes a body of just 32 MB', async () => {
    const upstream = await startUpstream();
    const { url } = await startGateway({ hyperdxApiUrl: upstream.url });
    const body = Buffer.alloc(32 * 1024 * 1024, 'x');
    const headers = { 'transfer-encoding': 'chunked' };
    expect((await send(url, '/dashboards', { method: 'POST', headers, body })).status).toBe(200);
    expect(upstream.arrived[0]?.body.length).toBe(body.length);
  });

  it('has only so many requests under way', async () => {
    let answerFirst = (): void => undefined;
    const first = new Promise<void>((resolve) => (answerFirst = resolve));
    const upstream = await startUpstream((_req, res) => void first.then(() => res.end('{}')));
    const { url } = await startGateway({ hyperdxApiUrl: upstream.url, limits: { atOnce: 1 } });
    const waiting = send(url, '/alerts');
    await new Promise<void>((resolve) => upstream.server.once('request', () => resolve()));
    const second = await send(url, '/alerts');
    expect([second.status, second.json['code']]).toEqual([503, 'overloaded']);
    expect(second.headers['retry-after']).toBeDefined();
    answerFirst();
    expect((await waiting).status).toBe(200);
    expect((await send(url, '/alerts')).status).toBe(200);
  });
});

describe('MCP', () => {
  const call = (name: string): string =>
    `{ "jsonrpc":"2.0",  "id":7,"method":"tools/call","params":{"name":"${name}","arguments":{"q":"\\u00e4 ä"}}}`;
  const json = { 'content-type': 'application/json', authorization: 'Bearer key' };

  it('forwards a call byte for byte', async () => {
    const upstream = await startUpstream();
    const { url } = await startGateway({ hyperdxApiUrl: upstream.url });
    const body = call('clickstack_sql');
    for (const headers of [json, { ...json, 'transfer-encoding': 'chunked' }]) {
      expect((await send(url, '/mcp', { method: 'POST', headers, body })).status).toBe(200);
    }
    expect(upstream.arrived.map((arrived) => arrived.body.toString())).toEqual([body, body]);
    expect(upstream.arrived[0]?.headers['authorization']).toBe('Bearer key');
  });

  it.each(['/mcp', '/MCP/', '/mcp?x=1'])(
    'refuses a call that writes sources at %s',
    async (path) => {
      const upstream = await startUpstream();
      const { url, lines } = await startGateway({ hyperdxApiUrl: upstream.url });
      const body = call('clickstack_save_source');
      const answer = await send(url, path, { method: 'POST', headers: json, body });
      expect(answer.status).toBe(200);
      expect(answer.json).toMatchObject({ jsonrpc: '2.0', id: 7, error: { code: -32602 } });
      expect(upstream.arrived).toEqual([]);
      expect(lines).toContainEqual(expect.objectContaining({ tool: 'clickstack_save_source' }));
    },
  );

  it('refuses what HyperDX might read differently', async () => {
    const upstream = await startUpstream();
    const { url } = await startGateway({ hyperdxApiUrl: upstream.url });
    const headers = { ...json, 'content-encoding': 'gzip' };
    const body = gzipSync(call('clickstack_save_source'));
    const answer = await send(url, '/mcp', { method: 'POST', headers, body });
    expect([answer.status, answer.json['code']]).toEqual([415, 'unsupported_media_type']);
    expect(upstream.arrived).toEqual([]);
  });

  it('forwards the opening of its stream', async () => {
    const upstream = await startUpstream();
    const { url } = await startGateway({ hyperdxApiUrl: upstream.url });
    await send(url, '/mcp', { headers: { accept: 'text/event-stream' } });
    expect(upstream.arrived[0]?.method).toBe('GET');
  });
});
