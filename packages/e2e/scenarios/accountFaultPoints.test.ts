import { insertUser } from '@hyperdx-tenancy/devkit/fakes';
import { waitFor } from '@hyperdx-tenancy/devkit/process';
import { MongoClient, ObjectId } from 'mongodb';
import type { Db, Document } from 'mongodb';

import { Browser } from './browser';
import { PASSWORD } from './people';
import { startBackend } from '../harness/stack';
import type { Backend } from '../harness/stack';

let backend: Backend;
let mongo: MongoClient;
let db: Db;

beforeAll(async () => {
  backend = await startBackend();
  mongo = await new MongoClient(backend.mongo.uri).connect();
  db = mongo.db();
}, 180_000);

afterAll(async () => {
  await mongo.close();
  await backend.stop();
}, 60_000);

/** What the API takes for the UI where nothing else is said. */
const FRONTEND_URL = 'http://localhost:8080';
const newBrowser = (): Browser => new Browser(FRONTEND_URL, backend.api.url);

/** The process dies under this request at this point: there is no answer. Then another one is started. */
async function killedAt(point: string, request: () => Promise<unknown>): Promise<void> {
  await backend.api.restartWith({ TENANCY_FAULT_POINT: point });
  await expect(request()).rejects.toThrow();
  expect((await backend.api.exited()).signal).toBe('SIGKILL');
  await backend.api.restartWith({});
}

const count = (collection: string, of: Document = {}): Promise<number> =>
  db.collection(collection).countDocuments(of);

describe('a registration', () => {
  const ada = { email: 'ada@example.com', password: PASSWORD, confirmPassword: PASSWORD };
  const register = (): Promise<Response> =>
    newBrowser().request('POST', '/register/password', { json: ada });

  it('that is killed at one point after the other comes to one tenant, with one user who is an operator', async () => {
    const points = ['claimed', 'tenant', 'operator'].map((name) => `registration.${name}`);
    for (const point of ['released', ...points]) {
      await killedAt(point, register);
      expect(await (await newBrowser().get('/installation')).json()).toEqual({
        isTeamExisting: false,
      });
      // Two minutes later: whoever died over it is taken for dead.
      const registration = db.collection('tenancyregistration');
      await registration.updateMany({}, { $set: { until: new Date(0) } });
    }
    await killedAt('registration.user', register);
    // All there is, but for the answer: who comes again is told, and signs in.
    expect((await register()).status).toBe(409);
    const browser = newBrowser();
    expect(await browser.logIn(ada.email, PASSWORD)).toBe(`${FRONTEND_URL}/`);
    expect((await browser.get('/tenancy/v1/tenants')).status).toBe(200);
    const collections = ['tenants', 'teams', 'connections', 'users', 'tenancyoperators'];
    expect(await Promise.all(collections.map((name) => count(name)))).toEqual([1, 1, 1, 1, 1]);
    expect(await count('sources')).toBe(4);
  }, 180_000);
});

