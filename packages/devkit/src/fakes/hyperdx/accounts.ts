import { idFrom } from './charts';
import { firstTeam, type Collections, type User } from './collections';
import { fieldsOf, redirect, Refusal, sendJson, textOf, type Exchange } from './exchange';
import { verifyPassword } from './password';
import type { Sessions } from './sessions';

/** What the account routes work with. */
export interface Accounts {
  collections: Collections;
  sessions: Sessions;
  frontendUrl: string;
}

/** Who a session is signed in as; nobody where the user is gone. */
export async function userOf(
  { users }: Collections,
  { session }: Pick<Exchange, 'session'>,
): Promise<User | undefined> {
  const _id = idFrom(session.data.passport?.user ?? '');
  return (_id && (await users.findOne({ _id }))) ?? undefined;
}

/** Who calls the external API or MCP. @throws Refusal as HyperDX answers it. */
export async function bearerOf({ users }: Collections, { request }: Exchange): Promise<User> {
  const key = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1];
  const user = key === undefined ? null : await users.findOne({ accessKey: key });
  if (!user) throw new Refusal(401, 'Unauthorized', false);
  return user;
}

/** `POST /login/password`: a form or JSON; always a redirect, and a cookie even where it fails. */
export async function logIn(
  exchange: Exchange,
  { collections, sessions, frontendUrl }: Accounts,
): Promise<void> {
  const fields = fieldsOf(exchange);
  const [email, password] = [textOf(fields['email']), textOf(fields['password'])];
  const user = await collections.users.findOne({ email: email.toLowerCase() });
  const known = user?.hash !== undefined && user.salt !== undefined;
  const right =
    known && (await verifyPassword(password, { hash: user.hash ?? '', salt: user.salt ?? '' }));
  if (!right) {
    exchange.session.data.messages = ['Password or username is incorrect'];
    await sessions.save(exchange.session, exchange);
    const reason = email === '' || password === '' ? 'unknown' : 'authFail';
    redirect(exchange, 303, `${frontendUrl}/login?err=${reason}`);
    return;
  }
  // A session id that somebody planted before the login is worth nothing after it.
  const session = await sessions.replace(exchange.session);
  session.data.passport = { user: user._id.toHexString() };
  await sessions.save(session, exchange);
  redirect(exchange, 303, `${frontendUrl}/`);
}

/** `GET /logout`: the row is gone, the browser holds the cookie of a session that says nothing. */
export async function logOut(
  exchange: Exchange,
  { sessions, frontendUrl }: Accounts,
): Promise<void> {
  const session = await sessions.replace(exchange.session);
  await sessions.save(session, exchange);
  redirect(exchange, 302, `${frontendUrl}/login`);
}

/** `GET /me`, with HyperDX's fault: the first team, whoever asks. */
export async function showMe(
  exchange: Exchange,
  { collections }: Accounts,
  user: User,
): Promise<void> {
  const team = await firstTeam(collections);
  const { _id: id, accessKey, createdAt, email, name } = user;
  sendJson(exchange, {
    accessKey,
    createdAt,
    email,
    id,
    name,
    team: { ...team, id: team?._id },
    usageStatsEnabled: true,
    aiAssistantEnabled: false,
  });
}
