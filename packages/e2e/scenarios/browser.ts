import { CookieJar } from 'tough-cookie';
import type { Cookie } from 'tough-cookie';

/** What a page's script, or a form of it, sends. */
export interface BrowserRequest {
  form?: Record<string, string>;
  json?: unknown;
  body?: string;
  headers?: Record<string, string>;
  /** Another server than the one that the UI is pointed at. */
  server?: string;
}

/**
 * Somebody's browser with HyperDX's UI: cookies as a browser keeps them for the frontend's host, whichever server set them;
 * requests as the UI's own server hands them on, with what it says of the browser. Redirects are looked at, not followed.
 */
export class Browser {
  private readonly jar = new CookieJar();

  /** @param server what `SERVER_URL` of the UI names. */
  constructor(
    private readonly frontendUrl: string,
    private readonly server: string,
  ) {}

  /** Session cookies that it holds: two of them are what makes a browser loop at the login. */
  async sessionCookies(): Promise<Cookie[]> {
    const cookies = await this.jar.getCookies(this.frontendUrl);
    return cookies.filter(({ key }) => key === 'connect.sid');
  }

  async request(method: string, path: string, options: BrowserRequest = {}): Promise<Response> {
    const { form, json, headers = {}, server = this.server } = options;
    const body =
      form === undefined
        ? json === undefined
          ? options.body
          : JSON.stringify(json)
        : new URLSearchParams(form);
    const { host, port, protocol, origin } = new URL(this.frontendUrl);
    const cookie = await this.jar.getCookieString(this.frontendUrl);
    const response = await fetch(`${server}${path}`, {
      method,
      redirect: 'manual',
      signal: AbortSignal.timeout(30_000),
      headers: {
        ...(cookie === '' ? {} : { cookie }),
        ...(json === undefined ? {} : { 'content-type': 'application/json' }),
        ...(method === 'GET' ? {} : { origin, 'sec-fetch-site': 'same-origin' }),
        'x-forwarded-host': host,
        'x-forwarded-port': port,
        'x-forwarded-proto': protocol.replace(':', ''),
        'x-forwarded-for': '198.51.100.7',
        ...headers,
      },
      ...(body === undefined ? {} : { body }),
    });
    for (const given of response.headers.getSetCookie()) {
      await this.jar.setCookie(given, this.frontendUrl);
    }
    return response;
  }

  get(path: string, options: BrowserRequest = {}): Promise<Response> {
    return this.request('GET', path, options);
  }

  /** Posts the login form. @returns where the answer leads. */
  async logIn(email: string, password: string, server?: string): Promise<string | null> {
    const response = await this.request('POST', '/login/password', {
      form: { email, password },
      ...(server === undefined ? {} : { server }),
    });
    expect(response.status).toBe(303);
    return response.headers.get('location');
  }
}
