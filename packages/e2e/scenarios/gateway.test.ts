import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { gunzipSync } from 'node:zlib';

import type { Received } from '@hyperdx-tenancy/devkit/fakes';

import { Browser } from './browser';
import { makeHousehold, PASSWORD } from './people';
import type { Household } from './people';
import { startInstall } from '../harness/hyperdx';
import type { Install } from '../harness/hyperdx';

const MB = 1_024 * 1_024;

let install: Install;
let ann: Household;
let browser: Browser;

beforeAll(async () => {
  install = await startInstall();
  ann = await makeHousehold(install, 'Ann');
  browser = new Browser(install.frontendUrl, install.api.url);
  await browser.logIn(ann.email, PASSWORD);
}, 180_000);

afterAll(() => install.stop(), 60_000);

const sha256 = (bytes: string | Buffer): string => createHash('sha256').update(bytes).digest('hex');

const bearer = (): Record<string, string> => ({ authorization: `Bearer ${ann.accessKey}` });

/** Values of one header, as they arrived. */
const values = ({ headers }: Received, name: string): string[] =>
  headers.filter(([given]) => given.toLowerCase() === name).map(([, value]) => value);

describe('what is forwarded', () => {
  it.each([
    ['GET', '/dashboards?tag=a%20b&tag=c+d&empty=&=x', undefined],
    ['GET', '/Alerts/', undefined],
    ['POST', '/saved-search', '{ "name": "x",\n  "name": "twice" }'],
    ['PATCH', '/dashboards/0123', '{"tiles":[]}'],
    ['PUT', '/favorites', 'text'],
    ['DELETE', '/webhooks/0123?x=%2F', undefined],
  ])('arrives as it was sent: %s %s', async (method, path, body) => {
    const response = await browser.request(method, path, {
      ...(body === undefined ? {} : { body }),
      headers: { 'content-type': 'application/json', 'X-Odd-Case': 'kept' },
    });
    expect(response.status).toBe(200);
    const received = (await response.json()) as Received;
    expect(received).toMatchObject({
      method,
      email: ann.email,
      body: { bytes: body?.length ?? 0, sha256: sha256(body ?? '') },
    });
    // One path is decided by and forwarded: a slash at its end is gone, as the UI's own server drops it.
    expect(received.target.toLowerCase()).toBe(path.toLowerCase().replace(/\/$/, ''));
    expect(values(received, 'x-odd-case')).toEqual(['kept']);
  });

  it('says who the browser is, and by which way it came', async () => {
    const received = (await (await browser.get('/dashboards')).json()) as Received;
    expect(values(received, 'x-forwarded-for').join()).toMatch(
      /^198\.51\.100\.7, *(::ffff:)?127\.0\.0\.1$/,
    );
    expect(values(received, 'x-forwarded-host')).toEqual(['hdx.example:8080']);
    expect(values(received, 'x-forwarded-proto')).toEqual(['http']);
    const [cookie] = await browser.sessionCookies();
    expect(values(received, 'cookie')).toEqual([cookie?.cookieString()]);
  });

  it('carries a body of 20 MB, and not one of 33 MB', async () => {
    const body = randomBytes(20 * MB)
      .toString('latin1')
      .replace(/[^\x20-\x7e]/g, 'x');
    const response = await browser.request('POST', '/dashboards', { body });
    expect(((await response.json()) as Received).body.sha256).toBe(sha256(body));
    const before = install.hyperdx.received.length;
    const refused = await browser.request('POST', '/dashboards', { body: 'x'.repeat(33 * MB) });
    expect(refused.status).toBe(413);
    expect(install.hyperdx.received).toHaveLength(before);
  });

  it('carries headers of 100 KB', async () => {
    const response = await browser.get('/dashboards', {
      headers: { 'x-large': 'x'.repeat(100_000) },
    });
    expect(values((await response.json()) as Received, 'x-large')[0]).toHaveLength(100_000);
  });

  it('keeps what HyperDX answers: its ETag, its 304, its compression, its 401', async () => {
    const path = '/dashboards?etag';
    const [cookie] = await browser.sessionCookies();
    const ask = async (headers: Record<string, string>): Promise<IncomingMessage> => {
      const [answer] = (await once(
        request(`${install.api.url}${path}`, { headers: { ...headers } }).end(),
        'response',
      )) as [IncomingMessage];
      return answer;
    };
    const signedIn = { cookie: cookie!.cookieString(), 'accept-encoding': 'gzip' };
    const answer = await ask({ ...signedIn, 'x-long': 'x'.repeat(2_000) });
    expect(answer.headers['content-encoding']).toBe('gzip');
    const chunks: Buffer[] = [];
    for await (const chunk of answer as AsyncIterable<Buffer>) chunks.push(chunk);
    expect(JSON.parse(gunzipSync(Buffer.concat(chunks)).toString())).toMatchObject({
      target: path,
    });
    expect(answer.headers.etag).toMatch(/^W\/"/);
    expect(answer.headers['access-control-allow-origin']).toBe(install.frontendUrl);
    expect(answer.headers['set-cookie']).toHaveLength(1);
    const nobody = await ask({});
    expect(nobody.statusCode).toBe(401);
    nobody.resume();
  });

  it('streams events as they come', async () => {
    const response = await browser.request('POST', '/ai/assistant', { body: 'hello' });
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    const pieces: string[] = [];
    const decoder = new TextDecoder();
    for await (const piece of response.body ?? []) pieces.push(decoder.decode(piece as Uint8Array));
    // Not all at once at the end: the stand-in pauses between two.
    expect(pieces).toHaveLength(3);
    expect(pieces[0]).toMatch(/^id: 0\n/);
  });

  it('upgrades', async () => {
    const { hostname, port } = new URL(install.api.url);
    const socket = connect(Number(port), hostname);
    socket.write(
      'GET /alerts/live HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    );
    const [head] = (await once(socket, 'data')) as [Buffer];
    expect(head.toString()).toMatch(/^HTTP\/1\.1 101 /);
    expect(head.toString().toLowerCase()).toContain(
      'sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo=',
    );
    // Masked with zeros.
    socket.write(Buffer.concat([Buffer.from([0x81, 0x85, 0, 0, 0, 0]), Buffer.from('hello')]));
    const [echoed] = (await once(socket, 'data')) as [Buffer];
    expect(echoed.subarray(-5).toString()).toBe('hello');
    socket.destroy();
  });

  it('is the external API as well, by access key', async () => {
    const url = `${install.api.url}/api/v2/dashboards?limit=3`;
    const response = await fetch(url, { headers: bearer() });
    expect(await response.json()).toMatchObject({
      target: '/api/v2/dashboards?limit=3',
      email: ann.email,
    });
    expect((await fetch(url)).status).toBe(401);
  });
});

describe('what is not forwarded', () => {
  /** HyperDX got nothing meanwhile. */
  async function unseen(call: () => Promise<Response>): Promise<Response> {
    const before = install.hyperdx.received.length;
    const response = await call();
    expect(install.hyperdx.received.slice(before)).toEqual([]);
    return response;
  }

  it.each([
    ['GET', '/me'],
    ['GET', '/ME/'],
    ['GET', '/team'],
    ['GET', '/Team/Members'],
    ['GET', '/sources'],
    ['GET', '/connections'],
    ['POST', '/connections'],
    ['GET', '/clickhouse-proxy'],
    ['POST', '/clickhouse-proxy/x'],
    ['GET', '/installation'],
    ['GET', '/api/v2/sources'],
    ['GET', '/API/v2/Connections/'],
    ['GET', '/api/v2/team'],
  ])('is what belongs to tenancy: %s %s', async (method, path) => {
    const response = await unseen(() => browser.request(method, path, { headers: bearer() }));
    expect(response.status).not.toBe(500);
  });

  it.each(['/nowhere', '/metrics', '/opamp/v1', '/api/v1/dashboards', '/dashboardsx'])(
    'is what nobody knows: %s',
    async (path) => {
      expect((await unseen(() => browser.get(path))).status).toBe(404);
    },
  );

  it.each([
    '/dashboards/%2e%2e/sources',
    '/dashboards/..%2fsources',
    '/dashboards%2f..%2fsources',
    '/dashboards/%252e%252e/sources',
    '/dashboards/%00',
    '//sources',
    '/dashboards\\..\\sources',
  ])('is a path that could be read in two ways: %s', async (path) => {
    const status = await new Promise<number | undefined>((resolve, reject) => {
      // As it is: `fetch` would tidy it up.
      const { hostname, port } = new URL(install.api.url);
      const before = install.hyperdx.received.length;
      request({ hostname, port, path }, (answer) => {
        answer.resume();
        expect(install.hyperdx.received).toHaveLength(before);
        resolve(answer.statusCode);
      })
        .on('error', reject)
        .end();
    });
    expect([400, 404]).toContain(status);
  });

  it('is a tool of MCP that writes sources, alone or in a batch', async () => {
    const sources = install.db.collection('sources');
    const before = await sources.find().toArray();
    const call = (id: number, name: string, input: object): object => ({
      jsonrpc: '2.0',
      id,
      method: 'tools/call',
      params: { name, arguments: input },
    });
    const from = { databaseName: 'default', tableName: 'otel_logs' };
    const save = call(1, 'clickstack_save_source', {
      kind: 'log',
      name: 'by MCP',
      connection: ann.connection,
      from,
    });
    const remove = call(2, 'clickstack_delete_source', { id: ann.source });
    const list = call(3, 'clickstack_list_sources', {});
    for (const message of [save, remove, [list, save]]) {
      const response = await unseen(() =>
        browser.request('POST', '/mcp', { json: message, headers: bearer() }),
      );
      const answers = [await response.json()].flat() as { id: number; error?: object }[];
      expect(answers.every(({ error }) => error !== undefined)).toBe(true);
    }
    expect(await sources.find().toArray()).toEqual(before);
    const listed = await browser.request('POST', '/mcp', { json: list, headers: bearer() });
    expect(await listed.text()).toContain(ann.source);
  });
});

describe('without HyperDX', () => {
  it('what is HyperDX’s answers 502 while it is away, and works again after', async () => {
    const { port } = install.hyperdx;
    // Nothing listens there.
    const other = await install.api.another({ HYPERDX_API_URL: 'http://127.0.0.1:9' });
    try {
      const [cookie] = await browser.sessionCookies();
      const headers = { cookie: cookie!.cookieString() };
      const away = await fetch(`${other.url}/dashboards`, { headers });
      expect(away.status).toBe(502);
      expect(await away.json()).toMatchObject({ code: 'hyperdx_unavailable' });
      // What is ours does not need it.
      expect((await fetch(`${other.url}/me`, { headers })).status).toBe(200);
      await other.restartWith({ HYPERDX_API_URL: `http://127.0.0.1:${port}` });
      expect((await fetch(`${other.url}/dashboards`, { headers })).status).toBe(200);
    } finally {
      await other.stop();
    }
  }, 60_000);

  it('where none is named, the answer says what to set', async () => {
    const other = await install.api.another({ HYPERDX_API_URL: '' });
    try {
      const response = await fetch(`${other.url}/dashboards`);
      expect(response.status).toBe(501);
      expect(await response.text()).toContain('HYPERDX_API_URL');
    } finally {
      await other.stop();
    }
  }, 60_000);
});
