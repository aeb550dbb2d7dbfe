import type { Party, Site } from './site';
import type { Header, RawRequest } from './wire';

/** What is said in a request, beside who says it. */
export interface Said {
  /** The body, as text. */
  sql?: string;
  /** The body as it is, where it is not just text. */
  body?: Buffer;
  chunked?: boolean;
  /** What the body says, where its bytes do not show it. */
  meaning?: string;
  /** @default `text/plain;charset=UTF-8`; `null`: none */
  contentType?: string | null;
  /** Of the URL, to be encoded. */
  query?: readonly (readonly [string, string])[];
  /** Of the URL, as it is. */
  rawQuery?: string;
  headers?: readonly Header[];
  /** In place of the entrance's own. */
  path?: string;
  /** @default POST */
  method?: string;
  /** In place of what says who asks. */
  login?: readonly Header[];
}

/** One of the two ways to a tenant's telemetry. */
export interface Entrance {
  name: 'door' | 'ui';
  url: string;
  /** Where queries go. */
  path: string;
  /** What a tenant's requests carry to say who asks. */
  login(party: Party): Header[];
  /** A request of Acme's, unless somebody else is named. */
  request(said: Said, as?: Party): RawRequest;
}

function requestTo(path: string, login: readonly Header[], said: Said, site: Site): RawRequest {
  const encoded = (said.query ?? []).map(
    ([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(site.told(value))}`,
  );
  const query = [...encoded, ...(said.rawQuery === undefined ? [] : [said.rawQuery])].join('&');
  const at = said.path ?? path;
  const { contentType = 'text/plain;charset=UTF-8', method = 'POST', headers = [] } = said;
  const body = said.body ?? (said.sql === undefined ? undefined : Buffer.from(site.told(said.sql)));
  return {
    method,
    path: site.told(query === '' ? at : `${at}?${query}`),
    headers: [
      ...(said.login ?? login),
      ...(contentType === null || method === 'GET' ? [] : [['Content-Type', contentType] as const]),
      ...headers.map(([name, value]) => [name, site.told(value)] as const),
    ],
    ...(body ? { body } : method === 'POST' ? { body: Buffer.alloc(0) } : {}),
    ...(said.chunked ? { chunked: true } : {}),
    ...(said.meaning === undefined ? {} : { meaning: site.told(said.meaning) }),
  };
}

/** Both entrances of a service, or of a door alone, at these addresses. */
export function entrancesOf(
  urls: { door: string; ui: string },
  site: Site,
): readonly [door: Entrance, ui: Entrance] {
  const made = (
    name: Entrance['name'],
    path: string,
    login: (party: Party) => Header[],
  ): Entrance => ({
    name,
    url: urls[name],
    path,
    login,
    request: (said, as = site.acme) => requestTo(path, login(as), said, site),
  });
  return [
    made('door', '/', ({ username, password }) => [
      ['X-ClickHouse-User', username],
      ['X-ClickHouse-Key', password],
    ]),
    made('ui', '/clickhouse-proxy', ({ cookie, connectionId }) => [
      ['Cookie', cookie],
      ['X-HyperDX-Connection-Id', connectionId],
    ]),
  ];
}
