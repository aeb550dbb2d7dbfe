import { Browser, makeUser, PASSWORD } from '../../../__tests__/browser';
import type { MadeUser } from '../../../__tests__/browser';
import { useServer } from '../../../fixtures';

jest.setTimeout(60_000);

const { server } = useServer({
  env: {
    NODE_ENV: 'production',
    TENANCY_ALLOW_GUARD_MODE: 'true',
    FRONTEND_URL: 'https://hyperdx.example:8443/',
  },
});
let user: MadeUser;

beforeAll(async () => {
  const { json } = await server.request('POST', '/tenancy/v1/tenants', { body: { name: 'Acme' } });
  user = await makeUser((json['teams'] as { id: string }[])[0]!.id);
});

/** The answer to a login, past the jar: these cookies are not of the address that is called. */
function login(headers: Record<string, string>): Promise<Response> {
  return fetch(`${server.url}/login/password`, {
    method: 'POST',
    redirect: 'manual',
    headers,
    body: new URLSearchParams({ email: user.email, password: PASSWORD }),
  });
}

it('behind TLS the cookie is secure, and belongs to the host of FRONTEND_URL, as HyperDX has it', async () => {
  const answer = await login({
    'x-forwarded-proto': 'https',
    origin: 'https://hyperdx.example:8443',
  });
  expect(answer.headers.get('location')).toBe('https://hyperdx.example:8443/');
  const [line] = answer.headers.getSetCookie();
  const attributes = line!.split('; ').slice(1);
  const fixed = attributes.filter((attribute) => !attribute.startsWith('Expires='));
  expect(fixed.sort()).toEqual([
    'Domain=hyperdx.example',
    'HttpOnly',
    'Path=/',
    'SameSite=Lax',
    'Secure',
  ]);
});

it('without TLS there is no cookie to be had', async () => {
  expect((await login({})).headers.getSetCookie()).toEqual([]);
});

it('a page of the same host by another port is another site', async () => {
  const seen = await login({ 'x-forwarded-proto': 'https', origin: 'https://hyperdx.example' });
  expect(seen.status).toBe(403);
});

it('answers carry headers that keep browsers from guessing, framing and sniffing', async () => {
  const { headers } = await new Browser(server.url).request('GET', '/installation');
  expect(headers.get('x-content-type-options')).toBe('nosniff');
  expect(headers.get('x-frame-options')).toBe('SAMEORIGIN');
  expect(headers.get('strict-transport-security')).toContain('max-age=');
  expect(headers.get('x-powered-by')).toBeNull();
});
