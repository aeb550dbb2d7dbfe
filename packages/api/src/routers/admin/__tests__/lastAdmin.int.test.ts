import type { Context } from '../../../controllers/context';
import { warnWithoutAdmin } from '../../../controllers/lastAdmin';
import { useServer } from '../../../fixtures';
import type { Answer } from '../../../fixtures';
import Operator from '../../../models/operator';
import OperatorToken from '../../../models/operatorToken';
import User from '../../../models/user';
import { behindProxy, callsTo, storeToken, storeUser } from './operatorFixtures';
import type { MadeToken } from './operatorFixtures';

// Many requests a test, on engines that may be slow; none of it is about time.
jest.setTimeout(120_000);

const { server } = useServer({ env: { ...behindProxy.env, TENANCY_ADMIN_TOKEN: '' } });
const call = callsTo(server);

describe('without TENANCY_ADMIN_TOKEN', () => {
  let admin: MadeToken;

  beforeEach(async () => {
    await Promise.all([OperatorToken.deleteMany(), Operator.deleteMany()]);
    admin = await storeToken('admin');
  });

  const as = (token: string, method: string, path: string, body?: object): Promise<Answer> =>
    call(method, path, { token, ...(body ? { body } : {}) });

  it('it opens nothing', async () => {
    for (const token of ['', 'undefined', 'null']) {
      expect((await as(token, 'GET', '/tenants')).status).toBe(401);
    }
    expect((await as(admin.token, 'GET', '/tenants')).status).toBe(200);
  });

  it('the last admin cannot go, and another one can', async () => {
    await storeToken('viewer');
    await storeToken('admin', { expiresAt: new Date(Date.now() - 1) });
    const gone = await storeUser();
    await Operator.create({ _id: gone.id, email: gone.email, role: 'admin', createdBy: 'test' });
    await User.deleteOne({ _id: gone.id });

    const refused = await as(admin.token, 'DELETE', `/operator-tokens/${admin.id}`);
    expect([refused.status, refused.json['code']]).toEqual([409, 'last_admin']);
    expect((await as(admin.token, 'GET', '/tenants')).status).toBe(200);

    const user = await storeUser();
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
      const [a, b] = [await storeToken('admin'), await storeToken('admin')];
      await Promise.all([
        as(a.token, 'DELETE', `/operator-tokens/${b.id}`),
        as(b.token, 'DELETE', `/operator-tokens/${a.id}`),
      ]);
      expect(await OperatorToken.countDocuments({ role: 'admin' })).toBeGreaterThan(0);
    }
  });

  it('a removal that died half way holds nothing up for long', async () => {
    const marked = await storeToken('admin', { leavingAt: new Date(Date.now() - 61_000) });
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
