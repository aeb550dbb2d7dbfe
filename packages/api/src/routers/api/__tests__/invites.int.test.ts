import { randomUUID } from 'node:crypto';

import { Types } from 'mongoose';

import { Browser, makeUser, PASSWORD } from '../../../__tests__/browser';
import { acceptInvite } from '../../../controllers/invites';
import { useServer } from '../../../fixtures';
import Membership from '../../../models/membership';
import TeamInvite from '../../../models/teamInvite';
import User from '../../../models/user';
import { inhabit } from './teams';
import type { Inhabited } from './teams';

jest.setTimeout(60_000);

const { server } = useServer();
let acme: Inhabited;
let globex: Inhabited;

beforeAll(async () => {
  acme = await inhabit(server, 'Acme');
  globex = await inhabit(server, 'Globex');
});

const freshEmail = () => `${randomUUID()}@users.example`;

async function invite(by: Inhabited, email: string, name?: string): Promise<string> {
  const json = { email, ...(name === undefined ? {} : { name }) };
  const seen = await by.browser.request('POST', '/team/invitation', { json });
  expect(seen.status).toBe(200);
  const { url } = seen.json as { url: string };
  const token = /^http:\/\/localhost:8080\/join-team\?token=([a-f0-9]{64})$/.exec(url)?.[1];
  return token!;
}

function setup(token: string, password: string, browser = new Browser(server.url)) {
  return browser.request('POST', `/team/setup/${token}`, { form: { password } });
}

const teamOf = async (browser: Browser): Promise<unknown> =>
  ((await browser.request('GET', '/team')).json as { _id: string })._id;

const DAY_MS = 86_400_000;

it('an invitation makes a user in its team, who is signed in, and is spent', async () => {
  const email = freshEmail();
  const token = await invite(acme, email.toUpperCase(), 'Grace');
  expect(await invite(acme, email)).toBe(token);
  const browser = new Browser(server.url);
  const seen = await setup(token, PASSWORD, browser);
  expect([seen.status, seen.headers.get('location')]).toEqual([303, 'http://localhost:8080/']);
  expect(await teamOf(browser)).toBe(acme.team);
  expect((await Browser.login(server.url, email, PASSWORD)).url).toBe(server.url);
  const again = await setup(token, PASSWORD);
  expect([again.status, again.text]).toEqual([401, 'Invalid token']);
});

it('invitations are listed and taken back by their own team alone', async () => {
  const email = freshEmail();
  const token = await invite(acme, email, 'Name');
  const listed = (await acme.browser.request('GET', '/team/invitations')).json as {
    data: { _id: string; email: string }[];
  };
  const mine = listed.data.find((one) => one.email === email)!;
  expect(mine).toEqual({
    _id: expect.any(String) as string,
    createdAt: expect.any(String) as string,
    email,
    name: 'Name',
    url: `http://localhost:8080/join-team?token=${token}`,
  });
  expect((await globex.browser.request('GET', '/team/invitations')).text).not.toContain(token);
  const path = `/team/invitation/${mine._id}`;
  expect((await globex.browser.request('DELETE', path)).status).toBe(404);
  const gone = await acme.browser.request('DELETE', path);
  expect([gone.status, gone.json]).toEqual([200, { message: 'TeamInvite deleted' }]);
  expect((await acme.browser.request('DELETE', path)).status).toBe(404);
  expect((await setup(token, PASSWORD)).status).toBe(401);
});

it.each([
  ['Short-1!', 'at least 12'],
  ['lower-case-only-1!', 'upper-case'],
  ['UPPER-CASE-ONLY-1!', 'lower-case'],
  ['No-digit-at-all-here!', 'digit'],
  ['NoSpecialCharacter1', 'special'],
  [`Aa1!${'x'.repeat(69)}`, 'at most 72'],
])('the password %s is refused, with the rule that it breaks', async (password, rule) => {
  const email = freshEmail();
  const token = await invite(acme, email);
  const seen = await setup(token, password);
  const to = new URL(seen.headers.get('location')!);
  expect([seen.status, to.pathname, to.searchParams.get('err')]).toEqual([
    302,
    '/join-team',
    'invalid',
  ]);
  expect(to.searchParams.get('token')).toBe(token);
  expect(to.searchParams.get('reason')).toContain(rule);
  expect(await User.exists({ email })).toBeNull();
});

it('an address that is none is refused as HyperDX refuses it; a member is invited once', async () => {
  const post = (email: unknown) =>
    acme.browser.request('POST', '/team/invitation', { json: { email } });
  const wrong = await post('not an address');
  expect(wrong.status).toBe(400);
  expect(wrong.json).toMatchObject([{ type: 'Body', errors: { issues: [{ path: ['email'] }] } }]);
  const member = await post(acme.user.email.toUpperCase());
  expect(member.status).toBe(400);
  expect((member.json as { message: string }).message).toContain('already');
});

it('an invitation that is too old opens nothing, even where the server keeps it', async () => {
  const email = freshEmail();
  const token = await invite(acme, email);
  const old = new Date(Date.now() - 30 * DAY_MS - 1_000);
  await TeamInvite.collection.updateOne({ email }, { $set: { createdAt: old } });
  expect((await setup(token, PASSWORD)).status).toBe(401);
  expect(await invite(acme, email)).not.toBe(token);
});

it('of two who take one invitation at once, one account comes', async () => {
  const email = freshEmail();
  const token = await invite(acme, email);
  const seen = await Promise.all([setup(token, PASSWORD), setup(token, PASSWORD)]);
  expect(seen.map(({ status }) => status)).toContain(303);
  expect(await User.countDocuments({ email })).toBe(1);
});

