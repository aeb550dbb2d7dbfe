import type { Seen } from '../browser';
import type { Check } from './expect';
import { contractRoutes, partsOf } from './routes';
import type { ContractRoute } from './routes';
import { NOBODY, pathOf, sendTo } from './send';
import type { Ask, Credentials } from './send';
import { canariesOf, documentsOf, freshAddress, secretsOf } from './world';
import type { Person, Side } from './world';

/** A request to one route, and what HyperDX's contract says that it is answered. */
export interface Case {
  route: ContractRoute;
  what: string;
  /** Makes what it needs, too. */
  ask: (side: Side) => Ask | Promise<Ask>;
  status: number;
  check: Check;
  /** Otherwise a member, by the way that the route has; nobody where it is public. */
  by?: (side: Side) => Credentials | Promise<Credentials>;
  /** A word of the request that its answer may quote. */
  repeats?: (side: Side) => string;
}

/** How somebody shows a route who they are. */
export function credentialsFor(route: ContractRoute, person: Person): Credentials {
  const access = contractRoutes[route];
  if (access === 'public') return NOBODY;
  return access === 'session'
    ? { cookie: person.cookie }
    : { authorization: `Bearer ${person.accessKey}` };
}

/** What holds for every answer of ours. */
export function checkEveryAnswer({ server }: Side, seen: Seen): void {
  const { headers } = seen;
  expect(headers.get('access-control-allow-origin')).toBe(server.config.frontendUrl);
  expect(headers.get('access-control-allow-credentials')).toBe('true');
  expect(headers.get('x-content-type-options')).toBe('nosniff');
  expect(headers.get('x-request-id')).not.toBeNull();
  expect(headers.get('x-powered-by')).toBeNull();
  // A route of the contract is served, whatever it answers.
  expect(seen.text).not.toContain('There is no route');
}

/** The session's cookie as HyperDX sets it, without its value and time. */
export function checkCookie(line: string | undefined): { value: string } {
  const [pair = '', ...attributes] = (line ?? '').split('; ');
  const expires = attributes.find((one) => one.startsWith('Expires='))?.slice(8) ?? '';
  const days = (Date.parse(expires) - Date.now()) / 86_400_000;
  expect(Math.round(days)).toBe(30);
  const others = attributes.filter((one) => !one.startsWith('Expires='));
  expect(others.sort()).toEqual(['HttpOnly', 'Path=/', 'SameSite=Lax']);
  expect(pair).toMatch(/^connect\.sid=s%3A[\w-]{32}\.[\w%]+$/);
  return { value: pair };
}

/** Who is signed in gets their cookie again with each answer; nobody else gets one. */
export function checkRolling(route: ContractRoute, who: Credentials, seen: Seen): void {
  const lines = seen.headers.getSetCookie();
  if (contractRoutes[route] === 'session' && who['cookie'] !== undefined) {
    expect(lines).toHaveLength(1);
    expect(checkCookie(lines[0]).value).toBe(who['cookie']);
  } else if (contractRoutes[route] === 'key') {
    expect(lines).toEqual([]);
  }
}

/** What an answer gives away: neither anything of the other tenant, nor a secret of ours. */
export async function checkSilence(side: Side, seen: Seen, quoted = ''): Promise<void> {
  const said = `${seen.text}\n${JSON.stringify([...seen.headers])}`;
  const forbidden = [...canariesOf(side.theirs), ...(await secretsOf(side))];
  expect(forbidden.filter((one) => said.includes(one) && one !== quoted)).toEqual([]);
}

/** Sends a case for one side: the answer is the contract's, and the other side is as it was. */
export async function play(side: Side, one: Case): Promise<void> {
  const { route } = one;
  const ask = await one.ask(side);
  const who = one.by ? await one.by(side) : credentialsFor(route, side.member);
  const path = pathOf(route, ask);
  const before = await documentsOf(side.theirs);
  const seen = await sendTo(
    side.server.url,
    partsOf(route).method,
    path,
    { ...freshAddress(), ...who },
    ask,
  );
  expect([seen.status, seen.status === one.status ? '' : seen.text]).toEqual([one.status, '']);
  checkEveryAnswer(side, seen);
  checkRolling(route, who, seen);
  await checkSilence(side, seen, one.repeats?.(side));
  expect(await documentsOf(side.theirs)).toEqual(before);
  await one.check(seen, side);
}
