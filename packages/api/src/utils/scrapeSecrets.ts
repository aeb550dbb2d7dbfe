/** What Prometheus takes secrets under, headers included. */
const SECRET =
  /password|passwd|passphrase|secret|token|credential|authorization|cookie|api[_-]?key|access_?key|private_?key/i;
/** PEM of a `tls_config`. */
const SECRET_WHOLE: ReadonlySet<string> = new Set(['key']);
/** Under these lie headers by name. */
const HEADERS: ReadonlySet<string> = new Set(['http_headers', 'proxy_connect_header']);
/** Where a secret is, and not what it is. */
const PLACE = /_(?:file|files|url|ref)$/i;

const ENVIRONMENT = /^(?:[A-Za-z]+ )?\$\{env:[A-Za-z_][A-Za-z0-9_]*\}$/;
const LOGIN = /:\/\/[^/?#\s]*@/;

const isSecretName = (name: string): boolean =>
  (SECRET.test(name) || SECRET_WHOLE.has(name)) && !PLACE.test(name);

/**
 * Where the first secret stands that is written out, as `[0].basic_auth.password`: not as `${env:NAME}`, which the
 * collector takes from its own environment.
 * @param scrapeConfigs as Prometheus has them; of bounded depth.
 */
export function findScrapeSecret(scrapeConfigs: readonly unknown[]): string | undefined {
  return search(scrapeConfigs, '', 'setting');
}

/** What lies at a place: a setting, headers by name, or something secret with all that is in it. */
type Kind = 'setting' | 'headers' | 'secret';

function search(value: unknown, at: string, kind: Kind): string | undefined {
  if (typeof value === 'string') {
    const isWrittenOut = kind === 'secret' ? !ENVIRONMENT.test(value) : LOGIN.test(value);
    return isWrittenOut && value !== '' ? at : undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const parts: [at: string, part: unknown, kind: Kind][] = Array.isArray(value)
    ? value.map((item: unknown, index) => [`${at}[${index}]`, item, kind])
    : Object.entries(value).map(([name, item]: [string, unknown]) => [
        `${at}.${name}`,
        item,
        kindOf(name, item, kind),
      ]);
  for (const part of parts) {
    const found = search(part[1], part[0], part[2]);
    if (found !== undefined) return found;
  }
  return undefined;
}

function kindOf(name: string, value: unknown, around: Kind): Kind {
  if (around === 'secret') return 'secret';
  if (HEADERS.has(name)) return 'headers';
  // A mapping called `authorization` has settings in it, unless it is a header.
  const isSetting = typeof value === 'string' || Array.isArray(value);
  return (isSetting || around === 'headers') && isSecretName(name) ? 'secret' : 'setting';
}
