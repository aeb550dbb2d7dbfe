import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { MongoClient, ObjectId, type Db } from 'mongodb';
import { openMongo, type Mongo } from '../../../mongo';
import {
  insertUser,
  sessionIdOf,
  spawnHyperdx,
  startHyperdx,
  type Hyperdx,
  type HyperdxOptions,
  type Received,
} from '../..';

const password = 'Correct-Horse-1';
const secret = 'a secret of both servers';
const frontend = 'http://hdx.example:8080';
const team = new ObjectId();

let mongo: Mongo;
let client: MongoClient;
let db: Db;
let hyperdx: Hyperdx;

const options = (more: Partial<HyperdxOptions> = {}): HyperdxOptions => ({
  mongoUri: mongo.uri,
  sessionSecret: secret,
  frontendUrl: frontend,
  ...more,
});

beforeAll(async () => {
  mongo = await openMongo();
  client = await new MongoClient(mongo.uri).connect();
  db = client.db();
  // The first team is not this user's.
  await db.collection('teams').insertMany([
    { _id: new ObjectId('0'.repeat(24)), name: 'First' },
    { _id: team, name: 'Second' },
  ]);
  await insertUser(db, team, { email: 'Ann@example.com', password, name: 'Ann' });
  hyperdx = await startHyperdx(options());
}, 120_000);

afterAll(async () => {
  await hyperdx.stop();
  await client.close();
  await mongo.stop();
});

async function logIn(
  url = hyperdx.url,
  fields: Record<string, string> = { email: 'ann@example.com', password },
  headers: Record<string, string> = {},
): Promise<{ response: Response; setCookie: string; cookie: string }> {
  const response = await fetch(`${url}/login/password`, {
    method: 'POST',
    body: new URLSearchParams(fields),
    headers,
    redirect: 'manual',
  });
  const setCookie = response.headers.get('set-cookie') ?? '';
  return { response, setCookie, cookie: setCookie.split(';')[0] ?? '' };
}

