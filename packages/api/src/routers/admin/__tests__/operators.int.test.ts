import { randomUUID } from 'node:crypto';

import { Types } from 'mongoose';

import type { Context } from '../../../controllers/context';
import { warnWithoutAdmin } from '../../../controllers/lastAdmin';
import { startEngines, startTestServer, testConfig } from '../../../fixtures';
import type { Answer, Engines, TestServer } from '../../../fixtures';
import Operator from '../../../models/operator';
import OperatorToken from '../../../models/operatorToken';
import User from '../../../models/user';
import { hashToken, newToken } from '../../../utils/secrets';

// Many requests a test, on engines that may be slow; none of it is about time.
jest.setTimeout(120_000);

let engines: Engines;
let server: TestServer;

beforeAll(async () => {
  engines = await startEngines();
  server = await startTestServer(testConfig(engines, { TENANCY_TRUST_PROXY: 'loopback' }));
}, 120_000);

afterAll(async () => {
  await server.stop();
  await engines.stop();
}, 60_000);

const DAY_MS = 86_400_000;
const inDays = (days: number): string => new Date(Date.now() + days * DAY_MS).toISOString();

let clients = 0;
/** An address that nobody has failed from. */
function freshAddress(): string {
  clients += 1;
  return `10.9.${clients >> 8}.${clients & 255}`;
}

interface CallOptions {
  body?: unknown;
  token?: string;
  from?: string;
  to?: TestServer;
}

