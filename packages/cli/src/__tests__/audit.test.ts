import { cells, ID, ok, page, tenant, useFakeApi } from './cli';

const api = useFakeApi();
const { cli } = api;

function event(overrides: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    id: 'e'.repeat(24),
    at: '2026-01-02T03:04:05.000Z',
    actor: { kind: 'token', id: 'a'.repeat(24), name: 'terraform' },
    address: '192.0.2.1',
    requestId: 'r-1',
    action: 'tenant.update',
    tenant: ID,
    subject: null,
    before: { name: 'Acme' },
    asked: { name: 'Globex' },
    after: { name: 'Globex' },
    outcome: 'ok',
    code: null,
    endedAt: '2026-01-02T03:04:06.000Z',
    ...overrides,
  };
}

const query = (url: string): Record<string, string> =>
  Object.fromEntries(new URL(url, api.url).searchParams);

it('prints who did what, to what, and what came of it', async () => {
  const system = { kind: 'daemon', id: 'reconcile', name: 'reconcile' };
  api.answer(() =>
    page(
      event(),
      event({ action: 'moon.shine', tenant: null, subject: 'moon', outcome: 'failed', code: 'x' }),
      event({ actor: system, address: null, outcome: null, endedAt: null, after: null }),
    ),
  );
  const { code, stdout } = await cli('audit');
  expect(code).toBe(0);
  expect(cells(stdout)).toEqual([
    ['at', 'actor', 'from', 'action', 'tenant or subject', 'outcome'],
    ['2026-01-02T03:04:05.000Z', 'terraform', '192.0.2.1', 'tenant.update', ID, 'ok'],
    ['2026-01-02T03:04:05.000Z', 'terraform', '192.0.2.1', 'moon.shine', 'moon', 'failed (x)'],
    ['2026-01-02T03:04:05.000Z', 'reconcile', '', 'tenant.update', ID, 'not ended'],
  ]);
  expect(api.asked()).toEqual(['GET /audit?limit=100']);
});

it('prints whole events with --json', async () => {
  api.answer(() => page(event()));
  expect(JSON.parse((await cli('--json', 'audit')).stdout)).toEqual([event()]);
});

it('reads page after page until there are as many as --limit says', async () => {
  let made = 0;
  api.answer(({ url }) => {
    const size = Number(query(url)['limit']);
    const data = Array.from({ length: size }, () =>
      event({ id: String(made++).padStart(24, '0') }),
    );
    return ok({ data, next: `1.${String(made).padStart(24, '0')}` });
  });
  const { code, stdout } = await cli('--json', 'audit', '--limit', '1200');
  expect(code).toBe(0);
  const ids = (JSON.parse(stdout) as { id: string }[]).map(({ id }) => Number(id));
  expect(ids).toEqual(Array.from({ length: 1200 }, (_, index) => index));
  expect(api.calls.map(({ url }) => query(url))).toEqual([
    { limit: '500' },
    { limit: '500', after: `1.${'500'.padStart(24, '0')}` },
    { limit: '200', after: `1.${'1000'.padStart(24, '0')}` },
  ]);
});

it('ends with the last page', async () => {
  api.answer(() => page(event()));
  expect(JSON.parse((await cli('--json', 'audit', '--limit', '1200')).stdout)).toHaveLength(1);
  expect(api.calls).toHaveLength(1);
});

it('passes its filters on, the tenant by its id', async () => {
  api.answer(({ url }) => (url.includes('/tenants?') ? page(tenant()) : page()));
  const times = ['--since', '2026-01-01T00:00:00+01:00', '--until', '2026-02-01T00:00:00Z'];
  const args = ['--tenant', 'Acme', '--action', 'tenant.update', '--actor', 'bootstrap', ...times];
  expect((await cli('audit', ...args)).code).toBe(0);
  expect(api.asked()[0]).toBe('GET /tenants?name=Acme');
  expect(query(api.calls[1]?.url ?? '')).toEqual({
    tenant: ID,
    action: 'tenant.update',
    actor: 'bootstrap',
    since: '2026-01-01T00:00:00+01:00',
    until: '2026-02-01T00:00:00Z',
    limit: '100',
  });
});

it('takes the id of a tenant that is no more', async () => {
  api.answer(() => page());
  expect((await cli('audit', '--tenant', ID)).code).toBe(0);
  expect(api.asked()).toEqual([`GET /audit?tenant=${ID}&limit=100`]);
});

it('takes how long ago for a time', async () => {
  api.answer(() => page());
  const before = Date.now();
  await cli('audit', '--since', '7d');
  const since = Date.parse(query(api.calls[0]?.url ?? '')['since'] ?? '') + 7 * 86_400_000;
  expect(since).toBeGreaterThanOrEqual(before);
  expect(since).toBeLessThanOrEqual(Date.now());
});

it.each([
  ['--since', 'yesterday'],
  ['--since', '2026-01-01'],
  ['--until', '2026-01-01T00:00:00'],
  ['--limit', '0'],
  ['--limit', '1.5'],
  ['--limit', '10001'],
])('%s %s: 2, and nobody is asked', async (option, value) => {
  api.answer(() => page());
  const { code, stderr } = await cli('audit', option, value);
  expect(code).toBe(2);
  expect(stderr).toContain(option);
  expect(api.calls).toEqual([]);
});
