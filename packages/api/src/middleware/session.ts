import { promisify } from 'node:util';

import MongoStore from 'connect-mongo';
import type { Request, RequestHandler } from 'express';
import session from 'express-session';
import { LRUCache } from 'lru-cache';
import mongoose from 'mongoose';
import { Passport } from 'passport';

import type { Config } from '../config';
import { findUser } from '../controllers/users';
import type { KnownUser } from '../controllers/users';
import { mongoNotReady } from '../utils/mongoErrors';

/** HyperDX's name for it; two cookies of one name in a browser would be a loop at login. */
export const SESSION_COOKIE = 'connect.sid';

const DAY_MS = 86_400_000;
/** HyperDX 2.36: from the last request on. */
const COOKIE_DAYS = 30;

export type SessionSettings = Pick<Config, 'env' | 'frontendUrl' | 'sessionSecret'>;

/** The cookie's attributes, HyperDX's to the letter: it belongs to both servers. */
function cookieOf({ env, frontendUrl }: SessionSettings): session.CookieOptions {
  const { hostname, protocol } = new URL(frontendUrl);
  return {
    path: '/',
    httpOnly: true,
    sameSite: 'lax',
    maxAge: COOKIE_DAYS * DAY_MS,
    secure: protocol === 'https:',
    // Tests call servers by their address, of which no domain is one.
    ...(env === 'test' ? {} : { domain: hostname }),
  };
}

/** A session lives for 30 days: to the minute is near enough, and a page asks a dozen times a second. */
const TOUCH_EVERY_MS = 60_000;
const MAX_TOUCHED = 100_000;

/** HyperDX's store, whose rows both servers read. */
class SessionStore extends MongoStore {
  private readonly touched = new LRUCache<string, true>({ max: MAX_TOUCHED, ttl: TOUCH_EVERY_MS });

  /**
   * Prolongs a session, while its answer goes out: one that cannot be prolonged, since it has just ended or MongoDB is away, is
   * no reason to cut an answer short, nor to wait.
   */
  override touch(sid: string, data: session.SessionData, done?: (error: unknown) => void): void {
    done?.(null);
    if (this.touched.has(sid)) return;
    this.touched.set(sid, true);
    super.touch(sid, data, (error: unknown) => {
      if (error) this.touched.delete(sid);
    });
  }
}

function createSession(settings: SessionSettings): RequestHandler {
  return session({
    name: SESSION_COOKIE,
    secret: settings.sessionSecret,
    cookie: cookieOf(settings),
    resave: false,
    saveUninitialized: false,
    rolling: true,
    // Decides on one thing alone: whether the client came over TLS, so that a `Secure` cookie may be set. Who lies to us
    // gets a cookie that their own client will not send.
    proxy: true,
    // The database that the URI names, as HyperDX's store has it. Its own cleaning works without a TTL index as well.
    store: new SessionStore({
      client: mongoose.connection.getClient(),
      autoRemove: 'interval',
    }),
  });
}

/**
 * HyperDX's sessions (`connect.sid`, collection `sessions`) and, in them, its sign-in: a login made by either server
 * counts for both. A session whose user is gone is nobody's, from the next request on.
 * @param isServing whether MongoDB was made ready for us: until then every request here is answered with 503.
 */
export function sessionMiddleware(
  settings: SessionSettings,
  isServing: () => boolean,
): RequestHandler[] {
  const passport = new Passport();
  passport.serializeUser((user, done) => done(null, (user as KnownUser)._id.toHexString()));
  passport.deserializeUser((id: unknown, done: (error: unknown, user?: object | false) => void) => {
    findUser(id).then((user) => done(null, user ?? false), done);
  });
  let sessions: RequestHandler | undefined;

  const openSession: RequestHandler = (req, res, next) => {
    if (!isServing()) {
      throw mongoNotReady();
    }
    // Not before: the store takes the client of the connection as it is.
    sessions ??= createSession(settings);
    sessions(req, res, next);
  };
  const handlers: unknown[] = [openSession, passport.initialize(), passport.session()];
  return handlers as RequestHandler[];
}

const COOKIE = new RegExp(`(?:^|;)\\s*${SESSION_COOKIE.replace('.', '\\.')}=`);

/** Whether a request brings a session's cookie; whether it is good, only `sessionMiddleware` tells. */
export function hasSessionCookie({ headers }: Pick<Request, 'headers'>): boolean {
  return COOKIE.test(headers.cookie ?? '');
}

/** Who is signed in with this request's session. It stands behind {@link sessionMiddleware}. */
export function sessionUser(req: Request): KnownUser | undefined {
  return req.user as KnownUser | undefined;
}

/** Signs a user in: with a new session, so that an id from before opens nothing. Written when it returns. */
export async function signIn(req: Request, user: Pick<KnownUser, '_id'>): Promise<void> {
  await promisify((done: (error: unknown) => void) => req.login(user, done))();
}

/** Ends the session, for both servers. */
export async function signOut(req: Request): Promise<void> {
  await promisify((done: (error: unknown) => void) => req.logout(done))();
}
