import { Browser } from './browser';
import { makeHousehold, PASSWORD } from './people';
import type { Household } from './people';
import { startInstall } from '../harness/hyperdx';
import type { Install } from '../harness/hyperdx';

let install: Install;
let ann: Household;

beforeAll(async () => {
  install = await startInstall();
  // HyperDX's own routes know one team: Ann's is the second.
  await makeHousehold(install, 'First');
  ann = await makeHousehold(install, 'Ann');
}, 180_000);

afterAll(() => install.stop(), 60_000);

const newBrowser = (): Browser => new Browser(install.frontendUrl, install.api.url);

/** Routes that each server answers itself, as what a page of the UI asks for. */
const OURS = '/me';
const FORWARDED = '/dashboards';

/** Who the browser is to the two servers: its email, or undefined. */
async function known(browser: Browser): Promise<(string | undefined)[]> {
  const asked = [
    await browser.get(OURS),
    await browser.get(FORWARDED),
    // Past the gateway.
    await browser.get(OURS, { server: install.hyperdx.url }),
  ];
  return Promise.all(
    asked.map(async (response) => {
      if (response.status === 401) return undefined;
      expect(response.status).toBe(200);
      return ((await response.json()) as { email?: string }).email;
    }),
  );
}

const everywhere = (email: string | undefined): (string | undefined)[] => [email, email, email];

describe('a login', () => {
  const servers = [
    { at: 'the gateway', url: () => install.api.url },
    { at: 'HyperDX itself', url: () => install.hyperdx.url },
  ];

  it.each(servers)('at $at counts for both servers, page after page', async ({ url }) => {
    const browser = newBrowser();
    expect(await known(browser)).toEqual(everywhere(undefined));
    expect(await browser.logIn(ann.email, PASSWORD, url())).toBe(`${install.frontendUrl}/`);
    const [first, ...others] = await browser.sessionCookies();
    expect(others).toEqual([]);
    for (let page = 0; page < 3; page += 1) {
      expect(await known(browser)).toEqual(everywhere(ann.email));
      // Renewed by both, in turns, and still the same one.
      const cookies = await browser.sessionCookies();
      expect(cookies.map(({ value }) => value)).toEqual([first?.value]);
    }
  });

  it('sets the very same cookie at both', async () => {
    const attributes = async (server: string): Promise<object> => {
      const browser = newBrowser();
      await browser.logIn(ann.email, PASSWORD, server);
      const [cookie] = await browser.sessionCookies();
      const { domain, path, httpOnly, secure, sameSite, hostOnly } = cookie!;
      const days = Math.round((cookie!.expiryTime()! - Date.now()) / 86_400_000);
      return { domain, path, httpOnly, secure, sameSite, hostOnly, days };
    };
    const ours = await attributes(install.api.url);
    expect(ours).toEqual(await attributes(install.hyperdx.url));
    expect(ours).toEqual({
      domain: 'hdx.example',
      path: '/',
      httpOnly: true,
      secure: false,
      sameSite: 'lax',
      hostOnly: false,
      days: 30,
    });
  });

  it('leaves rows of one form in the store', async () => {
    const form = async (server: string): Promise<object> => {
      await install.db.collection('sessions').deleteMany({});
      await newBrowser().logIn(ann.email, PASSWORD, server);
      const rows = await install.db.collection('sessions').find().toArray();
      expect(rows).toHaveLength(1);
      const [row] = rows;
      const { cookie, passport, ...rest } = JSON.parse(String(row?.['session'])) as {
        cookie: Record<string, unknown>;
        passport: object;
      };
      expect(row?.['expires']).toBeInstanceOf(Date);
      const { expires, ...said } = cookie;
      expect(new Date(String(expires)).getTime()).toBeGreaterThan(Date.now());
      return { fields: Object.keys(row ?? {}).sort(), said, passport, rest };
    };
    expect(await form(install.api.url)).toEqual(await form(install.hyperdx.url));
  });

  it.each(servers)('that fails at $at does not stand in the way of the next', async ({ url }) => {
    const browser = newBrowser();
    const failed = `${install.frontendUrl}/login?err=authFail`;
    expect(await browser.logIn(ann.email, 'Wrong-Horse-1', url())).toBe(failed);
    expect(await known(browser)).toEqual(everywhere(undefined));
    for (const other of servers) {
      expect(await browser.logIn(ann.email, PASSWORD, other.url())).toBe(`${install.frontendUrl}/`);
      expect(await known(browser)).toEqual(everywhere(ann.email));
      expect(await browser.sessionCookies()).toHaveLength(1);
    }
  });
});

