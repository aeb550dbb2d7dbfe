import { pbkdf2Sync, randomBytes, randomUUID } from 'node:crypto';

import mongoose from 'mongoose';
import { CookieJar } from 'tough-cookie';

/** What a page, or the person before it, sees of an answer. */
export interface Seen {
  status: number;
  headers: Headers;
  text: string;
  /** `undefined` where the answer is not JSON. */
  json: unknown;
}

export interface BrowserOptions {
  /** Sent as JSON. */
  json?: unknown;
  /** Sent as a page's form. */
  form?: Record<string, string>;
  headers?: Record<string, string>;
  /** Follows redirects to the same server. */
  follow?: boolean;
}

const MAX_REDIRECTS = 5;

/** Keeps cookies as a browser does, and shows redirects unless it is asked to follow them. */
export class Browser {
  readonly cookies = new CookieJar();

  /** @param url of the server, without a path. */
  constructor(readonly url: string) {}

  /** Signed in by the login page's form. */
  static async login(url: string, email: string, password: string): Promise<Browser> {
    const browser = new Browser(url);
    const { status, headers } = await browser.request('POST', '/login/password', {
      form: { email, password },
    });
    if (status !== 303 || headers.get('location')?.includes('err=') === true)
      throw new Error(`login failed: ${status} ${String(headers.get('location'))}`);
    return browser;
  }

  async request(method: string, path: string, options: BrowserOptions = {}): Promise<Seen> {
    const { json, form, headers, follow = false } = options;
    let seen = await this.send(method, `${this.url}${path}`, {
      ...(json === undefined
        ? {}
        : { body: JSON.stringify(json), headers: { 'content-type': 'application/json' } }),
      ...(form === undefined ? {} : { body: new URLSearchParams(form) }),
      ...(headers === undefined ? {} : { extra: headers }),
    });
    for (let count = 0; follow && count < MAX_REDIRECTS; count += 1) {
      const location = seen.headers.get('location');
      if (location === null) break;
      const next = new URL(location, this.url);
      if (next.origin !== new URL(this.url).origin) break;
      seen = await this.send('GET', next.href, {});
    }
    return seen;
  }

  private async send(
    method: string,
    url: string,
    request: {
      body?: string | URLSearchParams;
      headers?: Record<string, string>;
      extra?: Record<string, string>;
    },
  ): Promise<Seen> {
    const cookie = await this.cookies.getCookieString(url);
    const response = await fetch(url, {
      method,
      redirect: 'manual',
      signal: AbortSignal.timeout(30_000),
      headers: { ...(cookie === '' ? {} : { cookie }), ...request.headers, ...request.extra },
      ...(request.body === undefined ? {} : { body: request.body }),
    });
    for (const line of response.headers.getSetCookie()) await this.cookies.setCookie(line, url);
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json') === true;
    return {
      status: response.status,
      headers: response.headers,
      text,
      json: isJson ? JSON.parse(text) : undefined,
    };
  }
}

export interface MadeUser {
  id: string;
  email: string;
  password: string;
  accessKey: string;
}

/** Obeys HyperDX's rules for passwords. */
export const PASSWORD = 'Correct-horse-7-battery!';

/** A user as HyperDX 2.36 writes one, past all of our code, on the connection that the service under test has. */
export async function makeUser(
  teamId: string,
  {
    email = `${randomUUID()}@users.example`,
    password = PASSWORD,
  }: { email?: string; password?: string } = {},
): Promise<MadeUser> {
  const salt = randomBytes(32).toString('hex');
  const now = new Date();
  const accessKey = randomUUID();
  const { insertedId } = await mongoose.connection.collection('users').insertOne({
    name: email,
    email,
    team: new mongoose.Types.ObjectId(teamId),
    accessKey,
    createdAt: now,
    updatedAt: now,
    salt,
    hash: pbkdf2Sync(password, salt, 25_000, 512, 'sha256').toString('hex'),
    __v: 0,
  });
  return { id: insertedId.toHexString(), email, password, accessKey };
}
