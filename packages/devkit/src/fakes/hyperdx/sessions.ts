import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Collection, Db } from 'mongodb';
import { idOf, sessionCookie, setCookie, type CookieAttributes } from './cookie';

/** HyperDX's `maxAge`, renewed with every answer (`rolling`). */
const MAX_AGE_MS = 30 * 24 * 60 * 60 * 1_000;

/** What a session row says: JSON text in a field of the row. */
interface SessionData {
  cookie?: unknown;
  passport?: { user?: string };
  /** What passport leaves behind of a failed login. */
  messages?: string[];
}

/** A row as connect-mongo 4 writes it: dates in one place, the rest as text. */
interface SessionRow {
  _id: string;
  expires: Date;
  session: string;
}

export interface Session {
  id: string;
  data: SessionData;
  /** Whether its row is in the store. */
  stored: boolean;
}

/** How a cookie gets to its browser. */
interface Way {
  request: IncomingMessage;
  response: ServerResponse;
}

export interface SessionOptions {
  secret: string;
  /** Decides the cookie's domain and whether it is secure. */
  frontendUrl: string;
  /** Whether the cookie names its domain. */
  namesDomain: boolean;
}

const newSession = (): Session => ({
  id: randomBytes(24).toString('base64url'),
  data: {},
  stored: false,
});

/** The sessions that HyperDX's two servers share: rows of one collection, named by a signed cookie. */
export class Sessions {
  private readonly rows: Collection<SessionRow>;
  private readonly cookie: Omit<CookieAttributes, 'expires'>;

  constructor(
    db: Db,
    private readonly options: SessionOptions,
  ) {
    this.rows = db.collection('sessions');
    const { protocol, hostname } = new URL(options.frontendUrl);
    this.cookie = {
      domain: options.namesDomain ? hostname : undefined,
      secure: protocol === 'https:',
    };
  }

  /** The session that a request belongs to; a new one, kept nowhere yet, where it names none that lives. */
  async open(cookieHeader: string | undefined): Promise<Session> {
    const value = sessionCookie(cookieHeader);
    const id = value === undefined ? undefined : idOf(value, this.options.secret);
    if (id === undefined) return newSession();
    const row = await this.rows.findOne({ _id: id, expires: { $gt: new Date() } });
    if (!row) return newSession();
    return { id, data: JSON.parse(row.session) as SessionData, stored: true };
  }

  /** Writes a session and everything that it says, and gives its cookie to the browser. */
  async save(session: Session, to: Way): Promise<void> {
    const expires = new Date(Date.now() + MAX_AGE_MS);
    const data = {
      ...session.data,
      cookie: {
        originalMaxAge: MAX_AGE_MS,
        expires: expires.toISOString(),
        secure: this.cookie.secure,
        httpOnly: true,
        ...(this.cookie.domain === undefined ? {} : { domain: this.cookie.domain }),
        path: '/',
        sameSite: 'lax',
      },
    };
    const row = { expires, session: JSON.stringify(data) };
    await this.rows.updateOne({ _id: session.id }, { $set: row }, { upsert: true });
    session.stored = true;
    this.give(session, expires, to);
  }

  /** Renews a session that says nothing new: its cookie, and the row's date alone, as connect-mongo does. */
  async touch(session: Session, to: Way): Promise<void> {
    const expires = new Date(Date.now() + MAX_AGE_MS);
    await this.rows.updateOne({ _id: session.id }, { $set: { expires } });
    this.give(session, expires, to);
  }

  /** Passport's way at login and logout: the old id is worth nothing from now on. @returns a new session. */
  async replace(session: Session): Promise<Session> {
    if (session.stored) await this.rows.deleteOne({ _id: session.id });
    return newSession();
  }
  /** express-session sets no secure cookie over a connection that is not: it goes by what the proxy in front says. */
  private give({ id }: Session, expires: Date, { request, response }: Way): void {
    const proto = request.headers['x-forwarded-proto']?.toString().split(',')[0]?.trim();
    if (this.cookie.secure && proto?.toLowerCase() !== 'https') return;
    const cookie = setCookie(id, this.options.secret, { ...this.cookie, expires });
    response.setHeader('Set-Cookie', cookie);
  }
}
