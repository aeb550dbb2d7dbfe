import type { TenantView } from '@hyperdx-tenancy/domain/contracts/tenant';

import { cells, ID, ok, page, refused, tenant, useFakeApi } from './cli';

const api = useFakeApi();
const { cli } = api;

describe('tenant list', () => {
  it('prints a table, a line each', async () => {
    const lastError = {
      code: 'clickhouse_unavailable',
      message: 'away',
      at: '2026-01-02T03:04:06Z',
    };
    api.answer(() =>
      page(
        tenant({ plan: 'gold' }),
        tenant({
          id: 'a'.repeat(24),
          name: 'Globex',
          status: 'failed',
          provisioning: { step: 'tables', attempt: 2, lastError },
          teams: [],
        }),
      ),
    );
    const { code, stdout } = await cli('tenant', 'list');
    expect(code).toBe(0);
    expect(cells(stdout)).toEqual([
      ['id', 'name', 'status', 'target', 'plan', 'teams', 'created'],
      [ID, 'Acme', 'active', 'default', 'gold', '1', '2026-01-02T03:04:05.000Z'],
      [
        'a'.repeat(24),
        'Globex',
        'failed (clickhouse_unavailable)',
        'default',
        '',
        '0',
        '2026-01-02T03:04:05.000Z',
      ],
    ]);
  });

  it('reads page after page, in order', async () => {
    const ids = ['1', '2', '3'].map((digit) => digit.repeat(24));
    api.answer(({ url }) => {
      const after = new URL(url, api.url).searchParams.get('after');
      const at = after === null ? 0 : ids.indexOf(after) + 1;
      const id = ids[at] ?? '';
      return { status: 200, json: { data: [tenant({ id })], next: at < 2 ? id : null } };
    });
    const { stdout } = await cli('tenant', 'list', '--json');
    expect((JSON.parse(stdout) as TenantView[]).map(({ id }) => id)).toEqual(ids);
    expect(api.calls.map(({ url }) => url)).toEqual([
      '/tenancy/v1/tenants?limit=500',
      `/tenancy/v1/tenants?limit=500&after=${ids[0]}`,
      `/tenancy/v1/tenants?limit=500&after=${ids[1]}`,
    ]);
  });

  it('asks for one status alone with --status', async () => {
    api.answer(() => page());
    expect((await cli('tenant', 'list', '--status', 'failed')).code).toBe(0);
    expect(api.calls.map(({ url }) => url)).toEqual([
      '/tenancy/v1/tenants?limit=500&status=failed',
    ]);
    await cli('tenant', 'list');
    expect(api.calls.at(-1)?.url).toBe('/tenancy/v1/tenants?limit=500');
  });

  it('refuses a status that does not exist, and asks nobody', async () => {
    api.answer(() => page());
    expect((await cli('tenant', 'list', '--status', 'asleep')).code).toBe(2);
    expect(api.calls).toEqual([]);
  });
});

describe('tenant show', () => {
  it('takes an id', async () => {
    api.answer(() => ({ status: 200, json: tenant() }));
    expect((await cli('tenant', 'show', ID)).stdout).toContain(`id       ${ID}\n`);
    expect(api.calls.map(({ url }) => url)).toEqual([`/tenancy/v1/tenants/${ID}`]);
  });

  it('takes a name', async () => {
    api.answer(({ url }) => (url.includes('?') ? page(tenant()) : ok(tenant())));
    expect((await cli('tenant', 'show', 'Acme & Co')).code).toBe(0);
    expect(api.asked()).toEqual(['GET /tenants?name=Acme+%26+Co', `GET /tenants/${ID}`]);
  });

  it('takes a name that looks like an id', async () => {
    const named = tenant({ id: 'b'.repeat(24), name: ID });
    api.answer(({ url }) => {
      if (url.includes('?')) return page(named);
      return url.includes(named.id) ? ok(named) : refused(404, 'tenant_not_found');
    });
    const { code, stdout } = await cli('tenant', 'show', ID, '--json');
    expect([code, JSON.parse(stdout)]).toEqual([0, named]);
  });

  it('says step and reason of a tenant that is not finished', async () => {
    const lastError = { code: 'clickhouse_unavailable', message: 'It is away.', at: '2026-01-02' };
    api.answer(() =>
      ok(tenant({ status: 'failed', provisioning: { step: 'tables', attempt: 2, lastError } })),
    );
    const { stdout } = await cli('tenant', 'show', ID);
    expect(stdout).toContain('status   failed (clickhouse_unavailable)\n');
    expect(stdout).toContain('step     tables (attempt 2)\n');
    expect(stdout).toContain('reason   It is away.\n');
  });

  it.each([ID, 'Nobody'])('ends with 3 where there is no %s', async (what) => {
    api.answer(({ url }) => (url.includes('?') ? page() : refused(404, 'tenant_not_found')));
    const { code, stderr } = await cli('tenant', 'show', what);
    expect(code).toBe(3);
    expect(stderr).toContain(`"${what}"`);
  });
});

