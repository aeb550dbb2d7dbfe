import { TenancyError } from '@hyperdx-tenancy/domain/errors';
import type { Request, RequestHandler } from 'express';

import type { Config } from '../config';

const READS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

function originOf(url: string): string {
  return new URL(url).origin;
}

/**
 * Whether a browser sent this request for a page of another site. Browsers state it themselves, where no page can change
 * it: `Sec-Fetch-Site`, and `Origin` with everything but plain reads (both are forbidden header names, fetch.spec.whatwg.org).
 * Who sends neither is no browser, and nobody can make it send somebody else's cookie.
 */
function isForeign(req: Request, trusted: string): boolean {
  const site = req.get('sec-fetch-site');
  if (site === 'same-origin' || site === 'none') return false;
  const origin = req.get('origin');
  // A page of the UI on another host of the same site, or a browser of before 2023.
  if (origin !== undefined) return origin !== trusted && origin !== `${req.protocol}://${req.host}`;
  return site !== undefined;
}

/**
 * Refuses changes that a page of another site has a browser make in its user's name: `SameSite=Lax` keeps the cookie from
 * most of them, not from those of another host of one's own domain, nor from old browsers. Logins are changes as well, so
 * that nobody is signed in as somebody else unawares.
 */
export function sameSite({ frontendUrl }: Pick<Config, 'frontendUrl'>): RequestHandler {
  const trusted = originOf(frontendUrl);
  return function siteGate(req, _res, next) {
    if (!READS.has(req.method) && isForeign(req, trusted)) {
      throw new TenancyError(
        'forbidden',
        'Origin: this request comes from a page that is not of FRONTEND_URL.',
      );
    }
    next();
  };
}
