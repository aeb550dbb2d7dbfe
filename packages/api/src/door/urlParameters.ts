import { TenancyError } from '@hyperdx-tenancy/domain/errors';

/** More than any client sends: HyperDX has one for each value of a query. */
const MAX_PARAMETERS = 4_096;

function decode(text: string): string {
  try {
    return decodeURIComponent(text.includes('+') ? text.replaceAll('+', ' ') : text);
  } catch (cause) {
    throw new TenancyError('invalid_request', 'URL: is not properly percent-encoded UTF-8.', {
      cause,
    });
  }
}

/**
 * The parameters of a URL's query, in their order. Strict, unlike `URLSearchParams`: what is no UTF-8 is refused and not
 * replaced, so that a value arrives as it was sent or not at all.
 * @param url as it came in the request line.
 * @throws TenancyError `invalid_request`.
 */
export function urlParameters(url: string): [name: string, value: string][] {
  const start = url.indexOf('?');
  if (start < 0) return [];
  // Node hands bytes above ASCII through, one character each.
  if (/[^\x21-\x7e]/.test(url)) {
    throw new TenancyError(
      'invalid_request',
      'URL: holds characters that must be percent-encoded.',
    );
  }
  const parts = url
    .slice(start + 1)
    .split('&')
    .filter((part) => part !== '');
  if (parts.length > MAX_PARAMETERS) {
    throw new TenancyError('invalid_request', `URL: more than ${MAX_PARAMETERS} parameters.`);
  }
  return parts.map((part) => {
    const end = part.indexOf('=');
    return end < 0 ? [decode(part), ''] : [decode(part.slice(0, end)), decode(part.slice(end + 1))];
  });
}
