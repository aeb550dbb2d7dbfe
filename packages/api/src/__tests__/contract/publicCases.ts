import TeamInvite from '../../models/teamInvite';
import User from '../../models/user';
import { PASSWORD } from '../browser';
import { all, anyText, faults, json, redirect, text } from './expect';
import type { Check } from './expect';
import { checkCookie } from './play';
import type { Case } from './play';
import { sendTo } from './send';
import type { Ask } from './send';
import { freshEmail, makeInvitation, makePerson } from './world';
import type { Side } from './world';

const WRONG_PASSWORD = 'Wrong-horse-7-battery!';

/** The answer signs this one in. */
const signsIn =
  (email: (side: Side) => string): Check =>
  async (seen, side) => {
    const { value: cookie } = checkCookie(seen.headers.getSetCookie()[0]);
    const me = await sendTo(side.server.url, 'GET', '/me', { cookie });
    expect(me.json).toMatchObject({ email: email(side), team: { _id: side.team } });
  };

/** Whoever the answer's cookie is, if it has one: nobody. */
const signsNobodyIn: Check = async (seen, { server }) => {
  const cookie = seen.headers.getSetCookie()[0]?.split(';')[0] ?? '';
  expect((await sendTo(server.url, 'GET', '/me', { cookie })).status).toBe(401);
};

const login = (
  by: 'form' | 'json',
  what: string,
  fields: (side: Side) => Record<string, string>,
  err?: string,
): Case => ({
  route: 'POST /login/password',
  what,
  ask: (side) => {
    const body = { email: side.member.email, password: PASSWORD, ...fields(side) };
    return by === 'form' ? { form: body } : { json: body };
  },
  status: 303,
  check:
    err === undefined
      ? all(
          redirect('/'),
          signsIn(({ member }) => member.email),
        )
      : all(redirect(`/login?err=${err}`), signsNobodyIn),
});

const registration = (fields: Record<string, string | undefined> = {}): Ask => ({
  json: { email: freshEmail(), password: PASSWORD, confirmPassword: PASSWORD, ...fields },
});

export const publicCases: Case[] = [
  {
    route: 'GET /health',
    what: 'says that the process lives',
    ask: () => ({}),
    status: 200,
    check: json(({ server: { config } }) => ({
      data: 'OK',
      version: config.version,
      ip: anyText,
      env: config.env,
    })),
  },
  {
    route: 'GET /ready',
    what: 'says that the service can serve',
    ask: () => ({}),
    status: 200,
    check: (seen) => expect(seen.json).toMatchObject({ status: 'ready' }),
  },
  {
    route: 'GET /installation',
    what: 'says that there is a team',
    ask: () => ({}),
    status: 200,
    check: json(() => ({ isTeamExisting: true })),
  },
  {
    route: 'GET /installation',
    what: 'prolongs the session of who is signed in, as all others do',
    ask: ({ member: { cookie } }) => ({ headers: { cookie } }),
    status: 200,
    check: (seen, { member }) =>
      expect(checkCookie(seen.headers.getSetCookie()[0]).value).toBe(member.cookie),
  },
  {
    route: 'POST /register/password',
    what: 'is closed once there is a team',
    ask: () => registration(),
    status: 409,
    check: all(
      json(() => ({ error: 'teamAlreadyExists' })),
      signsNobodyIn,
    ),
  },
  ...(
    [
      ['no address', { email: undefined }, ['email']],
      ['what is no address', { email: 'nobody' }, ['email']],
      ['a weak password', { password: 'weak', confirmPassword: 'weak' }, ['password']],
      ['two passwords', { confirmPassword: WRONG_PASSWORD }, ['confirmPassword']],
    ] as const
  ).map(([what, fields, wrong]): Case => ({
    route: 'POST /register/password',
    what: `refuses ${what}`,
    ask: () => registration(fields),
    status: 400,
    check: all(faults({ Body: [...wrong] }), signsNobodyIn),
  })),
  login('form', 'signs in by a form', () => ({})),
  login('json', 'signs in by JSON', () => ({})),
  login('form', 'knows an address in any case', ({ member }) => ({
    email: member.email.toUpperCase(),
  })),
  login('form', 'refuses a wrong password', () => ({ password: WRONG_PASSWORD }), 'authFail'),
  login(
    'json',
    'refuses a wrong password in JSON',
    () => ({ password: WRONG_PASSWORD }),
    'authFail',
  ),
  login('form', 'refuses an unknown address', () => ({ email: freshEmail() }), 'authFail'),
  login(
    'form',
    'takes no pattern for an address',
    () => ({ email: '.*@users.example' }),
    'authFail',
  ),
  login('form', 'refuses an empty form', () => ({ email: '', password: '' }), 'unknown'),
  {
    route: 'POST /login/password',
    what: 'leaves an id from before the login behind',
    ask: async ({ server, team }) => {
      const { cookie, email, password } = await makePerson(server, team);
      return { form: { email, password }, headers: { cookie } };
    },
    status: 303,
    check: async (seen, { server }) => {
      const { value: cookie } = checkCookie(seen.headers.getSetCookie()[0]);
      expect((await sendTo(server.url, 'GET', '/me', { cookie })).status).toBe(200);
    },
  },
  {
    route: 'GET /logout',
    what: 'leads nobody to the login page',
    ask: () => ({}),
    status: 302,
    check: redirect('/login'),
  },
  setup(
    'makes a user of the team, who is signed in, and is spent',
    PASSWORD,
    303,
    async (seen, side) => {
      await redirect('/')(seen, side);
      const { invited } = side;
      expect(await TeamInvite.exists({ _id: invited.id })).toBeNull();
      await signsIn(() => invited.email)(seen, side);
    },
  ),
  setup('refuses a weak password, and says why', 'weak', 302, async (seen, side) => {
    const to = new URL(seen.headers.get('location') ?? '');
    expect(to.href.startsWith(`${side.server.config.frontendUrl}/join-team?`)).toBe(true);
    expect(Object.fromEntries(to.searchParams)).toEqual({
      err: 'invalid',
      reason: expect.stringContaining('12') as string,
      token: side.invited.token,
    });
    await signsNobodyIn(seen, side);
    expect(await User.exists({ email: side.invited.email })).toBeNull();
  }),
  {
    route: 'POST /team/setup/:token',
    what: 'knows no such token',
    ask: () => ({ params: { token: 'f'.repeat(64) }, form: { password: PASSWORD } }),
    status: 401,
    check: all(text('Invalid token'), signsNobodyIn),
  },
];

/** One who is invited for this case alone. */
type Invited = Side & { invited: Side['invitation'] };

function setup(
  what: string,
  password: string,
  status: number,
  check: (seen: Parameters<Check>[0], side: Invited) => Promise<void>,
): Case {
  let invited: Side['invitation'];
  return {
    route: 'POST /team/setup/:token',
    what,
    ask: async ({ team }) => {
      invited = await makeInvitation(team);
      return { params: { token: invited.token }, form: { password } };
    },
    status,
    check: (seen, side) => check(seen, { ...side, invited }),
  };
}
