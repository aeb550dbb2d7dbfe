import { useServer } from '../../../fixtures';
import CollectorToken from '../../../models/collectorToken';
import { hashToken } from '../../../utils/secrets';
import { behindProxy, callsTo } from './operatorFixtures';

jest.setTimeout(120_000);

const { server } = useServer(behindProxy);
const call = callsTo(server);

async function make(group: object = { kind: 'shared' }): Promise<{ id: string; token: string }> {
  const { json } = await call('POST', '/collector-tokens', { body: { name: 'edge', group } });
  return { id: String(json['id']), token: String(json['token']) };
}

const stateOf = async (id: string): Promise<unknown> => {
  const { json } = await call('GET', '/collector-tokens');
  return (json['data'] as { id: string; state: string }[]).find((one) => one.id === id)?.state;
};

it('a token is shown once, and stored as nothing but a hash', async () => {
  const { id, token } = await make();
  expect(token).toMatch(/^hdxc_[A-Za-z0-9_-]{43}$/);
  const listed = await call('GET', '/collector-tokens');
  expect(listed.text).toContain(id);
  for (const secret of [token, hashToken(token)]) expect(listed.text).not.toContain(secret);
  expect((await CollectorToken.findById(id).lean())?.hash).toBe(hashToken(token));
});

it('a token that takes the place of another opens the same; the one before stays good for a while', async () => {
  const { id, token } = await make();
  const path = `/collector-tokens/${id}/rotate`;
  const rotated = await call('POST', path, { body: { overlapMinutes: 5 } });
  expect(rotated.status).toBe(201);
  expect(rotated.json).toMatchObject({ name: 'edge', groupId: 'shared:default', state: 'active' });
  expect(rotated.json['token']).not.toBe(token);
  const before = await CollectorToken.findById(id).lean();
  expect(before?.replacedBy?.toHexString()).toBe(rotated.json['id']);
  expect(await stateOf(id)).toBe('replaced');

  const again = await call('POST', path, { body: {} });
  expect([again.status, again.json['code']]).toEqual([409, 'token_not_active']);
  await CollectorToken.updateOne({ _id: id }, { expiresAt: new Date(Date.now() - 1) });
  expect(await stateOf(id)).toBe('expired');
});

it('of two rotations at once one makes a token', async () => {
  const { id } = await make();
  const before = await CollectorToken.countDocuments();
  const answers = await Promise.all(
    Array.from({ length: 4 }, () => call('POST', `/collector-tokens/${id}/rotate`, { body: {} })),
  );
  expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409]);
  expect(await CollectorToken.countDocuments()).toBe(before + 1);
});

it('a rotation without overlap ends the one before at once', async () => {
  const { id } = await make();
  await call('POST', `/collector-tokens/${id}/rotate`, { body: { overlapMinutes: 0 } });
  expect(await stateOf(id)).toBe('expired');
});

it('a revoked token is remembered as such; revoking it again changes nothing', async () => {
  const { id } = await make();
  expect((await call('DELETE', `/collector-tokens/${id}`)).status).toBe(204);
  expect(await stateOf(id)).toBe('revoked');
  const { revokedAt } = (await CollectorToken.findById(id).lean()) ?? {};
  expect((await call('DELETE', `/collector-tokens/${id}`)).status).toBe(204);
  expect((await CollectorToken.findById(id).lean())?.revokedAt).toEqual(revokedAt);
  const rotated = await call('POST', `/collector-tokens/${id}/rotate`, { body: {} });
  expect([rotated.status, rotated.json['code']]).toEqual([409, 'token_not_active']);
});

it.each([
  ['a target that there is not', { kind: 'shared', target: 'nowhere' }, 'target_unknown'],
  ['a team that there is not', { kind: 'dedicated', team: 'f'.repeat(24) }, 'invalid_request'],
  ['a group that there is not', { kind: 'named', name: 'nobody' }, 'invalid_request'],
  ['a shard of a shared group', { kind: 'shared', shard: 1 }, 'invalid_request'],
  ['a hostile name', { kind: 'named', name: '__proto__' }, 'invalid_request'],
])('no token opens %s', async (_what, group, code) => {
  const before = await CollectorToken.countDocuments();
  const refused = await call('POST', '/collector-tokens', { body: { name: 'x', group } });
  expect([refused.status, refused.json['code']]).toEqual([400, code]);
  expect(await CollectorToken.countDocuments()).toBe(before);
});

it('a shard is named where the group has shards, and only there', async () => {
  await call('POST', '/collector-groups', { body: { name: 'whole' } });
  await call('POST', '/collector-groups', { body: { name: 'split', shards: 2 } });
  const status = async (group: object): Promise<number> =>
    (await call('POST', '/collector-tokens', { body: { name: 'x', group } })).status;
  const named = (name: string, more = {}) => status({ kind: 'named', name, ...more });
  expect(await named('whole')).toBe(201);
  expect(await named('whole', { shard: 1 })).toBe(400);
  expect(await named('whole', { quarantine: true })).toBe(201);
  expect(await named('split')).toBe(400);
  expect(await named('split', { shard: 2 })).toBe(201);
  expect(await named('split', { shard: 3 })).toBe(400);
  expect(await named('split', { shard: 1, quarantine: true })).toBe(400);
});