it('of many who invite one address at once, each has the invitation that there is', async () => {
  const email = freshEmail();
  const tokens = await Promise.all(Array.from({ length: 8 }, () => invite(acme, email)));
  const { token } = (await TeamInvite.findOne({ email }).lean())!;
  expect(new Set(tokens)).toEqual(new Set([token]));
});

it('one that is taken back while it is taken makes nobody a member', async () => {
  const known = await makeUser(acme.team);
  for (const email of [freshEmail(), known.email]) {
    await invite(globex, email);
    const found = (await TeamInvite.findOne({ email }).lean())!;
    await TeamInvite.deleteOne({ email });
    expect(await acceptInvite(found, PASSWORD)).toMatchObject({ wrongPassword: false });
    expect(await User.exists({ email, team: globex.team })).toBeNull();
  }
  expect(await Membership.exists({ user: known.id })).toBeNull();
});

it('whoever invites an address cannot try out whether it has an account elsewhere', async () => {
  const known = await makeUser(globex.team);
  const reasons = [];
  for (const email of [known.email, freshEmail()]) {
    const seen = await setup(await invite(acme, email), 'weak');
    reasons.push(new URL(seen.headers.get('location')!).searchParams.get('reason'));
  }
  expect(reasons[0]).toBe(reasons[1]);
});

describe('one person in two teams', () => {
  let person: Awaited<ReturnType<typeof makeUser>>;
  let browser: Browser;

  beforeEach(async () => {
    person = await makeUser(acme.team);
    browser = await Browser.login(server.url, person.email, person.password);
  });

  async function joinGlobex(): Promise<void> {
    const seen = await setup(await invite(globex, person.email), PASSWORD, browser);
    expect(seen.status).toBe(303);
  }

  it('joins the second by the password that they have, and by no other', async () => {
    const token = await invite(globex, person.email);
    const wrong = await setup(token, 'Another-horse-9-battery!');
    expect(wrong.headers.get('location')).toContain('/join-team?err=invalid');
    expect(await Membership.exists({ user: person.id })).toBeNull();
    expect(await teamOf(browser)).toBe(acme.team);
    expect((await setup(token, PASSWORD, browser)).status).toBe(303);
    expect(await teamOf(browser)).toBe(globex.team);
  });

  it('sees both, and switches; in each they see that one alone', async () => {
    await joinGlobex();
    const teams = await browser.request('GET', '/tenancy/v1/me/teams');
    expect(teams.json).toEqual({
      data: [
        { id: acme.team, name: 'Acme', current: false, supportUntil: null },
        { id: globex.team, name: 'Globex', current: true, supportUntil: null },
      ],
    });
    const seen = await browser.request('POST', '/tenancy/v1/me/team', {
      json: { team: acme.team },
    });
    expect(seen.status).toBe(200);
    expect(await teamOf(browser)).toBe(acme.team);
    // What HyperDX reads.
    expect((await User.findById(person.id))!.team.toHexString()).toBe(acme.team);
    // A member of both, wherever they are.
    for (const { browser: other } of [acme, globex])
      expect((await other.request('GET', '/team/members')).text).toContain(person.email);
  });

  it('cannot switch to a team that is not theirs, in whatever form it is asked for', async () => {
    for (const team of [globex.team, new Types.ObjectId().toHexString()]) {
      const seen = await browser.request('POST', '/tenancy/v1/me/team', { json: { team } });
      expect([seen.status, (seen.json as { code: string }).code]).toEqual([404, 'not_found']);
    }
    const json = { team: { $ne: '' } };
    expect((await browser.request('POST', '/tenancy/v1/me/team', { json })).status).toBe(400);
    expect(await teamOf(browser)).toBe(acme.team);
    const nobody = new Browser(server.url);
    expect((await nobody.request('GET', '/tenancy/v1/me/teams')).status).toBe(401);
  });

  it('who is taken out of the one they are in finds themselves in the other', async () => {
    await joinGlobex();
    const path = `/team/member/${person.id}`;
    expect((await globex.browser.request('DELETE', path)).status).toBe(200);
    expect(await teamOf(browser)).toBe(acme.team);
    const back = await browser.request('POST', '/tenancy/v1/me/team', {
      json: { team: globex.team },
    });
    expect(back.status).toBe(404);
    // Out of the last one as well: the account is gone.
    expect((await acme.browser.request('DELETE', path)).status).toBe(200);
    expect((await browser.request('GET', '/me')).status).toBe(401);
    expect(await Membership.exists({ user: person.id })).toBeNull();
  });
});

it("an operator invites a tenant's first person", async () => {
  const body = { email: freshEmail(), name: 'First' };
  const path = `/tenancy/v1/tenants/${globex.tenant}/invitations`;
  const { status, json } = await server.request('POST', path, { body });
  expect(status).toBe(201);
  expect(json).toMatchObject({ email: body.email, team: globex.team });
  const token = new URL(String(json['url'])).searchParams.get('token')!;
  const browser = new Browser(server.url);
  expect((await setup(token, PASSWORD, browser)).status).toBe(303);
  expect(await teamOf(browser)).toBe(globex.team);
  const audit = await server.request('GET', '/tenancy/v1/audit?action=invitation.create');
  expect(audit.text).toContain(body.email);
  expect(audit.text).not.toContain(token);
  const foreign = await server.request('POST', path, { body: { ...body, team: acme.team } });
  expect([foreign.status, foreign.json['code']]).toEqual([404, 'not_found']);
});
