import { findScrapeSecret } from '../scrapeSecrets';

it.each([
  [{ basic_auth: { username: 'u', password: 'open' } }, '[0].basic_auth.password'],
  [{ authorization: { type: 'Bearer', credentials: 'open' } }, '[0].authorization.credentials'],
  [{ bearer_token: 'open' }, '[0].bearer_token'],
  [{ oauth2: { client_secret: 'open' } }, '[0].oauth2.client_secret'],
  [{ tls_config: { key: '-----BEGIN' } }, '[0].tls_config.key'],
  [{ params: { token: ['open'] } }, '[0].params.token[0]'],
  [
    { http_headers: { Authorization: { values: ['open'] } } },
    '[0].http_headers.Authorization.values[0]',
  ],
  [{ http_headers: { Odd: { secrets: ['open'] } } }, '[0].http_headers.Odd.secrets[0]'],
  [{ proxy_connect_header: { Cookie: ['open'] } }, '[0].proxy_connect_header.Cookie[0]'],
  [{ proxy_url: 'http://u:open@proxy:1' }, '[0].proxy_url'],
  [{ basic_auth: { password: '${env:NAME:-open}' } }, '[0].basic_auth.password'],
])('in %j one is written out', (scrape, at) => {
  expect(findScrapeSecret([scrape])).toBe(at);
});

it('lets pass what names a place where the secret is, and what is none', () => {
  expect(
    findScrapeSecret([
      {
        job_name: 'tokens',
        metrics_path: '/password',
        static_configs: [{ targets: ['host:1'], labels: { team: 'secret-santa' } }],
        params: { module: ['if_mib'], auth: ['public_v2'] },
        basic_auth: { username: 'u', password: '${env:SCRAPE_PASSWORD}' },
        bearer_token_file: '/run/token',
        authorization: { type: 'Bearer', credentials_file: '/run/token' },
        oauth2: { token_url: 'https://login/token', client_secret_file: '/run/secret' },
        http_headers: {
          Accept: { values: ['text/plain'] },
          Authorization: { values: ['Bearer ${env:SCRAPE_TOKEN}'] },
        },
        relabel_configs: [{ source_labels: ['__meta_token'], replacement: '$1@$2' }],
      },
    ]),
  ).toBeUndefined();
});
