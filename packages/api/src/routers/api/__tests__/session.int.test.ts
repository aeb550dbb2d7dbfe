import { createHmac } from 'node:crypto';

import mongoose from 'mongoose';

import { Browser, makeUser, PASSWORD } from '../../../__tests__/browser';
import type { MadeUser } from '../../../__tests__/browser';
import { useServer } from '../../../fixtures';

jest.setTimeout(60_000);

const { server } = useServer();
let team: string;
let ada: MadeUser;

beforeAll(async () => {
  const { json } = await server.request('POST', '/tenancy/v1/tenants', { body: { name: 'Acme' } });
  team = (json['teams'] as { id: string }[])[0]!.id;
  ada = await makeUser(team);
});

const sessions = () =>
  mongoose.connection.collection<{ _id: string; expires: Date; session: string }>('sessions');

/** The cookie's value as express-session signs it, by hand. */
function signed(sid: string, secret = server.config.sessionSecret): string {
  const mac = createHmac('sha256', secret).update(sid).digest('base64').replace(/=+$/, '');
  return encodeURIComponent(`s:${sid}.${mac}`);
}

/** A session's row as HyperDX 2.36 (connect-mongo 4.6) writes it. */
async function writeSession(sid: string, user: string, expires: Date): Promise<void> {
  await sessions().insertOne({
    _id: sid,
    expires,
    session: JSON.stringify({
      cookie: {
        originalMaxAge: 2_592_000_000,
        expires: expires.toISOString(),
        secure: false,
        httpOnly: true,
        path: '/',
        sameSite: 'lax',
      },
      passport: { user },
    }),
  });
}

function me(cookie?: string): Promise<Response> {
  return fetch(`${server.url}/me`, { headers: cookie === undefined ? {} : { cookie } });
}

const tomorrow = () => new Date(Date.now() + 86_400_000);

it('signs in who HyperDX has written, and answers as HyperDX does', async () => {
  const browser = new Browser(server.url);
  const seen = await browser.request('POST', '/login/password', {
    form: { email: ada.email.toUpperCase(), password: PASSWORD },
  });
  expect([seen.status, seen.headers.get('location')]).toEqual([303, 'http://localhost:8080/']);
  const { status, json } = await browser.request('GET', '/me');
  expect(status).toBe(200);
  expect(json).toMatchObject({
    id: ada.id,
    email: ada.email,
    accessKey: ada.accessKey,
    team: { _id: team, id: team, name: 'Acme', allowedAuthMethods: [] },
    usageStatsEnabled: true,
    aiAssistantEnabled: false,
  });
  expect(Object.keys((json as { team: object }).team)).toEqual(
    expect.arrayContaining(['apiKey', 'hookId', 'collectorAuthenticationEnforced', 'createdAt']),
  );
});

it('a JSON login is as good as a form', async () => {
  const browser = new Browser(server.url);
  const json = { email: ada.email, password: PASSWORD };
  expect((await browser.request('POST', '/login/password', { json })).status).toBe(303);
  expect((await browser.request('GET', '/me')).status).toBe(200);
});

it.each([
  ['a wrong password', { password: 'Wrong-horse-7-battery!' }, 'authFail'],
  ['an unknown address', { email: 'nobody@users.example' }, 'authFail'],
  ['an empty form', { email: '', password: '' }, 'unknown'],
  ['a text that is an operator of MongoDB', { email: '{"$gt":""}' }, 'authFail'],
])('%s is sent back to the login page, and is nobody', async (_what, form, err) => {
  const browser = new Browser(server.url);
  const seen = await browser.request('POST', '/login/password', {
    form: { email: ada.email, password: PASSWORD, ...form },
  });
  const location = `http://localhost:8080/login?err=${err}`;
  expect([seen.status, seen.headers.get('location')]).toEqual([303, location]);
  expect((await browser.request('GET', '/me')).status).toBe(401);
});

it('an object where a text belongs is no login', async () => {
  const json = { email: { $gt: '' }, password: { $gt: '' } };
  const seen = await new Browser(server.url).request('POST', '/login/password', { json });
  expect(seen.headers.get('location')).toBe('http://localhost:8080/login?err=unknown');
});

it('the cookie is as HyperDX sets it, and is set again by every answer', async () => {
  const browser = new Browser(server.url);
  const login = await browser.request('POST', '/login/password', {
    form: { email: ada.email, password: PASSWORD },
  });
  const again = await browser.request('GET', '/me');
  for (const { headers } of [login, again]) {
    const [line] = headers.getSetCookie();
    const [pair, ...attributes] = line!.split('; ');
    expect(pair).toMatch(/^connect\.sid=s%3A[A-Za-z0-9_-]{32}\.[A-Za-z0-9%]+$/);
    const fixed = attributes.filter((attribute) => !attribute.startsWith('Expires='));
    expect(fixed.sort()).toEqual(['HttpOnly', 'Path=/', 'SameSite=Lax']);
    const expires = attributes.find((attribute) => attribute.startsWith('Expires='))!.slice(8);
    const days = (Date.parse(expires) - Date.now()) / 86_400_000;
    expect(Math.round(days)).toBe(30);
  }
});

