import { Types } from 'mongoose';

import { Browser, makeUser } from '../../../__tests__/browser';
import type { MadeUser, Seen } from '../../../__tests__/browser';
import { createContext } from '../../../controllers/context';
import type { Context } from '../../../controllers/context';
import { endExpiredSupport } from '../../../controllers/support';
import { useServer } from '../../../fixtures';
import Operator from '../../../models/operator';
import SupportEntry from '../../../models/supportEntry';
import TeamInvite from '../../../models/teamInvite';
import User from '../../../models/user';
import { createLogger } from '../../../utils/logger';
import { inhabit } from './teams';
import type { Inhabited } from './teams';

jest.setTimeout(60_000);

const { server } = useServer();
let acme: Inhabited;
let globex: Inhabited;
let operator: MadeUser;
let browser: Browser;
let context: Context;

const reason = 'They asked why their traces are missing.';
const base = '/tenancy/v1';

beforeAll(async () => {
  acme = await inhabit(server, 'Acme');
  globex = await inhabit(server, 'Globex');
  context = createContext(server.config, createLogger('silent'));
});

afterAll(() => context.targets.close());

beforeEach(async () => {
  operator = await makeUser(acme.team);
  await Operator.create({
    _id: operator.id,
    email: operator.email,
    role: 'admin',
    createdBy: 'test',
  });
  browser = await Browser.login(server.url, operator.email, operator.password);
});

const enter = (json: object = { reason, minutes: 10 }): Promise<Seen> =>
  browser.request('POST', `${base}/tenants/${globex.tenant}/support`, { json });

const teamOf = async (who = browser) =>
  ((await who.request('GET', '/team')).json as { _id?: string } | undefined)?._id;

/** What HyperDX goes by. */
const teamInMongo = async () => (await User.findById(operator.id))!.team.toHexString();

const idOf = (seen: Seen) => (seen.json as { id: string }).id;

/** The entry's time is up. */
async function expire(): Promise<void> {
  const past = new Date(Date.now() - 1_000);
  await User.updateOne({ _id: operator.id }, { $set: { 'tenancySupport.until': past } });
  await SupportEntry.updateMany({ user: operator.id }, { $set: { expiresAt: past } });
}

it('an operator enters a tenant with a reason that the tenant can read, and leaves', async () => {
  const entered = await enter();
  expect(entered.status).toBe(201);
  expect([await teamOf(), await teamInMongo()]).toEqual([globex.team, globex.team]);
  const listed = await globex.browser.request('GET', `${base}/me/support`);
  expect((listed.json as { data: object[] }).data[0]).toEqual(entered.json);
  expect(entered.json).toMatchObject({ email: operator.email, reason, endedAt: null });
  // They are not one of the tenant's people, and not to be seen by others.
  expect((await globex.browser.request('GET', '/team/members')).text).not.toContain(operator.email);
  expect((await acme.browser.request('GET', '/team/members')).text).toContain(operator.email);
  expect((await acme.browser.request('GET', `${base}/me/support`)).json).toEqual({ data: [] });

  const path = `${base}/tenants/${globex.tenant}/support/${idOf(entered)}`;
  expect((await browser.request('DELETE', path)).status).toBe(204);
  expect([await teamOf(), await teamInMongo()]).toEqual([acme.team, acme.team]);
  const after = await globex.browser.request('GET', `${base}/me/support`);
  expect((after.json as { data: { endedAt: string | null }[] }).data[0]!.endedAt).not.toBeNull();
  const audit = await server.request('GET', `${base}/audit?tenant=${globex.tenant}&limit=2`);
  expect(audit.json['data']).toMatchObject([
    { action: 'support.end', actor: { id: operator.id }, outcome: 'ok' },
    { action: 'support.begin', actor: { id: operator.id }, asked: { reason, minutes: 10 } },
  ]);
});

it('it ends by itself: for our routes at once, for HyperDX with the task', async () => {
  await enter();
  await expire();
  await endExpiredSupport(context);
  expect(await teamInMongo()).toBe(acme.team);
  const [entry] = await SupportEntry.find({ user: operator.id });
  expect(entry!.endedAt).not.toBeNull();
  const audit = await server.request('GET', `${base}/audit?action=support.end&limit=1`);
  expect(audit.json['data']).toMatchObject([{ actor: { kind: 'system', id: 'support' } }]);

  expect((await enter()).status).toBe(201);
  await expire();
  expect(await teamOf()).toBe(acme.team);
  expect(await teamInMongo()).toBe(acme.team);
});

