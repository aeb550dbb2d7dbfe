import { randomUUID } from 'node:crypto';

import { listAdminRoutes } from '@hyperdx-tenancy/domain/contracts/routes';
import type { NamedAdminRoute } from '@hyperdx-tenancy/domain/contracts/routes';
import { Types } from 'mongoose';
import type { Model } from 'mongoose';

import { Browser, makeUser as makeLogin } from '../../../__tests__/browser';
import { heardAgent } from '../../../controllers/__tests__/heardAgent';
import { recordAgents } from '../../../controllers/collectorAgents';
import { useServer } from '../../../fixtures';
import type { Answer } from '../../../fixtures';
import { models } from '../../../models';
import AuditEvent from '../../../models/auditEvent';
import CollectorGroup from '../../../models/collectorGroup';
import CollectorToken from '../../../models/collectorToken';
import Operator from '../../../models/operator';
import OperatorToken from '../../../models/operatorToken';
import SupportEntry from '../../../models/supportEntry';
import User from '../../../models/user';
import { hashToken, newToken } from '../../../utils/secrets';
import { behindProxy, storeToken, storeUser } from './operatorFixtures';

const routes = listAdminRoutes();

/**
 * Who may call what, stated a second time: a route is added to the table and here, after thought about who should be
 * able to call it. Neither list is made from the other.
 */
const expected: Record<string, 'viewer' | 'admin'> = {
  'tenants.create': 'admin',
  'tenants.list': 'viewer',
  'tenants.get': 'viewer',
  'tenants.retry': 'admin',
  'tenants.update': 'admin',
  'tenants.effective': 'viewer',
  'tenants.door': 'admin',
  'tenants.apply': 'admin',
  'tenants.rotate': 'admin',
  'invitations.create': 'admin',
  'support.begin': 'admin',
  'support.list': 'viewer',
  'support.end': 'admin',
  'targets.list': 'viewer',
  'plans.list': 'viewer',
  'secret.show': 'viewer',
  'secret.rotate': 'admin',
  'collectorTokens.create': 'admin',
  'collectorTokens.list': 'viewer',
  'collectorTokens.rotate': 'admin',
  'collectorTokens.delete': 'admin',
  'collectorGroups.create': 'admin',
  'collectorGroups.list': 'viewer',
  'collectorGroups.get': 'viewer',
  'collectorGroups.update': 'admin',
  'collectorGroups.delete': 'admin',
  'collectorGroups.config': 'viewer',
  'collectorGroups.exportConfig': 'admin',
  'collectorGroups.revisions': 'viewer',
  'collectorGroups.revision': 'viewer',
  'collectorGroups.rollout': 'admin',
  'collectorAgents.list': 'viewer',
  'collectorAgents.get': 'viewer',
  'collectorAgents.forget': 'admin',
  'operatorTokens.create': 'admin',
  'operatorTokens.list': 'viewer',
  'operatorTokens.delete': 'admin',
  'operators.list': 'viewer',
  'operators.set': 'admin',
  'operators.delete': 'admin',
  'audit.list': 'viewer',
  'openapi.get': 'viewer',
  'doctor.examine': 'viewer',
};

interface Sample {
  /** Values of the path's parameters. */
  params?: Record<string, string>;
  body?: object;
}

// Many requests a test, on engines that may be slow; none of it is about time.
jest.setTimeout(120_000);

// Each call comes from an address of its own: how many may fail is another test's subject.
const { server } = useServer(behindProxy);
/** A tenant's ids, and texts that no refusal may repeat. */
let acme: { id: string; team: string; apiKey: string };
let globex: typeof acme;
const canaries = new Set<string>();
const tokens: Record<string, string> = {};
/** Of those who come by HyperDX's session. */
const cookies: Record<string, string> = {};

async function makeTenant(name: string): Promise<typeof acme> {
  const { json } = await server.request('POST', '/tenancy/v1/tenants', { body: { name } });
  const [team] = json['teams'] as { id: string; apiKey: string }[];
  const tenant = { id: String(json['id']), team: team!.id, apiKey: team!.apiKey };
  for (const text of [name, tenant.id, tenant.team, tenant.apiKey]) canaries.add(text);
  return tenant;
}

async function makeUser(team: string): ReturnType<typeof storeUser> {
  const user = await storeUser(team);
  canaries.add(user.email);
  return user;
}

