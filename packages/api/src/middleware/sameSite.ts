import type { IncomingHttpHeaders } from 'node:http';

import { TenancyError } from '@hyperdx-tenancy/domain/errors';
import type { RequestHandler } from 'express';

import type { Config } from '../config';

const READS: ReadonlySet<string | undefined> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Whether a method is one that changes nothing. */
export function isRead(method: string | undefined): boolean {
  return READS.has(method);
}

/** The origin of a page at this URL. */
export function originOf(url: string): string {
  return new URL(url).origin;
}

/**
 * Whether a browser sent this request for a page of another site. Browsers state it themselves, where no page can change
 * it: `Sec-Fetch-Site`, and `Origin` with everything but plain reads (both are forbidden header names, fetch.spec.whatwg.org).
 * Who sends neither is no browser, and nobody can make it send somebody else's cookie.
 * @param trusted origins whose pages may.
 */
export function isForeign(headers: IncomingHttpHeaders, trusted: readonly string[]): boolean {
  const { origin, 'sec-fetch-site': site } = headers;
  if (site === 'same-origin' || site === 'none') return false;
  // A page of the UI on another host of the same site, or a browser of before 2023.
  if (origin !== undefined) return !trusted.includes(origin);
  return site !== undefined;
}

/** Why such a request is refused. */
export function foreignPage(): TenancyError {
  return new TenancyError(
    'forbidden',
    'Origin: this request comes from a page that is not of FRONTEND_URL.',
  );
}

/**
 * Refuses changes that a page of another site has a browser make in its user's name: `SameSite=Lax` keeps the cookie from
 * most of them, not from those of another host of one's own domain, nor from old browsers. Logins are changes as well, so
 * that nobody is signed in as somebody else unawares.
 */
export function sameSite({ frontendUrl }: Pick<Config, 'frontendUrl'>): RequestHandler {
  const trusted = originOf(frontendUrl);
  return function siteGate(req, _res, next) {
    const own = `${req.protocol}://${req.host}`;
    if (!isRead(req.method) && isForeign(req.headers, [trusted, own])) throw foreignPage();
    next();
  };
}