function call(method: string, path: string, options: CallOptions = {}): Promise<Answer> {
  const { body, token, from = '10.8.0.1', to = server } = options;
  return to.request(method, `/tenancy/v1${path}`, {
    headers: {
      'x-forwarded-for': from,
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    ...(body === undefined ? {} : { body }),
  });
}

async function makeToken(role: string, more: object = {}): Promise<{ id: string; token: string }> {
  const { json } = await call('POST', '/operator-tokens', { body: { name: 'ci', role, ...more } });
  return { id: String(json['id']), token: String(json['token']) };
}

async function makeUser(): Promise<{ id: string; email: string; accessKey: string }> {
  const email = `${randomUUID()}@users.example`;
  const user = await User.create({
    email,
    name: 'U',
    team: new Types.ObjectId(),
    hash: 'h',
    salt: 's',
  });
  return { id: user.id, email, accessKey: user.accessKey };
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 200 && !(await holds()); i += 1) {
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  expect(await holds()).toBe(true);
}

describe('operator tokens', () => {
  it('are shown once, and stored as nothing but a hash', async () => {
    const made = await call('POST', '/operator-tokens', {
      body: { name: ' deploy ', role: 'admin', expiresAt: inDays(30) },
    });
    expect(made.status).toBe(201);
    const token = String(made.json['token']);
    expect(token).toMatch(/^hdxo_[A-Za-z0-9_-]{43}$/);
    expect(made.json).toMatchObject({
      name: 'deploy',
      role: 'admin',
      expired: false,
      createdBy: 'TENANCY_ADMIN_TOKEN',
      lastUsedAt: null,
    });
    const listed = await call('GET', '/operator-tokens');
    expect(listed.text).toContain(String(made.json['id']));
    expect(listed.text).not.toContain(token);
    expect(listed.text).not.toContain(hashToken(token));
    const stored = await OperatorToken.findById(String(made.json['id'])).lean();
    expect(stored?.hash).toBe(hashToken(token));
    expect(JSON.stringify(stored)).not.toContain(token);
  });

  it('do what their role may, until they are revoked', async () => {
    const { id, token } = await makeToken('viewer');
    expect((await call('GET', '/tenants', { token })).status).toBe(200);
    const refused = await call('POST', '/tenants', { token, body: { name: 'Nope' } });
    expect([refused.status, refused.json['code']]).toEqual([403, 'forbidden']);
    expect((await call('DELETE', `/operator-tokens/${id}`)).status).toBe(204);
    const after = await call('GET', '/tenants', { token });
    expect([after.status, after.json['code']]).toEqual([401, 'unauthorized']);
    expect((await call('DELETE', `/operator-tokens/${id}`)).status).toBe(404);
  });

  it('name who made them', async () => {
    const { token } = await makeToken('admin', { name: 'terraform' });
    const made = await call('POST', '/operator-tokens', {
      token,
      body: { name: 'child', role: 'viewer' },
    });
    expect(made.json['createdBy']).toBe('terraform');
  });

  it('record their last use, and not with each request', async () => {
    const { id, token } = await makeToken('viewer');
    const lastUse = async () => (await OperatorToken.findById(id).lean())?.lastUsedAt ?? null;
    await call('GET', '/tenants', { token });
    await until(async () => (await lastUse()) !== null);
    const first = await lastUse();
    for (let i = 0; i < 5; i += 1) await call('GET', '/tenants', { token });
    expect(await lastUse()).toEqual(first);
    await OperatorToken.updateOne({ _id: id }, { lastUsedAt: new Date(Date.now() - 61_000) });
    await call('GET', '/tenants', { token });
    await until(async () => ((await lastUse()) ?? 0) >= (first ?? 0));
  });

  it('are good until they expire', async () => {
    const { id, token } = await makeToken('admin', { expiresAt: inDays(1) });
    expect((await call('GET', '/tenants', { token })).status).toBe(200);
    await OperatorToken.updateOne({ _id: id }, { expiresAt: new Date(Date.now() - 1) });
    expect((await call('GET', '/tenants', { token })).status).toBe(401);
    const listed = await call('GET', '/operator-tokens');
    expect(listed.json['data']).toContainEqual(expect.objectContaining({ id, expired: true }));
  });

  it.each([
    ['no name', { name: '', role: 'admin' }, 'name'],
    ['a name that writes on a terminal', { name: 'a\u001b[2J', role: 'admin' }, 'name'],
    ['an unknown role', { name: 'x', role: 'owner' }, 'role'],
    ['no role', { name: 'x' }, 'role'],
    ['a time in the past', { name: 'x', role: 'viewer', expiresAt: inDays(-1) }, 'expiresAt'],
    ['a time too far ahead', { name: 'x', role: 'viewer', expiresAt: inDays(731) }, 'expiresAt'],
    [
      'a time without its zone',
      { name: 'x', role: 'viewer', expiresAt: '2030-01-01T00:00:00' },
      'expiresAt',
    ],
    ['a number for a time', { name: 'x', role: 'viewer', expiresAt: 1 }, 'expiresAt'],
    ['an unknown field', { name: 'x', role: 'viewer', hash: 'h' }, 'hash'],
  ])('are refused with %s', async (_what, body, field) => {
    const before = await OperatorToken.countDocuments();
    const answer = await call('POST', '/operator-tokens', { body });
    expect([answer.status, answer.json['code']]).toEqual([400, 'invalid_request']);
    expect(answer.json['message']).toContain(field);
    expect(await OperatorToken.countDocuments()).toBe(before);
  });
});

describe('HyperDX users as operators', () => {
  it('are named by email address, get in with their access key, and HyperDX keeps its document', async () => {
    const { id, email, accessKey } = await makeUser();
    const document = await User.findById(id).select('+hash +salt').lean();
    expect((await call('GET', '/tenants', { token: accessKey })).status).toBe(403);

    const path = `/operators/${encodeURIComponent(email.toUpperCase())}`;
    const made = await call('PUT', path, { body: { role: 'viewer' } });
    expect(made.status).toBe(201);
    expect(made.json).toMatchObject({ id, email, role: 'viewer', userExists: true });
    expect((await call('GET', '/tenants', { token: accessKey })).status).toBe(200);
    const body = { name: 'x', role: 'viewer' };
    expect((await call('POST', '/operator-tokens', { token: accessKey, body })).status).toBe(403);

    const raised = await call('PUT', `/operators/${id}`, { body: { role: 'admin' } });
    expect([raised.status, raised.json['role']]).toEqual([200, 'admin']);
    const child = await call('POST', '/operator-tokens', { token: accessKey, body });
    expect([child.status, child.json['createdBy']]).toEqual([201, email]);

    const listed = await call('GET', '/operators');
    expect(listed.json['data']).toContainEqual(expect.objectContaining({ id, role: 'admin' }));
    expect(listed.text).not.toContain(accessKey);

    expect((await call('DELETE', path)).status).toBe(204);
    expect((await call('GET', '/tenants', { token: accessKey })).status).toBe(403);
    expect(await User.findById(id).select('+hash +salt').lean()).toEqual(document);
  });

  it('tell a user who is no operator nothing', async () => {
    const { accessKey } = await makeUser();
    for (const path of ['/tenants', '/operators', '/audit', '/no-such-route']) {
      const answer = await call('GET', path, { token: accessKey, from: freshAddress() });
      expect(answer.status).toBe(403);
      expect(answer.json).toEqual({ code: 'forbidden', message: 'You are no operator.' });
    }
  });

  it('lose their rights with their user, whose address opens nothing to who takes it next', async () => {
    const { id, email, accessKey } = await makeUser();
    await call('PUT', `/operators/${email}`, { body: { role: 'admin' } });
    await User.deleteOne({ _id: id });
    expect((await call('GET', '/tenants', { token: accessKey })).status).toBe(401);
    const { data } = (await call('GET', '/operators')).json as { data: object[] };
    expect(data).toContainEqual(expect.objectContaining({ id, email, userExists: false }));

    const heir = await User.create({ email, name: 'Heir', team: new Types.ObjectId() });
    expect((await call('GET', '/tenants', { token: heir.accessKey })).status).toBe(403);
    expect((await call('DELETE', `/operators/${id}`)).status).toBe(204);
  });

  it('cannot be named where HyperDX does not know them', async () => {
    for (const user of ['nobody@users.example', new Types.ObjectId().toHexString()]) {
      const answer = await call('PUT', `/operators/${user}`, { body: { role: 'admin' } });
      expect([answer.status, answer.json['code']]).toEqual([404, 'not_found']);
      expect((await call('DELETE', `/operators/${user}`)).status).toBe(404);
    }
    for (const user of ['nobody', 'a@b@c', 'a%20b@c', `${'x'.repeat(300)}@x`, '0'.repeat(23)]) {
      const answer = await call('PUT', `/operators/${user}`, { body: { role: 'admin' } });
      expect([user, answer.status, answer.json['code']]).toEqual([user, 400, 'invalid_request']);
    }
  });
});

describe('failed logins', () => {
  const LIMIT = 20;
  const fail = (from: string) => call('GET', '/tenants', { token: newToken('hdxo'), from });
  async function exhaust(from: string): Promise<void> {
    for (let i = 0; i < LIMIT; i += 1) expect((await fail(from)).status).toBe(401);
  }

  it('are refused unseen once there were too many, with the time to wait', async () => {
    const from = freshAddress();
    await exhaust(from);
    const lookUps = [jest.spyOn(User, 'findOne'), jest.spyOn(OperatorToken, 'findOne')];
    const refused = await fail(from);
    expect([refused.status, refused.json['code']]).toEqual([429, 'too_many_attempts']);
    const seconds = Number(refused.headers.get('retry-after'));
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThanOrEqual(60);
    for (const spy of lookUps) {
      expect(spy).not.toHaveBeenCalled();
      spy.mockRestore();
    }
    expect((await fail(freshAddress())).status).toBe(401);
  });

  it('do not lock out an operator who works at the same address', async () => {
    const from = freshAddress();
    const working = await makeToken('viewer');
    expect((await call('GET', '/tenants', { token: working.token, from })).status).toBe(200);
    await exhaust(from);
    expect((await call('GET', '/tenants', { token: working.token, from })).status).toBe(200);
    expect((await call('GET', '/tenants', { from })).status).toBe(200);

    // Not one that never got in, and no longer one that was revoked meanwhile.
    const fresh = await makeToken('viewer');
    expect((await call('GET', '/tenants', { token: fresh.token, from })).status).toBe(429);
    await call('DELETE', `/operator-tokens/${working.id}`);
    expect((await call('GET', '/tenants', { token: working.token, from })).status).toBe(401);
    expect((await call('GET', '/tenants', { token: working.token, from })).status).toBe(429);
  });

  it('are counted by IPv6 network, and by the proxy where that passes on no address', async () => {
    clients += 1;
    for (let i = 0; i < LIMIT; i += 1) await fail(`2001:db8:${clients}::${i}`);
    expect((await fail(`2001:db8:${clients}:0:ffff::`)).status).toBe(429);
    expect((await fail(`2001:db8:${clients}:1::1`)).status).toBe(401);
    for (let i = 0; i < LIMIT; i += 1) await fail(`not-an-address-${i}`);
    expect((await fail('something-else')).status).toBe(429);
  });

  it('are looked up only where they could be a token', async () => {
    const lookUp = jest.spyOn(User, 'findOne');
    const token = 'x'.repeat(513);
    expect((await call('GET', '/tenants', { token, from: freshAddress() })).status).toBe(401);
    expect(lookUp).not.toHaveBeenCalled();
    lookUp.mockRestore();
  });

  it('are no failures where nothing was sent, or the right token', async () => {
    const from = freshAddress();
    const { token } = await makeToken('viewer');
    for (let i = 0; i < LIMIT + 5; i += 1) {
      const nobody = await server.request('GET', '/tenancy/v1/tenants', {
        headers: { authorization: '', 'x-forwarded-for': from },
      });
      expect(nobody.status).toBe(401);
      expect((await call('GET', '/tenants', { token, from })).status).toBe(200);
    }
    expect((await fail(from)).status).toBe(401);
  });

  it("are counted by the connection's address where no proxy is trusted", async () => {
    const direct = await startTestServer(testConfig(engines));
    try {
      for (let i = 0; i < LIMIT; i += 1) {
        const token = newToken('hdxo');
        await call('GET', '/tenants', { token, from: freshAddress(), to: direct });
      }
      const token = newToken('hdxo');
      const blocked = await call('GET', '/tenants', { token, from: freshAddress(), to: direct });
      expect(blocked.status).toBe(429);
    } finally {
      await direct.stop();
      // The two share one connection to MongoDB, which the first to stop closes.
      await server.stop();
      server = await startTestServer(server.config);
    }
  }, 60_000);
});

describe('without TENANCY_ADMIN_TOKEN', () => {
  let alone: TestServer;
  let admin: { id: string; token: string };

  async function store(role: 'admin' | 'viewer', more: object = {}): Promise<typeof admin> {
    const token = newToken('hdxo');
    const made = await OperatorToken.create({
      name: 'stored',
      role,
      createdBy: 'test',
      hash: hashToken(token),
      ...more,
    });
    return { id: made.id, token };
  }

  beforeAll(async () => {
    await server.stop();
    alone = await startTestServer(
      testConfig(engines, { TENANCY_ADMIN_TOKEN: '', TENANCY_TRUST_PROXY: 'loopback' }),
    );
  }, 60_000);

  beforeEach(async () => {
    await Promise.all([OperatorToken.deleteMany(), Operator.deleteMany()]);
    admin = await store('admin');
  });

  afterAll(async () => {
    await alone.stop();
    server = await startTestServer(server.config);
  }, 60_000);

  const as = (token: string, method: string, path: string, body?: object): Promise<Answer> =>
    call(method, path, { token, to: alone, ...(body ? { body } : {}) });

  it('it opens nothing', async () => {
    for (const token of [String(server.config.adminToken), 'undefined', 'null']) {
      expect((await as(token, 'GET', '/tenants')).status).toBe(401);
    }
    expect((await as(admin.token, 'GET', '/tenants')).status).toBe(200);
  });

  it('the last admin cannot go, and another one can', async () => {
    await store('viewer');
    await store('admin', { expiresAt: new Date(Date.now() - 1) });
    const gone = await makeUser();
    await Operator.create({ _id: gone.id, email: gone.email, role: 'admin', createdBy: 'test' });
    await User.deleteOne({ _id: gone.id });

    const refused = await as(admin.token, 'DELETE', `/operator-tokens/${admin.id}`);
    expect([refused.status, refused.json['code']]).toEqual([409, 'last_admin']);
    expect((await as(admin.token, 'GET', '/tenants')).status).toBe(200);

    const user = await makeUser();
    expect((await as(admin.token, 'PUT', `/operators/${user.id}`, { role: 'admin' })).status).toBe(
      201,
    );
    expect((await as(admin.token, 'DELETE', `/operator-tokens/${admin.id}`)).status).toBe(204);
    for (const [method, body] of [
      ['DELETE', undefined],
      ['PUT', { role: 'viewer' }],
    ] as const) {
      const last = await as(user.accessKey, method, `/operators/${user.id}`, body);
      expect([last.status, last.json['code']]).toEqual([409, 'last_admin']);
    }
    expect((await as(user.accessKey, 'GET', '/operators')).json['data']).toContainEqual(
      expect.objectContaining({ id: user.id, role: 'admin' }),
    );
  });

  it('of two admins who remove each other at once, at least one stays', async () => {
    for (let round = 0; round < 10; round += 1) {
      await OperatorToken.deleteMany();
      const [a, b] = [await store('admin'), await store('admin')];
      await Promise.all([
        as(a.token, 'DELETE', `/operator-tokens/${b.id}`),
        as(b.token, 'DELETE', `/operator-tokens/${a.id}`),
      ]);
      expect(await OperatorToken.countDocuments({ role: 'admin' })).toBeGreaterThan(0);
    }
  });

  it('a removal that died half way holds nothing up for long', async () => {
    const marked = await store('admin', { leavingAt: new Date(Date.now() - 61_000) });
    expect((await as(admin.token, 'DELETE', `/operator-tokens/${admin.id}`)).status).toBe(204);
    expect((await as(marked.token, 'GET', '/tenants')).status).toBe(200);
  });

  it('the start says so where nobody could get in', async () => {
    const lines: string[] = [];
    const context = {
      now: () => new Date(),
      log: { warn: (text: string) => lines.push(text) },
    } as unknown as Context;
    await warnWithoutAdmin({ bootstrap: false }, context);
    expect(lines).toEqual([]);
    await OperatorToken.deleteMany();
    await warnWithoutAdmin({ bootstrap: true }, context);
    expect(lines).toEqual([]);
    await warnWithoutAdmin({ bootstrap: false }, context);
    expect(lines).toEqual([expect.stringContaining('TENANCY_ADMIN_TOKEN')]);
  });
});