async function makeOperatorUser(role: 'viewer' | 'admin'): Promise<string> {
  const { id, email, accessKey } = await makeUser(acme.team);
  await Operator.create({ _id: id, email, role, createdBy: 'test' });
  return accessKey;
}

/** Signs a new user in, as an operator where a role is given. */
async function signIn(role?: 'viewer' | 'admin'): Promise<Browser> {
  const { id, email, password } = await makeLogin(acme.team);
  canaries.add(email);
  if (role) await Operator.create({ _id: id, email, role, createdBy: 'test' });
  return Browser.login(server.url, email, password);
}

async function storeCollectorToken(): Promise<string> {
  const group = { kind: 'shared', target: 'default' } as const;
  return (await CollectorToken.create({ name: 'x', hash: randomUUID(), group })).id;
}

async function storeCollectorGroup(): Promise<string> {
  const _id = `named:g-${randomUUID()}`;
  await CollectorGroup.create({ _id, target: 'default', members: 'all', version: 1 });
  return _id;
}

/** A collector of the other tenant, heard of an hour ago. */
async function storeGoneAgent(): Promise<string> {
  const instanceUid = randomUUID().replaceAll('-', '');
  await recordAgents([heardAgent({ shard: `dedicated:${globex.team}`, instanceUid }, 3_600_000)]);
  return instanceUid;
}

let retention = 100;
/** Another one each time: what is set already would be no change. */
function nextRetention(): number {
  retention += 1;
  return retention;
}

/** A request that an admin would get through, and that would change something: a gate that fails cannot go unseen. */
const samples: Record<string, () => Promise<Sample> | Sample> = {
  'tenants.create': () => ({ body: { name: `Made ${randomUUID()}` } }),
  'tenants.list': () => ({}),
  'tenants.get': () => ({ params: { id: globex.id } }),
  'tenants.retry': () => ({ params: { id: globex.id } }),
  'tenants.update': () => ({
    params: { id: globex.id },
    body: { settings: { retentionHours: { logs: nextRetention() } } },
  }),
  'tenants.effective': () => ({ params: { id: globex.id } }),
  'tenants.door': () => ({ params: { id: globex.id } }),
  'tenants.apply': () => ({ params: { id: globex.id } }),
  'tenants.rotate': () => ({ params: { id: globex.id }, body: {} }),
  'invitations.create': () => ({
    params: { id: globex.id },
    body: { email: `${randomUUID()}@users.example` },
  }),
  'support.begin': () => ({
    params: { id: globex.id },
    body: { reason: 'They asked for help.', minutes: 5 },
  }),
  'support.list': () => ({ params: { id: globex.id } }),
  'support.end': async () => {
    const now = new Date();
    const entry = await SupportEntry.create({
      tenant: new Types.ObjectId(globex.id),
      team: new Types.ObjectId(globex.team),
      user: new Types.ObjectId(),
      email: 'support@operators.example',
      reason: 'They asked for help.',
      startedAt: now,
      expiresAt: now,
    });
    return { params: { id: globex.id, entry: entry.id } };
  },
  'targets.list': () => ({}),
  'plans.list': () => ({}),
  'secret.show': () => ({}),
  'secret.rotate': () => ({}),
  'collectorTokens.create': () => ({ body: { name: 'x', group: { kind: 'shared' } } }),
  'collectorTokens.list': () => ({}),
  'collectorTokens.rotate': async () => ({
    params: { id: await storeCollectorToken() },
    body: { overlapMinutes: 5 },
  }),
  'collectorTokens.delete': async () => ({ params: { id: await storeCollectorToken() } }),
  'collectorGroups.create': () => ({
    body: { name: `g-${randomUUID()}`, members: { tenants: [globex.id] } },
  }),
  'collectorGroups.list': () => ({}),
  'collectorGroups.get': () => ({ params: { group: 'shared:default' } }),
  'collectorGroups.update': () => ({
    params: { group: `dedicated:${globex.team}` },
    body: { options: { memoryLimitMiB: nextRetention() } },
  }),
  'collectorGroups.delete': async () => ({ params: { group: await storeCollectorGroup() } }),
  'collectorGroups.config': () => ({ params: { group: `dedicated:${globex.team}` } }),
  'collectorGroups.exportConfig': () => ({ params: { group: `dedicated:${globex.team}` } }),
  'collectorGroups.revisions': () => ({ params: { group: `dedicated:${globex.team}` } }),
  'collectorGroups.revision': () => ({
    params: { group: `dedicated:${globex.team}`, number: '1' },
  }),
  'collectorGroups.rollout': async () => ({
    params: { group: await storeCollectorGroup() },
    body: { action: 'pause' },
  }),
  'collectorAgents.list': () => ({}),
  'collectorAgents.get': async () => ({ params: { uid: await storeGoneAgent() } }),
  'collectorAgents.forget': async () => ({ params: { uid: await storeGoneAgent() } }),
  'operatorTokens.create': () => ({ body: { name: 'x', role: 'admin' } }),
  'operatorTokens.list': () => ({}),
  'operatorTokens.delete': async () => ({ params: { id: (await storeToken('viewer')).id } }),
  'operators.list': () => ({}),
  'operators.set': async () => ({
    params: { user: (await makeUser(globex.team)).email },
    body: { role: 'admin' },
  }),
  'operators.delete': async () => {
    const { id, email } = await makeUser(globex.team);
    await Operator.create({ _id: id, email, role: 'viewer', createdBy: 'test' });
    return { params: { user: id } };
  },
  'audit.list': () => ({}),
  'openapi.get': () => ({}),
  'doctor.examine': () => ({}),
};

