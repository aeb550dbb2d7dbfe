import { each } from '../../../clickhouse/__tests__/isolation/probe';
import type { Attack, Oracle } from './attack';
import type { Entrance } from './entrances';
import { b, nobody } from '../../../clickhouse/__tests__/isolation/tenants';
import { sameText } from './oracles';
import type { Site } from './site';
import { send } from './wire';
import type { RawRequest, Reply } from './wire';

/** Whatever comes of a request, a connection that is cut off too. */
async function answerTo(url: string, request: RawRequest): Promise<Reply> {
  try {
    return await send(url, request);
  } catch (error) {
    return { status: 0, headers: '', body: String(error) };
  }
}

/** All that a request says itself, in each of its encodings. */
function textOf({ path, headers, body, bytes, meaning }: RawRequest): string {
  const said = [body?.toString(), bytes?.toString(), meaning];
  return [path, decoded(path), headers.flat().join('\n'), ...said].join('\n');
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path.replaceAll('+', ' '));
  } catch {
    return '';
  }
}

/** What is wrong with what comes of one request; nothing where it is as it should be. */
function fault({ refused }: Attack, request: RawRequest, reply: Reply, site: Site) {
  const leaks = site.leaks(`${reply.headers}\n${reply.body}`, textOf(request));
  if (leaks.length > 0) return `shows ${leaks.join(', ')}`;
  // Nobody has looked at it then; what ClickHouse itself says is an answer.
  const failed = reply.status >= 500 && !/^x-clickhouse-exception-code$/im.test(reply.headers);
  if (failed || reply.status === 429 || (reply.status === 0 && !request.bytes)) {
    return `is not answered, ${reply.status}: ${reply.body.slice(0, 200)}`;
  }
  if (refused === true && reply.status >= 200 && reply.status < 400) {
    return `is answered ${reply.status}: ${reply.body.slice(0, 200)}`;
  }
  return undefined;
}

export interface Tried {
  requests: number;
  faults: string[];
}

/** Tries attacks by one entrance: `<mechanism>: <what is wrong>` for each request that gets somewhere. */
export async function attack(attacks: readonly Attack[], at: Entrance, site: Site): Promise<Tried> {
  const found = await each(attacks, async (one) => {
    const requests = one.sends(at, site);
    const faults: string[] = [];
    // One after another: some are about what the one before left behind.
    for (const request of requests) {
      const wrong = fault(one, request, await answerTo(at.url, request), site);
      if (wrong !== undefined) faults.push(`${one.mechanism}: ${wrong}`);
    }
    return { requests: requests.length, faults };
  });
  return {
    requests: found.reduce((sum, { requests }) => sum + requests, 0),
    faults: found.flatMap(({ faults }) => faults),
  };
}

/** Asks for what is there and for what is not: a fault where the answers differ, or show something. */
export async function consult(
  oracles: readonly Oracle[],
  at: Entrance,
  site: Site,
): Promise<Tried> {
  const found = await each(oracles, async ({ mechanism, sends }) => {
    const [theirs, none] = [sends(at, b, site), sends(at, nobody, site)];
    const [told, untold] = [await answerTo(at.url, theirs), await answerTo(at.url, none)];
    const leaks = site.leaks(`${told.headers}\n${told.body}`, textOf(theirs));
    if (leaks.length > 0) return [`${mechanism}: shows ${leaks.join(', ')}`];
    const masked = ({ status, headers, body }: Reply): string =>
      sameText(site, `${status}\n${headers}\n\n${body}`);
    const [one, other] = [masked(told), masked(untold)];
    return one === other ? [] : [`${mechanism}: ${one}\n-- differs from --\n${other}`];
  });
  return { requests: 2 * oracles.length, faults: found.flat() };
}

/** Which attacks would not work anywhere: `<mechanism>: <why>`. */
export async function unproved(
  attacks: readonly Pick<Attack, 'mechanism' | 'control'>[],
  site: Site,
): Promise<string[]> {
  const found: string[] = [];
  // One after another: some take away what others look for, and put it back before.
  for (const { mechanism, control } of attacks) {
    const wrong = await control(site).catch((error: unknown) => String(error));
    if (wrong !== undefined) found.push(`${mechanism}: ${wrong}`);
  }
  return found;
}