describe('of two teams', () => {
  let acme: ObjectId;
  let globex: ObjectId;
  let globexTenant: string;
  let boss: Browser;

  async function makeTeam(name: string): Promise<{ tenant: string; team: ObjectId }> {
    const { id, teams } = await backend.api.createTenant(name);
    return { tenant: id, team: new ObjectId(teams[0]!.id) };
  }

  async function signedIn(email: string): Promise<Browser> {
    const browser = newBrowser();
    await browser.logIn(email, PASSWORD);
    return browser;
  }

  beforeAll(async () => {
    ({ team: acme } = await makeTeam('Acme'));
    ({ team: globex, tenant: globexTenant } = await makeTeam('Globex'));
    await insertUser(db, globex, { email: 'boss@example.com', password: PASSWORD });
    boss = await signedIn('boss@example.com');
  }, 60_000);

  const userOf = async (email: string): Promise<Document> =>
    (await db.collection('users').findOne({ email }))!;

  /** Whoever is in a team belongs to it, however their last change ended. */
  async function expectAtHome(email: string): Promise<void> {
    const { _id, team } = (await userOf(email)) as { _id: ObjectId; team: ObjectId };
    const rows = await db.collection('tenancymemberships').find({ user: _id }).toArray();
    if (rows.length > 0) expect(rows.map(({ team: one }) => String(one))).toContain(String(team));
  }

  async function invite(email: string): Promise<string> {
    const response = await boss.request('POST', '/team/invitation', { json: { email } });
    const { url } = (await response.json()) as { url: string };
    return new URL(url).searchParams.get('token')!;
  }

  const take = (token: string, browser = newBrowser()): Promise<Response> =>
    browser.request('POST', `/team/setup/${token}`, { form: { password: PASSWORD } });

  it('an invitation that a new person was taking can be taken again', async () => {
    const email = 'new@example.com';
    const token = await invite(email);
    await killedAt('invite.accepted', () => take(token));
    expect((await take(token)).status).toBe(303);
    expect([await count('users', { email }), await count('teaminvites', { email })]).toEqual([
      1, 0,
    ]);
    expect((await take(token)).status).toBe(401);
  }, 60_000);

  it.each(['membership.row', 'switch.written', 'invite.accepted'])(
    'one that somebody with an account was taking can be taken again: %s',
    async (point) => {
      const email = `${point}@example.com`.toLowerCase();
      await insertUser(db, acme, { email, password: PASSWORD });
      const token = await invite(email);
      await killedAt(point, () => take(token));
      await expectAtHome(email);
      const browser = newBrowser();
      expect((await take(token, browser)).status).toBe(303);
      const teams = (await (await browser.get('/tenancy/v1/me/teams')).json()) as {
        data: { name: string; current: boolean }[];
      };
      expect(teams.data).toMatchObject([
        { name: 'Acme', current: false },
        { name: 'Globex', current: true },
      ]);
    },
    60_000,
  );

  it.each(['removal.handedOver', 'removal.movedOut', 'removal.row'])(
    'who was being removed from one of theirs is out of it, at the latest by the next try: %s',
    async (point) => {
      const email = `${point}@example.com`.toLowerCase();
      const { _id: user } = await insertUser(db, globex, { email, password: PASSWORD });
      await db
        .collection('tenancymemberships')
        .insertMany([acme, globex].map((team) => ({ user, team })));
      const remove = (): Promise<Response> =>
        boss.request('DELETE', `/team/member/${user.toHexString()}`);
      await killedAt(point, remove);
      await expectAtHome(email);
      expect([200, 404]).toContain((await remove()).status);
      expect(await count('tenancymemberships', { user, team: globex })).toBe(0);
      expect((await userOf(email))['team']).toEqual(acme);
    },
    60_000,
  );

  it.each(['removal.handedOver', 'removal.deleted'])(
    'who was being removed from their only one is gone, at the latest by the next try: %s',
    async (point) => {
      const email = `only.${point}@example.com`.toLowerCase();
      const { _id: user } = await insertUser(db, globex, { email, password: PASSWORD });
      const browser = await signedIn(email);
      const remove = (): Promise<Response> =>
        boss.request('DELETE', `/team/member/${user.toHexString()}`);
      await killedAt(point, remove);
      expect([200, 404]).toContain((await remove()).status);
      expect((await browser.get('/me')).status).toBe(401);
    },
    60_000,
  );

  it.each(['support.entry', 'support.entered', 'support.left'])(
    'support ends by itself whatever died over it: %s',
    async (point) => {
      const email = `${point}@example.com`.toLowerCase();
      const { _id } = await insertUser(db, acme, { email, password: PASSWORD });
      await db
        .collection('tenancyoperators')
        .insertOne({ _id, email, role: 'admin', createdBy: 'test', leavingAt: null });
      const browser = await signedIn(email);
      const path = `/tenancy/v1/tenants/${globexTenant}/support`;
      const json = { reason: 'Ticket 4711', minutes: 60 };
      const enter = (): Promise<Response> => browser.request('POST', path, { json });
      if (point === 'support.left') {
        const { id } = (await (await enter()).json()) as { id: string };
        await killedAt(point, () => browser.request('DELETE', `${path}/${id}`));
      } else {
        await killedAt(point, enter);
      }
      // An hour later.
      const past = new Date(Date.now() - 1_000);
      await db.collection('tenancysupport').updateMany({}, { $set: { expiresAt: past } });
      const inside = { _id, tenancySupport: { $exists: true } };
      await db.collection('users').updateOne(inside, { $set: { 'tenancySupport.until': past } });
      const what = 'support to be over';
      const isOver = async (): Promise<boolean> =>
        (await count('tenancysupport', { user: _id, endedAt: null })) === 0;
      await waitFor(isOver, { what, timeoutMs: 20_000 });
      const { team, tenancySupport } = await userOf(email);
      expect([team, tenancySupport]).toEqual([acme, undefined]);
      expect((await enter()).status).toBe(201);
    },
    60_000,
  );

  it.each(['apiKey.written', 'apiKey.announced'])(
    'a new ingestion key is the one in the end, and the former is let go: %s',
    async (point) => {
      const teams = db.collection('teams');
      const apiKey = `chosen-${point}`;
      await killedAt(point, () => boss.request('PATCH', '/team/apiKey', { json: { apiKey } }));
      const settled = async (): Promise<boolean> =>
        (await teams.findOne({ _id: globex }))?.['previousApiKeys'] === undefined;
      await waitFor(settled, { what: 'the former key to be let go', timeoutMs: 20_000 });
      expect((await teams.findOne({ _id: globex }))?.['apiKey']).toBe(apiKey);
      expect((await boss.request('PATCH', '/team/apiKey')).status).toBe(200);
    },
    60_000,
  );
});
