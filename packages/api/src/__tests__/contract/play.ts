import type { Seen } from '../browser';
import type { Check } from './expect';
import { contractRoutes, partsOf } from './routes';
import type { ContractRoute } from './routes';
import { NOBODY, pathOf, sendTo } from './send';
import type { Ask, Credentials } from './send';
import { allDocuments, canariesOf, documentsOf, freshAddress, secretsOf } from './world';
import type { Person, Side, StoredDocument } from './world';

/**
 * A request to one route, and what HyperDX's contract says that it is answered: to a member, who comes by the way that the
 * route has; to nobody where it is public.
 */
export interface Case {
  route: ContractRoute;
  what: string;
  /** Makes what it needs, too. */
  ask: (side: Side) => Ask | Promise<Ask>;
  status: number;
  check: Check;
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

/**
 * What an answer gives away: neither anything of the other tenant, nor a secret of ours.
 * @param quoted a word of the request that its answer may repeat.
 */
export function checkSilence(
  side: Side,
  seen: Seen,
  documents: readonly StoredDocument[],
  quoted = '',
): void {
  const said = `${seen.text}\n${JSON.stringify([...seen.headers])}`;
  const forbidden = [...canariesOf(side.theirs), ...secretsOf(side, documents)];
  expect(forbidden.filter((one) => said.includes(one) && one !== quoted)).toEqual([]);
}

/** Sends a request for one side: whatever is answered, the other side is as it was, and stays unknown. */
export async function sendBeside(
  side: Side,
  route: ContractRoute,
  who: Credentials,
  ask: Ask,
  quoted?: string,
): Promise<Seen> {
  const before = documentsOf(side.theirs, await allDocuments());
  const headers = { ...freshAddress(), ...who };
  const { method } = partsOf(route);
  const seen = await sendTo(side.server.url, method, pathOf(route, ask), headers, ask);
  const after = await allDocuments();
  checkEveryAnswer(side, seen);
  checkRolling(route, who, seen);
  checkSilence(side, seen, after, quoted);
  expect(documentsOf(side.theirs, after)).toEqual(before);
  return seen;
}

/** Says what was answered instead, where the status is another. */
export function checkStatus(seen: Seen, status: number): void {
  expect([seen.status, seen.status === status ? '' : seen.text]).toEqual([status, '']);
}

/** Sends a case for one side: the answer is the contract's. */
export async function play(side: Side, one: Case): Promise<void> {
  const { route } = one;
  const ask = await one.ask(side);
  const who = credentialsFor(route, side.member);
  const seen = await sendBeside(side, route, who, ask, one.repeats?.(side));
  checkStatus(seen, one.status);
  await one.check(seen, side);
}
