import type { TenantView } from '@hyperdx-tenancy/domain/contracts/tenant';

import { cells, ID, ok, page, refused, tenant, useFakeApi } from './cli';
import type { Call } from './fakeApi';

const api = useFakeApi();
const { cli } = api;

/** Answers the tenant to whoever reads it, and this to a change. */
const changing =
  (view: TenantView, status = 200) =>
  ({ method, url }: Call) => {
    if (url.includes('?')) return page(tenant());
    if (method === 'GET') return ok(tenant(), { etag: '"one"' });
    return { status, json: view, headers: { etag: '"two"' } };
  };

describe('tenant update', () => {
  it('reads the tenant first, and changes it only as it was read', async () => {
    api.answer(changing(tenant({ name: 'Globex' })));
    const { code, stdout } = await cli('--json', 'tenant', 'update', 'Acme', '--name', 'Globex');
    expect([code, JSON.parse(stdout)]).toEqual([
      0,
      { ...tenant({ name: 'Globex' }), etag: '"two"' },
    ]);
    expect(api.asked()).toEqual([
      'GET /tenants?name=Acme',
      `GET /tenants/${ID}`,
      `PATCH /tenants/${ID}`,
    ]);
    expect(api.calls.at(-1)).toMatchObject({
      headers: { 'if-match': '"one"' },
      body: { name: 'Globex' },
    });
  });

  it.each([
    ['another plan', ['--plan', 'gold'], { plan: 'gold' }],
    ['no plan', ['--no-plan'], { plan: null }],
    [
      'settings',
      [
        '--setting',
        'retentionHours.logs=24',
        '--unset',
        'retentionHours.traces',
        '--unset',
        'quota.reader',
      ],
      { settings: { retentionHours: { logs: 24, traces: null }, quota: { reader: null } } },
    ],
  ])('sends %s alone', async (_what, args, body) => {
    api.answer(changing(tenant()));
    expect((await cli('tenant', 'update', ID, ...args)).code).toBe(0);
    expect(api.calls.at(-1)?.body).toEqual(body);
  });

  it('sends the ETag of --if-match without asking for another', async () => {
    api.answer(changing(tenant()));
    const args = ['tenant', 'update', 'Acme', '--no-plan', '--if-match', '"mine"'];
    expect((await cli(...args)).code).toBe(0);
    expect(api.asked()).toEqual(['GET /tenants?name=Acme', `PATCH /tenants/${ID}`]);
    expect(api.calls.at(-1)?.headers).toEqual({ 'if-match': '"mine"' });
  });

  it('is a conflict where somebody else was quicker', async () => {
    api.answer((call) =>
      call.method === 'PATCH' ? refused(412, 'precondition_failed') : changing(tenant())(call),
    );
    const { code, stdout, stderr } = await cli('tenant', 'update', 'Acme', '--no-plan');
    expect([code, stdout]).toEqual([4, '']);
    expect(stderr).toContain('Tenant "Acme" has been changed by somebody else');
    const own = await cli('tenant', 'update', 'Acme', '--no-plan', '--if-match', '"old"');
    expect(own).toMatchObject({ code: 4, stderr: 'hyperdx-tenancy: it is precondition_failed\n' });
  });

  it('changes nothing where the API has no ETag', async () => {
    api.answer(() => ok(tenant()));
    const { code, stderr } = await cli('tenant', 'update', ID, '--no-plan');
    expect(code).toBe(1);
    expect(stderr).toContain("--if-match '*'");
    expect(api.asked()).toEqual([`GET /tenants/${ID}`]);
  });

  it('says what has not reached ClickHouse yet', async () => {
    const lastError = { code: 'clickhouse_unavailable', message: 'It is away.', at: '2026-01-02' };
    const change = {
      kind: 'settings' as const,
      step: 'access',
      attempt: 1,
      since: '2026',
      lastError,
    };
    api.answer(changing(tenant({ change })));
    const { code, stderr } = await cli('tenant', 'update', ID, '--no-plan');
    expect(code).toBe(0);
    expect(stderr).toContain('goes on by itself: settings, step access (It is away.)');
  });

  it.each([
    ['nothing to change', [], 'Nothing to change'],
    ['an unknown setting', ['--setting', 'reader.speed=9'], 'reader.speed: there is no such'],
    ['an unknown setting to take away', ['--unset', 'speed'], 'speed: there is no such'],
    [
      'a setting that is set and taken away',
      ['--setting', 'reader.maxResultRows=9', '--unset', 'reader.maxResultRows'],
      'stated twice',
    ],
    [
      'a value that cannot be',
      ['--setting', 'reader.maxExecutionSeconds=1'],
      'must be at least 60',
    ],
    ['the partitioning', ['--setting', 'partitioning=week'], 'partitioning: cannot be changed'],
    ['an ETag without its quotes', ['--no-plan', '--if-match', 'mine'], '--if-match'],
  ])('%s: 2, and nobody is asked', async (_what, args, words) => {
    api.answer(changing(tenant()));
    const { code, stdout, stderr } = await cli('tenant', 'update', 'Acme', ...args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(words);
    expect(api.calls).toEqual([]);
  });
});

describe('tenant retry', () => {
  it('takes a name, and shows the tenant', async () => {
    api.answer(({ url }) => (url.includes('?') ? page(tenant()) : ok(tenant())));
    const { code, stdout } = await cli('--json', 'tenant', 'retry', 'Acme');
    expect([code, JSON.parse(stdout)]).toEqual([0, tenant()]);
    expect(api.asked()).toEqual(['GET /tenants?name=Acme', `POST /tenants/${ID}/retry`]);
  });

  it('ends as the API says', async () => {
    api.answer(({ method }) =>
      method === 'GET' ? ok(tenant()) : refused(503, 'clickhouse_unavailable', 'It is away.'),
    );
    const { code, stderr } = await cli('tenant', 'retry', ID);
    expect([code, stderr]).toEqual([6, 'hyperdx-tenancy: It is away.\n']);
  });
});

describe('tenant apply', () => {
  it('takes a name, and says where it is not done yet', async () => {
    const change = {
      kind: 'settings',
      step: 'access',
      attempt: 1,
      since: '2026-01-02T03:04:05.000Z',
      lastError: {
        code: 'clickhouse_unavailable',
        message: 'It is away.',
        at: '2026-01-02T03:04:05.000Z',
      },
    } as const;
    api.answer(({ url }) => (url.includes('?') ? page(tenant()) : ok(tenant({ change }))));
    const { code, stderr } = await cli('tenant', 'apply', 'Acme');
    expect([code, api.asked()]).toEqual([
      6,
      ['GET /tenants?name=Acme', `POST /tenants/${ID}/apply`],
    ]);
    expect(stderr).toContain('settings, step access (It is away.)');
  });
});

describe('tenant effective', () => {
  const effective = {
    tenant: ID,
    plan: 'gold',
    applied: false,
    values: [
      { name: 'retentionHours.logs', value: 168, origin: 'plan' },
      { name: 'partitioning', value: 'week', origin: 'tables' },
      { name: 'quota.reader', value: [{ seconds: 3600 }], origin: 'platform' },
      { name: 'colour', value: 'red', origin: 'moon' },
    ],
  };

  it('prints value and origin of each setting, and what is not in force yet', async () => {
    api.answer(({ url }) => ok(url.endsWith('/effective') ? effective : tenant()));
    const { code, stdout, stderr } = await cli('tenant', 'effective', ID);
    expect(code).toBe(0);
    expect(cells(stdout)).toEqual([
      ['setting', 'value', 'origin'],
      ['retentionHours.logs', '168', 'plan gold'],
      ['partitioning', 'week', 'tables'],
      ['quota.reader', '[{"seconds":3600}]', 'platform'],
      ['colour', 'red', 'moon'],
    ]);
    expect(stderr).toContain('Not all of it is in force yet');
  });

  it('is the answer itself with --json', async () => {
    api.answer(({ url }) => ok(url.endsWith('/effective') ? effective : tenant()));
    const { stdout } = await cli('--json', 'tenant', 'effective', ID);
    expect(JSON.parse(stdout)).toEqual(effective);
  });
});