describe('a logout', () => {
  it.each([
    { at: 'the gateway', url: () => install.api.url },
    { at: 'HyperDX itself', url: () => install.hyperdx.url },
  ])('at $at ends the session of both, for good', async ({ url }) => {
    const browser = newBrowser();
    await browser.logIn(ann.email, PASSWORD);
    const [before] = await browser.sessionCookies();
    const response = await browser.get('/logout', { server: url() });
    expect(response.status).toBe(302);
    expect(response.headers.get('location')).toBe(`${install.frontendUrl}/login`);
    expect(await known(browser)).toEqual(everywhere(undefined));
    // Whoever kept a copy of the cookie has nothing.
    const copy = { cookie: before!.cookieString() };
    for (const server of [install.api.url, install.hyperdx.url]) {
      const stale = await fetch(`${server}${OURS}`, { headers: copy });
      expect(stale.status).toBe(401);
    }
    expect(await browser.logIn(ann.email, PASSWORD, url())).toBe(`${install.frontendUrl}/`);
    expect(await known(browser)).toEqual(everywhere(ann.email));
    expect(await browser.sessionCookies()).toHaveLength(1);
  });
});

it('somebody who accepts an invitation at the gateway can sign in at HyperDX', async () => {
  const browser = newBrowser();
  await browser.logIn(ann.email, PASSWORD);
  const email = 'bob@example.com';
  const invited = await browser.request('POST', '/team/invitation', { json: { email } });
  expect(invited.status).toBe(200);
  const { url } = (await invited.json()) as { url: string };
  const token = new URL(url).searchParams.get('token') ?? '';
  const accepted = await newBrowser().request('POST', `/team/setup/${token}`, {
    form: { password: PASSWORD },
  });
  expect(accepted.status).toBe(303);
  const bob = newBrowser();
  await bob.logIn(email, PASSWORD, install.hyperdx.url);
  expect(await known(bob)).toEqual(everywhere(email));
  const me = (await (await bob.get(OURS)).json()) as { team: { _id: string } };
  expect(me.team._id).toBe(ann.team.toHexString());
});

it('each sees the team of their own, which HyperDX alone would not show', async () => {
  const browser = newBrowser();
  await browser.logIn(ann.email, PASSWORD);
  const teamAt = async (server: string): Promise<string> => {
    const response = await browser.get(OURS, { server });
    return ((await response.json()) as { team: { name: string } }).team.name;
  };
  expect(await teamAt(install.api.url)).toBe('Ann');
  expect(await teamAt(install.hyperdx.url)).toBe('First');
});

it('a user who is removed is signed in nowhere', async () => {
  const gone = await makeHousehold(install, 'Gone');
  const browser = newBrowser();
  await browser.logIn(gone.email, PASSWORD);
  expect(await known(browser)).toEqual(everywhere(gone.email));
  await install.db.collection('users').deleteOne({ email: gone.email });
  expect(await known(browser)).toEqual(everywhere(undefined));
});

it('behind https both set a secure cookie, and only where the UI’s server says https', async () => {
  const frontendUrl = 'https://secure.example';
  const secure = await startInstall({ env: { FRONTEND_URL: frontendUrl } });
  try {
    const household = await makeHousehold(secure, 'Secure');
    const browser = new Browser(frontendUrl, secure.api.url);
    for (const server of [secure.api.url, secure.hyperdx.url]) {
      await browser.logIn(household.email, PASSWORD, server);
      expect((await browser.sessionCookies()).map((cookie) => cookie.secure)).toEqual([true]);
      for (const path of [OURS, FORWARDED]) expect((await browser.get(path)).status).toBe(200);
      const plain = await fetch(`${server}/login/password`, {
        method: 'POST',
        body: new URLSearchParams({ email: household.email, password: PASSWORD }),
        redirect: 'manual',
      });
      expect(plain.headers.getSetCookie()).toEqual([]);
    }
  } finally {
    await secure.stop();
  }
}, 180_000);
