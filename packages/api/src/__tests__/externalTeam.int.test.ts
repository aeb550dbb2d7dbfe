import { useServer } from '../fixtures';
import TeamInvite from '../models/teamInvite';
import User from '../models/user';
import { makeUser } from './browser';
import { makeTenant, startTeamApp } from './teamApp';
import type { MadeTenant, TeamApp } from './teamApp';

const { server } = useServer();

let a: MadeTenant;
let b: MadeTenant;
let app: TeamApp;

beforeAll(async () => {
  a = await makeTenant(server, 'First');
  b = await makeTenant(server, 'Second');
  app = await startTeamApp(server.config);
}, 60_000);

afterAll(() => app.stop());

const NOBODYS_ID = 'f'.repeat(24);
const as = (who: MadeTenant, method: string, path: string, json?: unknown) =>
  app.external(who.user.accessKey, method, `/team${path}`, json);

describe('/api/v2/team', () => {
  it('is the caller’s own, not the first one that there is', async () => {
    expect((await as(a, 'GET', '/')).json).toEqual({ data: { id: a.team, name: 'First' } });
    expect((await as(b, 'GET', '/')).json).toEqual({ data: { id: b.team, name: 'Second' } });
  });

  it('lists its own members', async () => {
    const { id, email } = b.user;
    expect((await as(b, 'GET', '/members')).json).toEqual({
      data: [{ id, email, name: email, isCurrentUser: true }],
    });
  });

  it('invites, lists and takes back, within the team', async () => {
    const made = await as(a, 'POST', '/invitation', { email: 'New@Example.com', name: 'New' });
    const { token } = (await TeamInvite.findOne({ email: 'new@example.com' }).lean())!;
    const url = `${server.config.frontendUrl}/join-team?token=${token}`;
    const { data } = made.json as { data: { invitationId: string } };
    expect(data).toEqual({
      email: 'new@example.com',
      invitationId: expect.stringMatching(/^[a-f0-9]{24}$/) as string,
      status: 'pending',
      url,
    });
    const path = `/invitation/${data.invitationId}`;
    expect((await as(a, 'GET', '/invitations')).json).toMatchObject({
      data: [{ id: data.invitationId, email: 'new@example.com', name: 'New', url }],
    });
    expect((await as(b, 'GET', '/invitations')).json).toEqual({ data: [] });
    expect((await as(b, 'DELETE', path)).status).toBe(404);
    expect((await as(a, 'DELETE', path)).json).toEqual({ data: { success: true } });
    expect((await as(a, 'DELETE', path)).status).toBe(404);
  });

  it('removes members, within the team', async () => {
    const { id } = await makeUser(a.team);
    expect((await as(b, 'DELETE', `/member/${id}`)).status).toBe(404);
    expect(await User.exists({ _id: id })).not.toBeNull();
    expect((await as(a, 'DELETE', `/member/${id}`)).json).toEqual({ data: { success: true } });
    expect((await as(a, 'GET', '/members')).text).not.toContain(id);
    expect((await as(a, 'DELETE', `/member/${NOBODYS_ID}`)).status).toBe(404);
  });

  it.each<[string, string, unknown]>([
    ['POST', '/invitation', { email: 'no address' }],
    ['POST', '/invitation', undefined],
    ['DELETE', '/invitation/no-id', undefined],
    ['DELETE', '/member/no-id', undefined],
  ])('%s %s refuses what is no request', async (method, path, json) => {
    const answer = await as(a, method, path, json);
    expect([answer.status, answer.json]).toMatchObject([
      400,
      { message: expect.stringContaining('validation failed') as string },
    ]);
  });

  it('lets nobody remove themselves', async () => {
    const { status, json } = await as(a, 'DELETE', `/member/${a.user.id}`);
    expect([status, json]).toMatchObject([400, { message: expect.any(String) as string }]);
  });
});

describe('the external API', () => {
  it('takes a hundred requests of a user in a minute', async () => {
    const { user } = await makeTenant(server, 'Busy');
    const statuses: number[] = [];
    for (let i = 0; i < 101; i += 1) {
      const { status, headers } = await app.external(user.accessKey, 'GET', '/team');
      statuses.push(status);
      if (status === 429) expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    }
    expect(statuses.filter((status) => status === 200)).toHaveLength(100);
    expect(statuses.at(-1)).toBe(429);
    // Each router counts by itself, and each user.
    expect((await app.external(user.accessKey, 'GET', '/sources')).status).toBe(200);
    expect((await as(b, 'GET', '/')).status).toBe(200);
  });
});
