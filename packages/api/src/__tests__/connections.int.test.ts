import { createServer } from 'node:http';
import type { IncomingMessage, RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { Types } from 'mongoose';

import { useServer } from '../fixtures';
import Connection from '../models/connection';
import Source from '../models/source';
import TenantConnection from '../models/tenantConnection';
import { parseAllowedHosts } from '../utils/publicAddress';
import type { Browser, Seen } from './browser';
import { makeTenant, startTeamApp } from './teamApp';
import type { MadeTenant, TeamApp } from './teamApp';

const { engines, server } = useServer();

const PASSWORD = 'of-their-own-server';
const NOBODYS_ID = 'f'.repeat(24);

let a: MadeTenant;
let b: MadeTenant;
/** Own connections are switched off, as they are unless somebody asks for them. */
let closed: TeamApp;
/** They are allowed, to this machine as well. */
let open: TeamApp;
/** They are allowed, to public addresses alone. */
let strict: TeamApp;

beforeAll(async () => {
  a = await makeTenant(server, 'A');
  b = await makeTenant(server, 'B');
  closed = await startTeamApp(server.config);
  open = await startTeamApp(server.config, {
    allowed: true,
    hosts: parseAllowedHosts(['127.0.0.0/8', 'away.example']),
    resolve: (name) => Promise.resolve(name === 'away.example' ? ['127.0.0.1'] : []),
  });
  strict = await startTeamApp(server.config, { allowed: true, hosts: parseAllowedHosts([]) });
}, 60_000);

afterAll(() => Promise.all([closed.stop(), open.stop(), strict.stop()]));

const own = (more: object = {}) => ({
  name: 'Ours',
  host: engines.clickhouse.url,
  username: engines.clickhouse.user,
  password: engines.clickhouse.password || PASSWORD,
  ...more,
});

/** A server that a tenant runs. */
async function serve(
  listener: RequestListener,
): Promise<{ url: string; server: Server; stop(): Promise<void> }> {
  const http = createServer(listener);
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    server: http,
    async stop() {
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}

async function makeOwn(browser: Browser, more: object = {}): Promise<string> {
  const { status, json } = await browser.request('POST', '/connections', { json: own(more) });
  expect(status).toBe(200);
  return (json as { id: string }).id;
}

/** The two ways to call the routes. */
type Call = (method: string, path: string, json?: unknown) => Promise<Seen>;
const ways: Record<string, (app: TeamApp) => Promise<Call>> = {
  '/connections': async (app) => {
    const browser = await app.signIn(a.user);
    return (method, path, json) =>
      browser.request(method, `/connections${path}`, json === undefined ? {} : { json });
  },
  '/api/v2/connections': (app) =>
    Promise.resolve((method, path, json) =>
      app.external(a.user.accessKey, method, `/connections${path}`, json),
    ),
};

describe.each(Object.keys(ways))('%s', (way) => {
  const callOf = (app: TeamApp): Promise<Call> => ways[way]!(app);

  it("lists the team's managed connection, without its password", async () => {
    const { status, text } = await (await callOf(closed))('GET', '/');
    expect(status).toBe(200);
    expect(text).toContain(a.connection);
    expect(text).not.toContain(b.connection);
    const stored = await Connection.findById(a.connection).select('+password').lean();
    expect(stored?.password).not.toBe('');
    expect(text).not.toContain(stored!.password);
    expect(text).not.toContain('password');
  });

  it.each(['closed', 'open'])('leaves the managed connection alone (%s)', async (which) => {
    const call = await callOf(which === 'open' ? open : closed);
    const before = await Connection.findById(a.connection).select('+password').lean();
    for (const answer of [
      await call('PUT', `/${a.connection}`, own()),
      await call('DELETE', `/${a.connection}`),
    ]) {
      expect(answer.status).toBe(403);
      expect(answer.json).toMatchObject({ message: expect.stringContaining('managed') as string });
    }
    expect(await Connection.findById(a.connection).select('+password').lean()).toEqual(before);
  });

  it('refuses others where they are switched off, and says so', async () => {
    const answer = await (await callOf(closed))('POST', '/', own());
    expect([answer.status, answer.json]).toMatchObject([
      403,
      { code: 'forbidden', message: expect.stringContaining('switched off') as string },
    ]);
    expect(await Connection.countDocuments({ team: a.team })).toBe(1);
  });

  it('makes, shows, changes and deletes one where they are allowed', async () => {
    const call = await callOf(open);
    const made = await call('POST', '/', own({ hyperdxSettingPrefix: 'hdx', unknown: 'x' }));
    expect(made.status).toBe(200);
    expect(made.text).not.toContain(PASSWORD);
    const shown = await call('GET', '/');
    const of = (answer: Seen): Record<string, unknown> | undefined => {
      const { json } = answer;
      const list = (Array.isArray(json) ? json : (json as { data: unknown }).data) as Record<
        string,
        unknown
      >[];
      return list.find(({ name }) => name === 'Ours' || name === 'Renamed');
    };
    const { id, ...fields } = of(shown) ?? {};
    expect(fields).toMatchObject({
      host: engines.clickhouse.url,
      username: engines.clickhouse.user,
      hyperdxSettingPrefix: 'hdx',
    });
    expect(fields).not.toHaveProperty('password');
    expect(fields).not.toHaveProperty('unknown');

    const path = `/${String(id)}`;
    const { password: _kept, ...withoutPassword } = own({ name: 'Renamed' });
    const before = await TenantConnection.findById(id).select('+password').lean();
    expect((await call('PUT', path, { ...withoutPassword, id })).status).toBe(200);
    expect(of(await call('GET', '/'))).toMatchObject({
      name: 'Renamed',
      hyperdxSettingPrefix: 'hdx',
    });
    const after = await TenantConnection.findById(id).select('+password').lean();
    expect(after?.password).toBe(before?.password);

    await call('PUT', path, {
      ...own({ name: 'Renamed' }),
      password: 'new',
      hyperdxSettingPrefix: '',
    });
    expect(of(await call('GET', '/'))).not.toHaveProperty('hyperdxSettingPrefix');
    const changed = await TenantConnection.findById(id).select('+password').lean();
    expect(changed?.password).toBe('new');

    expect((await call('DELETE', path)).status).toBe(200);
    expect(await Connection.exists({ _id: String(id) })).toBeNull();
    expect(await TenantConnection.exists({ _id: String(id) })).toBeNull();
  });

  it('leaves nothing behind, also where its deletion had been cut short', async () => {
    const _id = new Types.ObjectId();
    const own = { host: 'http://8.8.8.8', username: 'u', password: 'p' };
    // HyperDX's document is gone already.
    await TenantConnection.create({ _id, team: a.team, ...own });
    const remove = (by: MadeTenant) =>
      open.external(by.user.accessKey, 'DELETE', `/connections/${String(_id)}`);
    await remove(b);
    expect(await TenantConnection.exists({ _id })).not.toBeNull();
    await remove(a);
    expect(await TenantConnection.exists({ _id })).toBeNull();
  });

  it('tells HyperDX neither host nor password of it: HyperDX would connect to any address', async () => {
    const call = await callOf(open);
    await call('POST', '/', own({ name: 'Hidden' }));
    const stored = await Connection.findOne({ name: 'Hidden' }).select('+password').lean();
    expect(stored).toMatchObject({
      host: open.context.door.url,
      username: `hdx_c_${String(stored?._id)}`,
    });
    expect(JSON.stringify(stored)).not.toContain(new URL(engines.clickhouse.url).port);
    expect(stored?.password).not.toBe(own().password);
    await call('DELETE', `/${String(stored?._id)}`);
  });

  it.each([
    ['an address inside', 'http://10.0.0.1:8123'],
    ['this machine', 'http://127.0.0.1:8123'],
    ['this machine, written otherwise', 'http://2130706433'],
    ['a cloud’s metadata', 'http://169.254.169.254/latest'],
    ['no address', 'http://nothing.invalid'],
    ['a file', 'file:///etc/passwd'],
    ['credentials in it', 'http://u:p@8.8.8.8'],
    ['no URL', 'clickhouse'],
  ])('refuses a host that is %s, in the same words', async (_, host) => {
    const answer = await (await callOf(strict))('POST', '/', own({ host }));
    expect([answer.status, answer.json]).toEqual([
      400,
      {
        code: 'invalid_request',
        message:
          'host: must be the http or https URL of a server with a public address, without user or password.',
      },
    ]);
    expect(await TenantConnection.countDocuments({ team: a.team })).toBe(0);
  });

  it.each([
    ['no name', { name: '' }, 'name'],
    ['no host', { host: undefined }, 'host'],
    ['no user', { username: undefined }, 'username'],
    ['an operator for a user', { username: { $ne: '' } }, 'username'],
    ['a prefix with a quote', { hyperdxSettingPrefix: "x'" }, 'hyperdxSettingPrefix'],
  ])('refuses %s', async (_, more, field) => {
    const call = await callOf(open);
    const answer = await call('POST', '/', own(more));
    expect(answer.status).toBe(400);
    expect(answer.text).toContain(field);
  });

  it("knows nothing of another team's", async () => {
    const call = await callOf(open);
    const browserOfB = await open.signIn(b.user);
    const id = await makeOwn(browserOfB);
    for (const theirs of [b.connection, id, NOBODYS_ID]) {
      const before = await Connection.findById(theirs).select('+password').lean();
      expect((await call('PUT', `/${theirs}`, own())).status).toBe(404);
      const deleted = await call('DELETE', `/${theirs}`);
      // HyperDX's session route says the same whether there was one.
      expect(deleted.status).toBe(way === '/connections' ? 200 : 404);
      expect(await Connection.findById(theirs).select('+password').lean()).toEqual(before);
    }
    expect((await call('GET', '/')).text).not.toContain(id);
    await browserOfB.request('DELETE', `/connections/${id}`);
  });
});

describe('a source over an own connection', () => {
  it('keeps its names, for its tables are on that server; another tenant’s are refused as well', async () => {
    const browser = await open.signIn(a.user);
    const connection = await makeOwn(browser);
    const source = (tableName: string) => ({
      kind: 'log',
      name: 'Elsewhere',
      connection,
      from: { databaseName: 'their_database', tableName },
      timestampValueExpression: 'Timestamp',
      defaultTableSelectExpression: 'Body',
    });
    const made = await browser.request('POST', '/sources', { json: source('otel_logs') });
    expect(made.json).toMatchObject({
      from: { databaseName: 'their_database', tableName: 'otel_logs' },
    });
    const { id } = made.json as { id: string };
    const foreign = await browser.request('POST', '/sources', {
      json: source(`otel_logs_${b.tenant}`),
    });
    expect(foreign.status).toBe(403);

    // On the managed connection it reads the tenant's tables, or nothing.
    const moved = { ...source('otel_logs'), connection: a.connection };
    const refused = await browser.request('PUT', `/sources/${id}`, { json: moved });
    expect(refused.status).toBe(403);
    const from = { databaseName: engines.clickhouse.database, tableName: 'otel_logs' };
    await browser.request('PUT', `/sources/${id}`, { json: { ...moved, from } });
    expect(await Source.findById(id).lean()).toMatchObject({
      from: { tableName: `otel_logs_${a.tenant}` },
    });
    await browser.request('DELETE', `/sources/${id}`);
    await browser.request('DELETE', `/connections/${connection}`);
  });
});

describe('/clickhouse-proxy', () => {
  const query = async (
    browser: Browser,
    connection: string | undefined,
    path = '/clickhouse-proxy/?query_id=1',
    method = 'POST',
  ): Promise<Seen> =>
    browser.request(method, path, {
      headers: {
        'content-type': 'text/plain',
        ...(connection === undefined ? {} : { 'x-hyperdx-connection-id': connection }),
      },
    });

  it('hands the managed connection’s queries to the door, body and query string untouched', async () => {
    const browser = await closed.signIn(a.user);
    const cookie = await browser.cookies.getCookieString(closed.url);
    const body = 'SELECT 1 -- ä\0 FORMAT JSON';
    const response = await fetch(`${closed.url}/clickhouse-proxy/?param_x=%00%2F&query_id=7`, {
      method: 'POST',
      headers: { cookie, 'x-hyperdx-connection-id': a.connection, 'content-type': 'text/plain' },
      body,
    });
    expect([response.status, await response.text()]).toEqual([200, 'from the door']);
    expect(closed.proxied.at(-1)).toEqual({
      caller: { tenantId: a.tenant, teamId: a.team },
      url: '/?param_x=%00%2F&query_id=7',
      body: Buffer.from(body),
    });
  });

  it.each([
    ['/clickhouse-proxy', '/'],
    ['/clickhouse-proxy?query=x', '/?query=x'],
    ['/ClickHouse-Proxy/', '/'],
  ])('takes %s', async (path, url) => {
    const browser = await closed.signIn(a.user);
    expect((await query(browser, a.connection, path)).status).toBe(200);
    expect(closed.proxied.at(-1)?.url).toBe(url);
  });

  it.each([undefined, 'x', `${NOBODYS_ID}0`, '', "{'$ne':1}"])(
    'needs the header to name a connection: %j',
    async (connection) => {
      const browser = await closed.signIn(a.user);
      const { status, json } = await query(browser, connection);
      expect([status, json]).toMatchObject([400, { type: 'Headers', errors: { issues: [{}] } }]);
    },
  );

  it("answers another team's connection as one that is not there", async () => {
    const browser = await closed.signIn(a.user);
    const count = closed.proxied.length;
    for (const connection of [b.connection, NOBODYS_ID]) {
      const { status, text } = await query(browser, connection);
      expect([status, text]).toEqual([404, 'Connection not found']);
    }
    expect(closed.proxied).toHaveLength(count);
  });

  it.each([
    ['GET', 405],
    ['HEAD', 405],
    ['PUT', 404],
    ['DELETE', 404],
  ])('%s is %i', async (method, status) => {
    const browser = await closed.signIn(a.user);
    expect((await query(browser, a.connection, '/clickhouse-proxy', method)).status).toBe(status);
  });

  it('does not use a connection that was made past this service', async () => {
    const { _id } = await Connection.create({
      team: a.team,
      name: 'By hand',
      host: engines.clickhouse.url,
      username: engines.clickhouse.user,
    });
    const browser = await open.signIn(a.user);
    expect((await query(browser, String(_id))).status).toBe(403);
    await Connection.deleteOne({ _id });
  });

  it('asks their own server, with the credentials that are kept for it', async () => {
    const browser = await open.signIn(a.user);
    const connection = await makeOwn(browser);
    const cookie = await browser.cookies.getCookieString(open.url);
    const ask = () =>
      fetch(`${open.url}/clickhouse-proxy/?default_format=TSV`, {
        method: 'POST',
        headers: { cookie, 'x-hyperdx-connection-id': connection, 'content-type': 'text/plain' },
        body: 'SELECT 40 + 2',
      });
    const response = await ask();
    expect([response.status, await response.text()]).toEqual([200, '42\n']);
    expect(response.headers.get('x-clickhouse-format')).toBe('TSV');
    await browser.request('DELETE', `/connections/${connection}`);
  });

  describe('to a server of theirs', () => {
    let seen: { req: IncomingMessage; body: string }[] = [];
    let answer: RequestListener;
    let theirs: Awaited<ReturnType<typeof serve>>;
    let browser: Browser;
    let connection: string;

    beforeAll(async () => {
      theirs = await serve((req, res) => {
        let body = '';
        req.on('data', (chunk) => (body += String(chunk)));
        req.on('end', () => {
          seen.push({ req, body });
          answer(req, res);
        });
      });
      browser = await open.signIn(a.user);
      const host = `http://away.example:${new URL(theirs.url).port}/base/`;
      connection = await makeOwn(browser, {
        host,
        username: 'them',
        password: PASSWORD,
        hyperdxSettingPrefix: 'hdx',
      });
    });
    beforeEach(() => {
      seen = [];
      answer = (_req, res) => res.end('fine');
    });
    afterAll(async () => {
      await browser.request('DELETE', `/connections/${connection}`);
      await theirs.stop();
    });

    it('says by name what it is asked, and nothing of who asks', async () => {
      const { status } = await browser.request('POST', '/clickhouse-proxy/sub?query_id=1', {
        headers: { 'x-hyperdx-connection-id': connection, authorization: 'Bearer secret' },
      });
      expect(status).toBe(200);
      const [{ req }] = seen as [(typeof seen)[0]];
      expect(req.url).toBe(`/base/sub?query_id=1&hdx_user=${encodeURIComponent(a.user.email)}`);
      expect(req.headers).toMatchObject({
        host: `away.example:${new URL(theirs.url).port}`,
        'x-clickhouse-user': 'them',
        'x-clickhouse-key': PASSWORD,
      });
      for (const header of ['cookie', 'authorization', 'x-hyperdx-connection-id', 'origin'])
        expect(req.headers).not.toHaveProperty(header);
    });

    it('takes nothing from its answer that concerns this origin', async () => {
      answer = (_req, res) => {
        res.writeHead(500, {
          'set-cookie': 'connect.sid=theirs',
          'clear-site-data': '"*"',
          'access-control-allow-origin': '*',
          'x-clickhouse-exception-code': '62',
        });
        res.end('Code: 62.');
      };
      const { status, headers, text } = await query(browser, connection);
      expect([status, text]).toEqual([500, 'Code: 62.']);
      expect(headers.get('x-clickhouse-exception-code')).toBe('62');
      expect(headers.get('set-cookie')).not.toContain('theirs');
      for (const header of ['clear-site-data', 'access-control-allow-origin'])
        expect(headers.get(header)).toBeNull();
    });

    it('follows no redirect, and lets the browser follow none', async () => {
      answer = (_req, res) => {
        res.writeHead(302, { location: 'http://169.254.169.254/' });
        res.end();
      };
      const { status, headers, json } = await query(browser, connection);
      expect([status, json]).toMatchObject([502, { code: 'connection_failed' }]);
      expect(headers.get('location')).toBeNull();
    });

    it('passes bodies on as they come, and none that HyperDX would not take', async () => {
      const cookie = await browser.cookies.getCookieString(open.url);
      const send = (body: string | Buffer) =>
        fetch(`${open.url}/clickhouse-proxy`, {
          method: 'POST',
          headers: {
            cookie,
            'x-hyperdx-connection-id': connection,
            'content-type': 'multipart/form-data; boundary=b',
          },
          body,
        });
      const body =
        '--b\r\nContent-Disposition: form-data; name="query"\r\n\r\nSELECT 1\r\n--b--\r\n';
      expect((await send(body)).status).toBe(200);
      expect(seen[0]?.body).toBe(body);
      expect(seen[0]?.req.headers['content-type']).toBe('multipart/form-data; boundary=b');
      const large = await send(Buffer.alloc(33 * 1024 * 1024, 'x'));
      expect([large.status, await large.json()]).toMatchObject([
        413,
        { code: 'payload_too_large' },
      ]);
    });

    it('is asked ten things of one team at a time', async () => {
      const waiting: (() => void)[] = [];
      const full = new Promise<void>((resolve) => {
        answer = (_req, res) => {
          waiting.push(() => res.end('late'));
          if (waiting.length === 10) resolve();
        };
      });
      const first = Array.from({ length: 10 }, () => query(browser, connection));
      await full;
      const refused = await query(browser, connection);
      expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1']);
      for (const end of waiting) end();
      expect((await Promise.all(first)).map(({ status }) => status)).toEqual(Array(10).fill(200));
      answer = (_req, res) => res.end('fine');
      expect((await query(browser, connection)).status).toBe(200);
    });

    it('ends the request when the browser goes', async () => {
      const ended = new Promise<void>((resolve) => {
        answer = (_req, res) => {
          res.write('begun');
          res.once('close', resolve);
        };
      });
      const abort = new AbortController();
      const cookie = await browser.cookies.getCookieString(open.url);
      const response = await fetch(`${open.url}/clickhouse-proxy`, {
        method: 'POST',
        headers: { cookie, 'x-hyperdx-connection-id': connection },
        signal: abort.signal,
      });
      const reading = response.text().catch(() => 'given up');
      abort.abort();
      await ended;
      expect(await reading).toBe('given up');
    });

    it('is one error, whatever is wrong with it', async () => {
      answer = (_req, res) => res.destroy();
      const { status, json } = await query(browser, connection);
      expect([status, json]).toEqual([
        502,
        {
          code: 'connection_failed',
          message: 'The server of this connection could not be asked.',
        },
      ]);
    });

    it('is asked no more once own connections are switched off', async () => {
      const later = await closed.signIn(a.user);
      expect((await query(later, connection)).status).toBe(403);
      expect(seen).toEqual([]);
    });
  });
});

describe('/clickhouse-proxy/test', () => {
  const test = async (app: TeamApp, json: object): Promise<Seen> =>
    (await app.signIn(a.user)).request('POST', '/clickhouse-proxy/test', { json });

  const FAILED = {
    success: false,
    error: 'The connection could not be made: check host, username and password.',
  };

  it('says when a server answers', async () => {
    const { host, username } = own();
    const { password } = engines.clickhouse;
    const answer = await test(open, { host, username, password });
    expect([answer.status, answer.json]).toEqual([200, { success: true }]);
  });

  it('says one thing of all others, and repeats nothing that they answer', async () => {
    const secretive = await serve((_req, res) => {
      res.statusCode = 500;
      res.end('the secret of the inside');
    });
    const redirecting = await serve((_req, res) => {
      res.writeHead(302, { location: engines.clickhouse.url });
      res.end();
    });
    const silent = await serve(() => undefined);
    const gone = await serve(() => undefined);
    await gone.stop();
    for (const host of [
      secretive.url,
      redirecting.url,
      silent.url,
      gone.url,
      'http://10.0.0.1',
      'http://nothing.example',
      'file:///etc/passwd',
    ]) {
      const answer = await test(open, { host, username: 'x' });
      expect([host, answer.status, answer.json]).toEqual([host, 400, FAILED]);
    }
    await Promise.all([secretive.stop(), redirecting.stop(), silent.stop()]);
  }, 60_000);

  it('reaches nothing inside where only public addresses are allowed', async () => {
    let reached = false;
    const inside = await serve((_req, res) => {
      reached = true;
      res.end('1');
    });
    const answer = await test(strict, { host: inside.url });
    expect([answer.status, answer.json, reached]).toEqual([400, FAILED, false]);
    await inside.stop();
  });

  it('is refused where own connections are switched off', async () => {
    expect((await test(closed, { host: engines.clickhouse.url })).status).toBe(403);
  });

  it('refuses what is no request', async () => {
    const { status, json } = await test(open, { username: 'x' });
    expect([status, json]).toMatchObject([400, [{ type: 'Body' }]]);
  });

  it('is not there to look for servers with', async () => {
    const browser = await strict.signIn(b.user);
    const statuses = new Set<number>();
    for (let i = 0; i < 21; i += 1) {
      const json = { host: 'http://10.0.0.1' };
      const { status } = await browser.request('POST', '/clickhouse-proxy/test', { json });
      statuses.add(status);
    }
    expect([...statuses]).toEqual([400, 429]);
  });
});
