import { waitFor } from '@hyperdx-tenancy/devkit/process';

import { useServer } from '../../../fixtures';
import OperatorToken from '../../../models/operatorToken';
import { hashToken } from '../../../utils/secrets';
import { behindProxy, callsTo, makeToken } from './operatorFixtures';

// Many requests a test, on engines that may be slow; none of it is about time.
jest.setTimeout(120_000);

const { server } = useServer(behindProxy);
const call = callsTo(server);

const DAY_MS = 86_400_000;
const inDays = (days: number): string => new Date(Date.now() + days * DAY_MS).toISOString();

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
    const { id, token } = await makeToken(call, 'viewer');
    expect((await call('GET', '/tenants', { token })).status).toBe(200);
    const refused = await call('POST', '/tenants', { token, body: { name: 'Nope' } });
    expect([refused.status, refused.json['code']]).toEqual([403, 'forbidden']);
    expect((await call('DELETE', `/operator-tokens/${id}`)).status).toBe(204);
    const after = await call('GET', '/tenants', { token });
    expect([after.status, after.json['code']]).toEqual([401, 'unauthorized']);
    expect((await call('DELETE', `/operator-tokens/${id}`)).status).toBe(404);
  });

  it('name who made them', async () => {
    const { token } = await makeToken(call, 'admin', { name: 'terraform' });
    const made = await call('POST', '/operator-tokens', {
      token,
      body: { name: 'child', role: 'viewer' },
    });
    expect(made.json['createdBy']).toBe('terraform');
  });

  it('record their last use, and not with each request', async () => {
    const { id, token } = await makeToken(call, 'viewer');
    const noted = (holds: () => Promise<boolean>) =>
      waitFor(holds, { what: 'the use to be recorded', timeoutMs: 20_000 });
    const lastUse = async () => (await OperatorToken.findById(id).lean())?.lastUsedAt ?? null;
    await call('GET', '/tenants', { token });
    await noted(async () => (await lastUse()) !== null);
    const first = await lastUse();
    for (let i = 0; i < 5; i += 1) await call('GET', '/tenants', { token });
    expect(await lastUse()).toEqual(first);
    await OperatorToken.updateOne({ _id: id }, { lastUsedAt: new Date(Date.now() - 61_000) });
    await call('GET', '/tenants', { token });
    await noted(async () => ((await lastUse()) ?? 0) >= (first ?? 0));
  });

  it('are good until they expire', async () => {
    const { id, token } = await makeToken(call, 'admin', { expiresAt: inDays(1) });
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