describe('tenant show of a tenant that something is done with', () => {
  it('says what, and shows plan, settings and ETag', async () => {
    const lastError = { code: 'collectors_behind', message: '2 of 3 left.', at: '2026-01-02' };
    const view = tenant({
      plan: 'gold',
      settings: { retentionHours: { logs: 168 }, partitioning: 'week' },
      change: { kind: 'rotation', step: 'acknowledge', attempt: 3, since: '2026', lastError },
    });
    api.answer(() => ok(view, { etag: 'W/"abc"' }));
    const { stdout } = await cli('tenant', 'show', ID);
    expect(stdout).toContain('status   active (rotation: collectors_behind)\n');
    expect(stdout).toContain('step     acknowledge (attempt 3)\nreason   2 of 3 left.\n');
    expect(stdout).toContain('plan     gold\n');
    expect(stdout).toContain('setting  retentionHours.logs=168\nsetting  partitioning=week\n');
    expect(stdout).toContain('etag     "abc"\n');
    const json = await cli('--json', 'tenant', 'show', ID);
    expect(JSON.parse(json.stdout)).toEqual({ ...view, etag: '"abc"' });
  });

  it('takes what a newer API knows and this program does not', async () => {
    const newer = {
      ...tenant(),
      status: 'hibernating',
      settings: { retentionHours: { profiles: 24 }, colour: 'red' },
      change: { kind: 'move', step: 'copy', attempt: 1, since: '2026', lastError: null, to: 'eu' },
      region: 'eu',
    };
    api.answer(() => ok(newer));
    const { code, stdout } = await cli('--json', 'tenant', 'show', ID);
    expect([code, JSON.parse(stdout)]).toEqual([0, newer]);
    const plain = await cli('tenant', 'show', ID);
    expect(plain.stdout).toContain('status   hibernating (move)\n');
    expect(plain.stdout).toContain('setting  retentionHours.profiles=24\nsetting  colour=red\n');
  });
});

describe('tenant door', () => {
  const door = {
    url: 'http://door.internal:8124',
    database: 'otel',
    logins: [{ team: { id: ID, name: 'Acme' }, username: `hdx_d_${ID}`, password: 'p'.repeat(64) }],
  };

  it('shows address and login of each team, and how they end', async () => {
    api.answer(({ url }) => ok(url.endsWith('/door') ? door : tenant()));
    const { code, stdout } = await cli('tenant', 'door', ID);
    expect(code).toBe(0);
    for (const text of [door.url, 'otel', `hdx_d_${ID}`, 'p'.repeat(64)]) {
      expect(stdout).toContain(text);
    }
    expect(api.asked().at(-1)).toBe(`GET /tenants/${ID}/door`);
  });

  it('prints them as JSON', async () => {
    api.answer(({ url }) => ok(url.endsWith('/door') ? door : tenant()));
    const { stdout } = await cli('tenant', 'door', ID, '--json');
    expect(JSON.parse(stdout)).toEqual(door);
  });
});