it('it ends with the rights of who was let in', async () => {
  await enter();
  await Operator.deleteOne({ _id: operator.id });
  expect(await teamOf()).toBe(acme.team);
  await endExpiredSupport(context);
  expect((await SupportEntry.findOne({ user: operator.id }))!.endedAt).not.toBeNull();
});

it('what a crash left half done is completed', async () => {
  const entry = idOf(await enter());
  // Back in their own team, and nobody has written it down.
  await User.updateOne(
    { _id: operator.id },
    { $set: { team: acme.team }, $unset: { tenancySupport: 1 } },
  );
  await SupportEntry.updateOne({ _id: entry }, { $set: { expiresAt: new Date(0) } });
  await endExpiredSupport(context);
  expect((await SupportEntry.findById(entry))!.endedAt).not.toBeNull();
  expect(await teamInMongo()).toBe(acme.team);
});

it('one is in one tenant at a time, and switches no teams meanwhile', async () => {
  expect((await enter()).status).toBe(201);
  expect((await enter()).status).toBe(409);
  const json = { team: acme.team };
  expect((await browser.request('POST', `${base}/me/team`, { json })).status).toBe(409);
  const teams = await browser.request('GET', `${base}/me/teams`);
  expect((teams.json as { data: object[] }).data).toMatchObject([
    { id: acme.team, current: false, supportUntil: null },
    { id: globex.team, current: true, supportUntil: expect.any(String) as string },
  ]);
});

it('nothing of it outlasts it: whom a team takes in and puts out is for its people to say', async () => {
  await enter();
  const email = 'supporter.two@users.example';
  const calls = [
    ['POST', '/team/invitation', { email }],
    ['GET', '/team/invitations', undefined],
    ['DELETE', `/team/invitation/${new Types.ObjectId().toHexString()}`, undefined],
    ['DELETE', `/team/member/${globex.user.id}`, undefined],
  ] as const;
  for (const [method, path, json] of calls) {
    const options = json === undefined ? {} : { json };
    const bySession = await browser.request(method, path, options);
    const headers = { authorization: `Bearer ${operator.accessKey}` };
    const byKey = await new Browser(server.url).request(method, `/api/v2${path}`, {
      ...options,
      headers,
    });
    expect([path, bySession.status, byKey.status]).toEqual([path, 403, 403]);
  }
  expect(await TeamInvite.exists({ email })).toBeNull();
  expect(await User.exists({ _id: globex.user.id })).not.toBeNull();
});

it.each([
  ['no reason', { minutes: 10 }],
  ['a reason of nothing', { reason: '   ', minutes: 10 }],
  ['no end', { reason }],
  ['longer than a day', { reason, minutes: 481 }],
  ['no time', { reason, minutes: 0 }],
])('%s: refused', async (_what, json) => {
  const seen = await enter(json);
  expect([seen.status, (seen.json as { code: string }).code]).toEqual([400, 'invalid_request']);
  expect(await teamInMongo()).toBe(acme.team);
});

it("another tenant's team, a stranger's id, one's own team: refused", async () => {
  const foreign = await enter({ reason, minutes: 10, team: acme.team });
  expect(foreign.status).toBe(404);
  const nowhere = `${base}/tenants/${new Types.ObjectId().toHexString()}/support`;
  const json = { reason, minutes: 10 };
  expect((await browser.request('POST', nowhere, { json })).status).toBe(404);
  const own = await browser.request('POST', `${base}/tenants/${acme.tenant}/support`, { json });
  expect(own.status).toBe(400);
  const entered = await enter();
  const crossed = `${base}/tenants/${acme.tenant}/support/${idOf(entered)}`;
  expect((await browser.request('DELETE', crossed)).status).toBe(404);
  expect(await teamInMongo()).toBe(globex.team);
});

it("a tenant's people cannot do any of it", async () => {
  const path = `${base}/tenants/${globex.tenant}/support`;
  const json = { reason, minutes: 10 };
  expect((await acme.browser.request('POST', path, { json })).status).toBe(403);
  expect((await acme.browser.request('GET', path)).status).toBe(403);
  expect(await teamOf(acme.browser)).toBe(acme.team);
});

it('a page of another site cannot use an operator’s session', async () => {
  const headers = { origin: 'https://evil.example' };
  const path = `${base}/tenants/${globex.tenant}/support`;
  const seen = await browser.request('POST', path, { json: { reason, minutes: 10 }, headers });
  expect(seen.status).toBe(403);
  // A form of a page is no JSON, wherever it comes from.
  const form = await browser.request('POST', path, { form: { reason, minutes: '10' } });
  expect(form.status).toBe(415);
  expect(await teamInMongo()).toBe(acme.team);
});