it("the session's row is one that HyperDX can read", async () => {
  const browser = await Browser.login(server.url, ada.email, PASSWORD);
  const [cookie] = await browser.cookies.getCookies(server.url);
  const sid = decodeURIComponent(cookie!.value).slice(2).split('.')[0]!;
  expect(cookie!.value).toBe(signed(sid));
  const row = await sessions().findOne({ _id: sid });
  expect(row!.expires).toBeInstanceOf(Date);
  expect(JSON.parse(row!.session)).toMatchObject({
    cookie: { path: '/', httpOnly: true, sameSite: 'lax', originalMaxAge: 2_592_000_000 },
    passport: { user: ada.id },
  });
});

it("a session that HyperDX wrote counts here; with another secret's signature, or over, it does not", async () => {
  await writeSession('written-by-hyperdx', ada.id, tomorrow());
  await writeSession('over', ada.id, new Date(Date.now() - 1_000));
  expect((await me(`connect.sid=${signed('written-by-hyperdx')}`)).status).toBe(200);
  const forged = signed('written-by-hyperdx', 'another secret of the same length');
  expect((await me(`connect.sid=${forged}`)).status).toBe(401);
  expect((await me(`connect.sid=${signed('over')}`)).status).toBe(401);
  expect((await me(`connect.sid=${signed('never-written')}`)).status).toBe(401);
});

it('nobody gets a bare 401, as from HyperDX', async () => {
  for (const path of ['/me', '/team', '/team/members', '/team/invitations', '/team/tags']) {
    const response = await fetch(`${server.url}${path}`);
    expect([path, response.status, await response.text()]).toEqual([path, 401, 'Unauthorized']);
  }
});

it('a login gets a new session id: one that was known before opens nothing', async () => {
  const browser = await Browser.login(server.url, ada.email, PASSWORD);
  const [before] = await browser.cookies.getCookies(server.url);
  await browser.request('POST', '/login/password', {
    form: { email: ada.email, password: PASSWORD },
  });
  const [after] = await browser.cookies.getCookies(server.url);
  expect(after!.value).not.toBe(before!.value);
  expect((await me(`connect.sid=${before!.value}`)).status).toBe(401);
  expect((await me(`connect.sid=${after!.value}`)).status).toBe(200);
});

it('logging out leads to the login page, and ends the session itself', async () => {
  const browser = await Browser.login(server.url, ada.email, PASSWORD);
  const [cookie] = await browser.cookies.getCookies(server.url);
  const seen = await browser.request('GET', '/logout');
  expect([seen.status, seen.headers.get('location')]).toEqual([302, 'http://localhost:8080/login']);
  expect((await browser.request('GET', '/me')).status).toBe(401);
  expect((await me(`connect.sid=${cookie!.value}`)).status).toBe(401);
});

it('strangers write no sessions: not by failing to log in, nor by logging out', async () => {
  const before = await sessions().countDocuments();
  const stranger = new Browser(server.url);
  const forms: Record<string, string>[] = [
    {},
    { email: ada.email, password: 'Wrong-horse-7-battery!' },
  ];
  for (const form of forms) await stranger.request('POST', '/login/password', { form });
  expect((await stranger.request('GET', '/logout')).status).toBe(302);
  await stranger.request('GET', '/installation');
  expect(await sessions().countDocuments()).toBe(before);
  expect(await stranger.cookies.getCookieString(server.url)).toBe('');
});

it('a session whose user is gone is nobody, and so are those of garbage', async () => {
  const gone = await makeUser(team);
  const browser = await Browser.login(server.url, gone.email, PASSWORD);
  await mongoose.connection.collection('users').deleteOne({ email: gone.email });
  expect((await browser.request('GET', '/me')).status).toBe(401);
  await writeSession('of-garbage', '{"$gt":""}', tomorrow());
  expect((await me(`connect.sid=${signed('of-garbage')}`)).status).toBe(401);
});

it('who is in a team that HyperDX made by itself is told what to do', async () => {
  const stray = new mongoose.Types.ObjectId();
  await mongoose.connection
    .collection('teams')
    .insertOne({ _id: stray, name: 'Stray', apiKey: 'stray-key-of-hyperdx', hookId: 'h' });
  const user = await makeUser(stray.toHexString());
  const browser = await Browser.login(server.url, user.email, PASSWORD);
  const { status, json } = await browser.request('GET', '/me');
  expect([status, json]).toEqual([
    403,
    { code: 'forbidden', message: expect.stringContaining('operator') as string },
  ]);
});