/** Everybody who might call, and as what they count. */
const callers: { who: string; as: 'admin' | 'viewer' | 'stranger' | 'nobody' }[] = [
  { who: 'the bootstrap token', as: 'admin' },
  { who: "an admin's token", as: 'admin' },
  { who: "an admin's access key", as: 'admin' },
  { who: "an admin's session", as: 'admin' },
  { who: "a viewer's token", as: 'viewer' },
  { who: "a viewer's access key", as: 'viewer' },
  { who: "a viewer's session", as: 'viewer' },
  { who: "a tenant member's session", as: 'stranger' },
  { who: "a tenant member's access key", as: 'stranger' },
  { who: "another tenant's member's access key", as: 'stranger' },
  { who: "a former operator's access key", as: 'stranger' },
  { who: 'an expired token', as: 'nobody' },
  { who: 'a revoked token', as: 'nobody' },
  { who: 'garbage in the form of a token', as: 'nobody' },
  { who: 'garbage', as: 'nobody' },
  { who: "a tenant's ingestion key", as: 'nobody' },
  { who: 'a collector token', as: 'nobody' },
  { who: "the hash of an admin's token", as: 'nobody' },
  { who: 'a session that has ended', as: 'nobody' },
  { who: 'nobody', as: 'nobody' },
];

beforeAll(async () => {
  acme = await makeTenant('Acme Canary');
  globex = await makeTenant('Globex Canary');
  const revoked = await storeToken('admin');
  await OperatorToken.deleteOne({ _id: revoked.id });
  const admin = await storeToken('admin');
  Object.assign(tokens, {
    'the bootstrap token': server.config.adminToken,
    "an admin's token": admin.token,
    "an admin's access key": await makeOperatorUser('admin'),
    "a viewer's token": (await storeToken('viewer')).token,
    "a viewer's access key": await makeOperatorUser('viewer'),
    "a tenant member's access key": (await makeUser(acme.team)).accessKey,
    "another tenant's member's access key": (await makeUser(globex.team)).accessKey,
    'an expired token': (await storeToken('admin', { expiresAt: new Date(Date.now() - 1_000) }))
      .token,
    'a revoked token': revoked.token,
    'garbage in the form of a token': newToken('hdxo'),
    garbage: 'garbage',
    "a tenant's ingestion key": acme.apiKey,
    'a collector token': server.config.collectorToken,
    "the hash of an admin's token": hashToken(admin.token),
  });
  const ended = await signIn('admin');
  const endedCookie = await ended.cookies.getCookieString(server.url);
  await ended.request('GET', '/logout');
  Object.assign(cookies, {
    "an admin's session": await (await signIn('admin')).cookies.getCookieString(server.url),
    "a viewer's session": await (await signIn('viewer')).cookies.getCookieString(server.url),
    "a tenant member's session": await (await signIn()).cookies.getCookieString(server.url),
    'a session that has ended': endedCookie,
  });
  const former = await makeOperatorUser('admin');
  const user = await User.findOne({ accessKey: former }).lean();
  await Operator.deleteOne({ _id: user?._id });
  tokens["a former operator's access key"] = former;
}, 120_000);

