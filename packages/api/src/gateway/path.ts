import { TenancyError } from '@hyperdx-tenancy/domain/errors';

/** A request's target in the one form in which it is judged and forwarded. */
export interface RequestTarget {
  /** As it came, without a slash at its end. */
  path: string;
  /** The path in lower case: Express matches without regard to case. */
  key: string;
  /** With its `?`, as it came; empty where there is none. */
  query: string;
}

/**
 * Segments of what RFC 3986 calls `pchar`, none of them empty. Without `;`: some servers cut a segment there. Whatever
 * else browsers would send is percent-encoded by them.
 */
const SEGMENTS = /^(?:\/(?:[A-Za-z0-9._~!$&'()*+,=:@-]|%[0-9A-Fa-f]{2})+)*\/?$/;
const DOT_SEGMENT = /\/\.{1,2}(?:\/|$)/;

/**
 * Encoded, they are read as separators or as another encoding by one server and as text by another: `/`, `\`, `%`, `;`;
 * control characters end a name here and not there; the rest (RFC 3986, section 2.3) never needs encoding, and equals
 * its plain form by the standard but not for Express.
 */
const ENCODED =
  /%(?:2[Ff]|5[Cc]|25|3[Bb]|[01][0-9A-Fa-f]|7[Ff]|4[1-9A-Fa-f]|5[0-9AaFf]|6[1-9A-Fa-f]|7[0-9AaEe]|3[0-9]|2[DdEe])/;

function ambiguous(fault: string): TenancyError {
  return new TenancyError('ambiguous_path', `path: ${fault}.`);
}

/** @throws TenancyError `ambiguous_path` for escapes that servers read differently. */
function checkEscapes(path: string): void {
  if (ENCODED.test(path)) {
    throw ambiguous('holds a percent-encoded character that must be plain, or must not be there');
  }
  let text: string;
  try {
    text = decodeURIComponent(path);
  } catch {
    throw ambiguous('is not UTF-8, percent-encoded');
  }
  // The second block of control characters, which a log or a terminal might obey.
  if (/[\u0080-\u009f]/.test(text)) throw ambiguous('holds a control character');
}

/**
 * Reads a request's target so that there is one way to understand it, here and at HyperDX behind us. What passes is
 * matched by Express exactly as by the table of routes.
 * @param url as in the first line of the request.
 * @throws TenancyError `ambiguous_path`.
 */
export function readTarget(url: string): RequestTarget {
  if (!url.startsWith('/')) throw ambiguous('must begin with a slash');
  const mark = url.indexOf('?');
  const given = mark === -1 ? url : url.slice(0, mark);
  const query = mark === -1 ? '' : url.slice(mark);
  if (!SEGMENTS.test(given)) {
    throw ambiguous('has an empty segment, or a character that must be percent-encoded');
  }
  if (DOT_SEGMENT.test(given)) throw ambiguous('has a segment "." or ".."');
  // A fragment is no part of a request; who parses URLs cuts it off, others do not.
  if (query.includes('#')) throw new TenancyError('ambiguous_path', 'query: holds a "#".');
  if (given.includes('%')) checkEscapes(given);
  const path = given.length > 1 && given.endsWith('/') ? given.slice(0, -1) : given;
  return { path, key: path.toLowerCase(), query };
}