const get = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${hyperdx.url}${path}`, { headers, redirect: 'manual' });

describe('signing in', () => {
  it('makes a session row and a cookie in HyperDX’s form', async () => {
    const { response, setCookie, cookie } = await logIn();
    expect(response.status).toBe(303);
    expect(response.headers.get('location')).toBe(`${frontend}/`);
    expect(setCookie).toMatch(
      /; Domain=hdx\.example; Path=\/; Expires=[^;]+; HttpOnly; SameSite=Lax$/,
    );
    const id = sessionIdOf(decodeURIComponent(cookie.slice('connect.sid='.length)), secret);
    const row = await db
      .collection<{ _id: string; session: string }>('sessions')
      .findOne({ _id: id ?? '' });
    const user = await db.collection('users').findOne({ email: 'ann@example.com' });
    expect(row).toMatchObject({ expires: expect.any(Date) as Date });
    expect(JSON.parse(row?.session ?? '')).toMatchObject({
      cookie: { path: '/', httpOnly: true, sameSite: 'lax', domain: 'hdx.example' },
      passport: { user: String(user?._id) },
    });
  });

  it('takes JSON as well', async () => {
    const response = await fetch(`${hyperdx.url}/login/password`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email: 'ANN@example.com', password }),
      redirect: 'manual',
    });
    expect(response.headers.get('location')).toBe(`${frontend}/`);
  });

  it.each([
    [{ email: 'ann@example.com', password: 'wrong' }, 'authFail'],
    [{ email: 'nobody@example.com', password }, 'authFail'],
    [{}, 'unknown'],
  ])('refuses %j with err=%s, and sets a cookie that opens nothing', async (fields, err) => {
    const { response, cookie } = await logIn(hyperdx.url, fields);
    expect(response.headers.get('location')).toBe(`${frontend}/login?err=${err}`);
    expect(cookie).toContain('connect.sid=');
    expect((await get('/me', { cookie })).status).toBe(401);
  });

  it('gives a planted session id no rights', async () => {
    const { cookie: planted } = await logIn(hyperdx.url, { email: 'x', password: 'y' });
    const { cookie } = await logIn(hyperdx.url, undefined, { cookie: planted });
    expect(cookie).not.toBe(planted);
    expect((await get('/me', { cookie: planted })).status).toBe(401);
    expect((await get('/me', { cookie })).status).toBe(200);
  });

  it('shows who is signed in, with the first team of all, and renews the cookie', async () => {
    const { cookie, setCookie } = await logIn();
    const response = await get('/me', { cookie });
    expect(await response.json()).toMatchObject({
      email: 'ann@example.com',
      name: 'Ann',
      accessKey: expect.any(String) as string,
      team: { name: 'First' },
    });
    expect(response.headers.get('set-cookie')?.split(';')[0]).toBe(setCookie.split(';')[0]);
    expect(response.headers.get('access-control-allow-origin')).toBe(frontend);
  });

  it('ends with a logout, of which a cookie is left that opens nothing', async () => {
    const { cookie } = await logIn();
    const response = await get('/logout', { cookie });
    expect(response.status).toBe(302);
    expect(response.headers.get('location')).toBe(`${frontend}/login`);
    expect(response.headers.get('set-cookie')).toContain('connect.sid=');
    expect((await get('/me', { cookie })).status).toBe(401);
  });

  it('ends with the session’s row, and with its user', async () => {
    const who = { email: 'gone@example.com', password };
    const user = await insertUser(db, team, who);
    const { cookie } = await logIn(hyperdx.url, who);
    expect((await get('/me', { cookie })).status).toBe(200);
    await db.collection('users').deleteOne({ _id: user._id });
    expect((await get('/me', { cookie })).status).toBe(401);
  });

  it('sets a secure cookie only where the proxy in front says https', async () => {
    const other = await startHyperdx(
      options({ frontendUrl: 'https://hdx.example', cookieNamesDomain: false }),
    );
    try {
      expect((await logIn(other.url)).setCookie).toBe('');
      const { setCookie } = await logIn(other.url, undefined, { 'x-forwarded-proto': 'https' });
      expect(setCookie).toMatch(/; Secure; SameSite=Lax$/);
      expect(setCookie).not.toContain('Domain');
    } finally {
      await other.stop();
    }
  });
});

describe('all other routes', () => {
  it('answer with what arrived, as it arrived', async () => {
    const { cookie } = await logIn();
    const body = '{ "a": 1,\n "a": 2 }';
    const response = await fetch(`${hyperdx.url}/Dashboards/x%2Fy?a=%20&a=+`, {
      method: 'PATCH',
      headers: { cookie, 'content-type': 'application/json', 'X-Odd': 'Ä'.normalize('NFC') },
      body,
    });
    const received = (await response.json()) as Received;
    expect(received).toMatchObject({
      method: 'PATCH',
      target: '/Dashboards/x%2Fy?a=%20&a=+',
      email: 'ann@example.com',
      body: { bytes: body.length, sha256: createHash('sha256').update(body).digest('hex') },
    });
    expect(hyperdx.received.at(-1)).toEqual(received);
  });

  it('ask for a session, and the external API for an access key', async () => {
    expect((await get('/dashboards')).status).toBe(401);
    expect((await get('/api/v2/dashboards')).status).toBe(401);
    const user = await db.collection('users').findOne({ email: 'ann@example.com' });
    const authorization = `Bearer ${String(user?.['accessKey'])}`;
    expect((await get('/api/v2/dashboards', { authorization })).status).toBe(200);
    expect((await get('/nowhere')).status).toBe(404);
  });

  it('have weak ETags, and are compressed', async () => {
    const { cookie } = await logIn();
    const long = { cookie, 'x-long': 'x'.repeat(4_000), 'accept-encoding': 'gzip' };
    const [first] = (await once(
      request(`${hyperdx.url}/alerts`, { headers: long }).end(),
      'response',
    )) as [IncomingMessage];
    expect(first.headers['content-encoding']).toBe('gzip');
    const chunks: Buffer[] = [];
    for await (const chunk of first as AsyncIterable<Buffer>) chunks.push(chunk);
    expect(JSON.parse(gunzipSync(Buffer.concat(chunks)).toString())).toMatchObject({
      target: '/alerts',
    });
    const health = await get('/health');
    const etag = health.headers.get('etag') ?? '';
    expect(etag).toMatch(/^W\/"/);
    expect((await get('/health', { 'if-none-match': etag })).status).toBe(304);
  });

  it('refuse bodies above 32 MB', async () => {
    const { cookie } = await logIn();
    const response = await fetch(`${hyperdx.url}/dashboards`, {
      method: 'POST',
      headers: { cookie },
      body: Buffer.alloc(32 * 1024 * 1024 + 1),
    });
    expect(response.status).toBe(413);
  });
});

it('sends events one by one', async () => {
  const { cookie } = await logIn();
  const response = await fetch(`${hyperdx.url}/ai/assistant`, {
    method: 'POST',
    headers: { cookie },
    body: 'hello',
  });
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  const pieces: string[] = [];
  const decoder = new TextDecoder();
  for await (const piece of response.body ?? []) pieces.push(decoder.decode(piece as Uint8Array));
  expect(pieces).toHaveLength(3);
  expect(pieces[0]).toBe(`id: 0\ndata: ${Buffer.from('hello').toString('base64')}\n\n`);
});

describe('an upgrade', () => {
  /** A client's frame, masked with zeros: that leaves its text readable. */
  const frame = (first: number, payload: string): Buffer => {
    const bytes = Buffer.from(payload);
    const head =
      bytes.length < 126
        ? [first, 0x80 | bytes.length]
        : [first, 0x80 | 126, bytes.length >> 8, bytes.length & 255];
    return Buffer.concat([Buffer.from([...head, 0, 0, 0, 0]), bytes]);
  };

  async function open(): Promise<Socket> {
    const socket = connect(hyperdx.port, '127.0.0.1');
    socket.write(
      'GET /live HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    );
    const [head] = (await once(socket, 'data')) as [Buffer];
    // RFC 6455's own example.
    expect(head.toString()).toContain('Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
    return socket;
  }

  it.each(['hello', 'x'.repeat(300)])('echoes a frame', async (text) => {
    const socket = await open();
    const bytes = frame(0x81, text);
    // In two pieces: a frame may come in any.
    socket.write(bytes.subarray(0, 4));
    socket.write(bytes.subarray(4));
    let got = '';
    while (got.length < text.length) {
      const [data] = (await once(socket, 'data')) as [Buffer];
      got += data.toString('latin1');
    }
    expect(got.endsWith(text)).toBe(true);
    socket.write(frame(0x88, ''));
    await once(socket, 'end');
    socket.destroy();
  });
});

it('runs as a process', async () => {
  const child = await spawnHyperdx(options());
  const { cookie } = await logIn(child.url);
  const response = await fetch(`${child.url}/me`, { headers: { cookie } });
  expect(response.status).toBe(200);
  await child.stop();
  await expect(fetch(`${child.url}/health`)).rejects.toThrow();
}, 60_000);
