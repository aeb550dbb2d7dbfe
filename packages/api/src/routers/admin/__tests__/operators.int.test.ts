import { Types } from 'mongoose';

import { useServer } from '../../../fixtures';
import User from '../../../models/user';
import { behindProxy, callsTo, freshAddress, storeUser } from './operatorFixtures';

// Many requests a test, on engines that may be slow; none of it is about time.
jest.setTimeout(120_000);

const { server } = useServer(behindProxy);
const call = callsTo(server);

describe('HyperDX users as operators', () => {
  it('are named by email address, get in with their access key, and HyperDX keeps its document', async () => {
    const { id, email, accessKey } = await storeUser();
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
    const { accessKey } = await storeUser();
    for (const path of ['/tenants', '/operators', '/audit', '/no-such-route']) {
      const answer = await call('GET', path, { token: accessKey, from: freshAddress() });
      expect(answer.status).toBe(403);
      expect(answer.json).toEqual({ code: 'forbidden', message: 'You are no operator.' });
    }
  });

  it('lose their rights with their user, whose address opens nothing to who takes it next', async () => {
    const { id, email, accessKey } = await storeUser();
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
