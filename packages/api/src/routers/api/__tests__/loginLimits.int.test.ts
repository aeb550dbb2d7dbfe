import { Browser, makeUser, PASSWORD } from '../../../__tests__/browser';
import type { Seen } from '../../../__tests__/browser';
import { useServer } from '../../../fixtures';
import { behindProxy, freshAddress, inhabit } from './teams';
import type { Inhabited } from './teams';

jest.setTimeout(120_000);

const { server } = useServer(behindProxy);
let acme: Inhabited;
let globex: Inhabited;

beforeAll(async () => {
  acme = await inhabit(server, 'Acme');
  globex = await inhabit(server, 'Globex');
});

function login(email: string, password: string, from: string): Promise<Seen> {
  return new Browser(server.url).request('POST', '/login/password', {
    form: { email, password },
    headers: { 'x-forwarded-for': from },
  });
}

const times = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

const WRONG = 'Wrong-horse-7-battery!';

function expectLimited({ status, headers, json }: Seen): void {
  expect([status, (json as { code: string }).code]).toEqual([429, 'too_many_attempts']);
  expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
}

it('an account is searched from nowhere; who is at home there is not locked out', async () => {
  const home = freshAddress();
  expect((await login(acme.user.email, PASSWORD, home)).status).toBe(303);
  const seen = await Promise.all(
    times(10).map(() => login(acme.user.email, WRONG, freshAddress())),
  );
  expect(new Set(seen.map(({ status }) => status))).toEqual(new Set([303]));
  expectLimited(await login(acme.user.email.toUpperCase(), PASSWORD, freshAddress()));
  const atHome = await login(acme.user.email, PASSWORD, home);
  expect(atHome.headers.get('location')).toBe('http://localhost:8080/');
  // Others have nothing to do with it.
  expect((await login(globex.user.email, PASSWORD, freshAddress())).status).toBe(303);
});

it('a network searches no accounts: over its limit not even a right password opens one', async () => {
  const from = freshAddress();
  await Promise.all(times(20).map((n) => login(`nobody-${n}@users.example`, WRONG, from)));
  expectLimited(await login(globex.user.email, PASSWORD, from));
  expect((await login(globex.user.email, PASSWORD, freshAddress())).status).toBe(303);
});

it('many tries at once are no way round the limit, and those that succeed do not count', async () => {
  const { email, password } = await makeUser(acme.team);
  const good = await Promise.all(times(5).map(() => login(email, password, freshAddress())));
  expect(new Set(good.map(({ status }) => status))).toEqual(new Set([303]));
  const seen = await Promise.all(times(30).map(() => login(email, WRONG, freshAddress())));
  const tried = seen.filter(({ status }) => status === 303);
  const limited = seen.filter(({ status }) => status === 429);
  expect([tried.length, limited.length]).toEqual([10, 20]);
});

it('a network searches no invitations, and an account is not searched by way of them', async () => {
  const from = freshAddress();
  const setup = (token: string, password: string, address: string) =>
    new Browser(server.url).request('POST', `/team/setup/${token}`, {
      form: { password },
      headers: { 'x-forwarded-for': address },
    });
  for (let count = 0; count < 20; count += 1)
    expect((await setup(`${count}`.padStart(64, '0'), PASSWORD, from)).status).toBe(401);
  expectLimited(await setup('f'.repeat(64), PASSWORD, from));

  const { json } = await acme.browser.request('POST', '/team/invitation', {
    json: { email: globex.user.email },
  });
  const token = new URL((json as { url: string }).url).searchParams.get('token')!;
  await Promise.all(times(10).map(() => setup(token, WRONG, freshAddress())));
  expectLimited(await setup(token, PASSWORD, freshAddress()));
});

it('a person writes so many invitations a minute', async () => {
  const seen: number[] = [];
  for (let count = 0; count < 31; count += 1) {
    const json = { email: `guest-${count}@users.example` };
    seen.push((await globex.browser.request('POST', '/team/invitation', { json })).status);
  }
  expect(seen.filter((status) => status === 429).length).toBeGreaterThan(0);
  expect(seen[0]).toBe(200);
});
