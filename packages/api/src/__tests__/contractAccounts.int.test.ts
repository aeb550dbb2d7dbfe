import { useServer } from '../fixtures';
import { PASSWORD } from './browser';
import { meCases } from './contract/meCases';
import { checkCookie, play } from './contract/play';
import type { Case } from './contract/play';
import { publicCases } from './contract/publicCases';
import { NOBODY, sendTo } from './contract/send';
import { teamCases } from './contract/teamCases';
import { freshEmail, makePerson, makeWorld } from './contract/world';
import type { World } from './contract/world';

jest.setTimeout(120_000);

const { engines, server } = useServer({ env: { TENANCY_TRUST_PROXY: 'loopback' } });

const email = freshEmail();
const registration = { email, password: PASSWORD, confirmPassword: PASSWORD };

it('POST /register/password makes the first team, and its person, who is signed in', async () => {
  const installed = () => sendTo(server.url, 'GET', '/installation', NOBODY);
  expect((await installed()).json).toEqual({ isTeamExisting: false });
  const seen = await sendTo(server.url, 'POST', '/register/password', NOBODY, {
    json: registration,
  });
  expect([seen.status, seen.json]).toEqual([200, { status: 'success' }]);
  const { value: cookie } = checkCookie(seen.headers.getSetCookie()[0]);
  const me = await sendTo(server.url, 'GET', '/me', { cookie });
  expect(me.json).toMatchObject({ email, team: { collectorAuthenticationEnforced: true } });
  for (const path of ['/connections', '/sources']) {
    const { json } = await sendTo(server.url, 'GET', path, { cookie });
    expect(json).not.toEqual([]);
  }
  expect((await installed()).json).toEqual({ isTeamExisting: true });
});

describe('two tenants side by side', () => {
  let world: World;

  beforeAll(async () => {
    world = await makeWorld(server, engines);
  }, 120_000);

  const cases: [string, Case[]][] = [
    ['public routes', publicCases],
    // First: it leaves keys behind that nobody is shown.
    ['/team', teamCases],
    ['/me', meCases],
  ];

  describe.each(cases)('%s', (_, list) => {
    it.each(list.map((one) => [one.route, one.what, one] as const))(
      '%s %s',
      async (_r, _w, one) => {
        await play(world.a, one);
        await play(world.b, one);
      },
    );
  });

  it('GET /logout ends the session, and no other', async () => {
    const { a } = world;
    const { cookie } = await makePerson(server, a.team);
    const seen = await sendTo(server.url, 'GET', '/logout', { cookie });
    const location = `${server.config.frontendUrl}/login`;
    expect([seen.status, seen.headers.get('location')]).toEqual([302, location]);
    const statusOf = async (one: string): Promise<number> =>
      (await sendTo(server.url, 'GET', '/me', { cookie: one })).status;
    expect([await statusOf(cookie), await statusOf(a.member.cookie)]).toEqual([401, 200]);
    // What it leaves in the browser, if anything, is nobody's session.
    const left = seen.headers.getSetCookie()[0]?.split(';')[0];
    expect(left).not.toBe(cookie);
    expect(left === undefined ? 401 : await statusOf(left)).toBe(401);
  });
});