/** All documents, for comparing before and after a call that must change nothing. */
async function everything(): Promise<string> {
  const all = await Promise.all(
    models.map((model) =>
      (model as unknown as Model<Record<string, unknown>>).find().sort({ _id: 1 }).lean(),
    ),
  );
  // That a viewer's token was used is written down whatever it was used for.
  return JSON.stringify(all, (key, value: unknown) => (key === 'lastUsedAt' ? null : value));
}

let calls = 0;

async function call(
  route: NamedAdminRoute,
  who: string,
  { params = {}, body }: Sample,
): Promise<Answer & { requestId: string }> {
  const path = Object.entries(params).reduce<string>(
    (filled, [name, value]) => filled.replace(`:${name}`, encodeURIComponent(value)),
    route.path,
  );
  const requestId = randomUUID();
  calls += 1;
  const answer = await server.request(route.method.toUpperCase(), `/tenancy/v1${path}`, {
    headers: {
      authorization: tokens[who] === undefined ? '' : `Bearer ${tokens[who]}`,
      ...(cookies[who] === undefined ? {} : { cookie: cookies[who] }),
      'x-forwarded-for': `10.1.${calls >> 8}.${calls & 255}`,
      'x-request-id': requestId,
    },
    ...(body === undefined ? {} : { body }),
  });
  return { ...answer, requestId };
}

function refusal(caller: (typeof callers)[number], route: NamedAdminRoute): number | undefined {
  if (caller.as === 'nobody') return 401;
  if (caller.as === 'stranger') return 403;
  return caller.as === 'viewer' && expected[route.name] === 'admin' ? 403 : undefined;
}

it('every route has been thought of: who may call it, and what a call looks like', () => {
  const stated = Object.fromEntries(routes.map(({ name, role }) => [name, role]));
  expect(stated).toEqual(expected);
  expect(Object.keys(samples).sort()).toEqual(Object.keys(stated).sort());
});

describe.each(callers)('$who', (caller) => {
  const refused = routes.filter((route) => refusal(caller, route) !== undefined);
  const allowed = routes.filter((route) => refusal(caller, route) === undefined);

  if (refused.length > 0) {
    it(`is refused on ${refused.length} of ${routes.length} routes, changes nothing and learns nothing`, async () => {
      const ready: [NamedAdminRoute, Sample][] = [];
      for (const route of refused) ready.push([route, await samples[route.name]!()]);
      // Once for all of them: a change that got through stays, with its audit event.
      const before = await everything();
      for (const [route, sample] of ready) {
        const answer = await call(route, caller.who, sample);
        expect([route.name, answer.status]).toEqual([route.name, refusal(caller, route)]);
        expect(answer.json['code']).toBe(answer.status === 401 ? 'unauthorized' : 'forbidden');
        for (const canary of canaries) expect(answer.text).not.toContain(canary);
      }
      expect(await everything()).toBe(before);
    }, 120_000);
  }

  if (allowed.length > 0) {
    it(`gets through on ${allowed.length} of ${routes.length} routes, and each change it makes is in the audit`, async () => {
      for (const route of allowed) {
        const answer = await call(route, caller.who, await samples[route.name]!());
        expect([401, 403, 429, 500, 503]).not.toContain(answer.status);
        expect(answer.text).not.toContain('There is no route');
        const events = await AuditEvent.find({ requestId: answer.requestId }).lean();
        expect([route.name, events.length]).toEqual([route.name, route.changes ? 1 : 0]);
        expect(Object.keys(route.responses)).toContain(String(answer.status));
      }
    }, 120_000);
  }
});

it('all tokens that are not good are refused in the same words', async () => {
  const route = routes.find(({ name }) => name === 'tenants.list')!;
  const answers = await Promise.all(
    callers.filter(({ as }) => as === 'nobody').map(({ who }) => call(route, who, {})),
  );
  expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
});

it.each(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])(
  'a route that nobody has thought of is not there: %s',
  async (method) => {
    const id = new Types.ObjectId().toHexString();
    const headers = { 'x-forwarded-for': '10.2.0.1' };
    for (const path of ['/tenancy/v1/anything', `/tenancy/v1/tenants/${id}/anything`]) {
      const unknown = await server.request(method, path, { headers });
      expect([unknown.status, unknown.json['code']]).toEqual([404, 'not_found']);
      const nobody = await server.request(method, path, {
        headers: { ...headers, authorization: 'Bearer garbage' },
      });
      expect(nobody.status).toBe(401);
    }
  },
);
