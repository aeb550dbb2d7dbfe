import { useServer } from '../../../fixtures';
import type { Answer } from '../../../fixtures';
import OperatorToken from '../../../models/operatorToken';
import User from '../../../models/user';
import { newToken } from '../../../utils/secrets';
import { behindProxy, callsTo, freshAddress, makeToken } from './operatorFixtures';
import type { Call } from './operatorFixtures';

// Many requests a test, on engines that may be slow; none of it is about time.
jest.setTimeout(120_000);

/** Failures from one address before it is refused. */
const LIMIT = 20;

/** Tries a token that nobody has. */
const failsAt =
  (call: Call) =>
  (from: string): Promise<Answer> =>
    call('GET', '/tenants', { token: newToken('hdxo'), from });

describe('failed logins', () => {
  const { server } = useServer(behindProxy);
  const call = callsTo(server);
  const fail = failsAt(call);
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
    const working = await makeToken(call, 'viewer');
    expect((await call('GET', '/tenants', { token: working.token, from })).status).toBe(200);
    await exhaust(from);
    expect((await call('GET', '/tenants', { token: working.token, from })).status).toBe(200);
    expect((await call('GET', '/tenants', { from })).status).toBe(200);

    // Not one that never got in, and no longer one that was revoked meanwhile.
    const fresh = await makeToken(call, 'viewer');
    expect((await call('GET', '/tenants', { token: fresh.token, from })).status).toBe(429);
    await call('DELETE', `/operator-tokens/${working.id}`);
    expect((await call('GET', '/tenants', { token: working.token, from })).status).toBe(401);
    expect((await call('GET', '/tenants', { token: working.token, from })).status).toBe(429);
  });

  it('are counted by IPv6 network, and by the proxy where that passes on no address', async () => {
    for (let i = 0; i < LIMIT; i += 1) await fail(`2001:db8:1::${i}`);
    expect((await fail(`2001:db8:1:0:ffff::`)).status).toBe(429);
    expect((await fail(`2001:db8:1:1::1`)).status).toBe(401);
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
    const { token } = await makeToken(call, 'viewer');
    for (let i = 0; i < LIMIT + 5; i += 1) {
      const nobody = await server.request('GET', '/tenancy/v1/tenants', {
        headers: { authorization: '', 'x-forwarded-for': from },
      });
      expect(nobody.status).toBe(401);
      expect((await call('GET', '/tenants', { token, from })).status).toBe(200);
    }
    expect((await fail(from)).status).toBe(401);
  });
});

describe('failed logins where no proxy is trusted', () => {
  const { server } = useServer();
  const fail = failsAt(callsTo(server));

  it("are counted by the connection's address", async () => {
    for (let i = 0; i < LIMIT; i += 1) expect((await fail(freshAddress())).status).toBe(401);
    expect((await fail(freshAddress())).status).toBe(429);
  });
});
