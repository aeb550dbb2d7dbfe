import type { TenantView } from '@hyperdx-tenancy/domain/contracts/tenant';

import { ID, ok, page, refused, tenant, TOKEN, useFakeApi } from './cli';
import type { Call } from './fakeApi';

const api = useFakeApi();
const { cli } = api;

describe('tenant create', () => {
  it('posts name and key under the token, and shows the tenant', async () => {
    api.answer(() => ({ status: 201, json: tenant() }));
    const { code, stdout, stderr } = await cli(
      'tenant',
      'create',
      'Acme',
      '--api-key',
      'k'.repeat(9),
    );
    expect(api.calls).toEqual([
      {
        method: 'POST',
        url: '/tenancy/v1/tenants',
        authorization: `Bearer ${TOKEN}`,
        headers: {},
        body: { name: 'Acme', apiKey: 'k'.repeat(9) },
      },
    ]);
    expect(code).toBe(0);
    expect(stderr).toBe('');
    expect(stdout).toBe(`id       ${ID}
name     Acme
status   active
target   default
schema   1
created  2026-01-02T03:04:05.000Z
team     Acme (${'f'.repeat(24)}), ingestion key acme-key-1
`);
  });

  it('leaves the key to the API where none is given', async () => {
    api.answer(() => ({ status: 201, json: tenant() }));
    await cli('tenant', 'create', 'Acme');
    expect(api.calls.map(({ body }) => body)).toEqual([{ name: 'Acme' }]);
  });

  it('prints one line of JSON with --json', async () => {
    api.answer(() => ({ status: 201, json: tenant() }));
    const { code, stdout } = await cli('--json', 'tenant', 'create', 'Acme');
    expect(code).toBe(0);
    expect(stdout).toBe(`${JSON.stringify(tenant())}\n`);
  });

  describe('of a name that is taken', () => {
    const taken = (existing: TenantView) => (call: Call) =>
      call.method === 'POST' ? refused(409, 'tenant_exists') : page(existing);

    it('is a conflict', async () => {
      api.answer(taken(tenant()));
      const { code, stdout, stderr } = await cli('tenant', 'create', 'Acme');
      expect([code, stdout]).toEqual([4, '']);
      expect(stderr).toBe('hyperdx-tenancy: it is tenant_exists\n');
    });

    it('shows the existing tenant with --if-not-exists', async () => {
      api.answer(taken(tenant()));
      const { code, stdout } = await cli('tenant', 'create', 'Acme', '--if-not-exists', '--json');
      expect([code, JSON.parse(stdout)]).toEqual([0, tenant()]);
      expect(api.calls.at(-1)?.url).toBe('/tenancy/v1/tenants?name=Acme');
    });

    it('is fine with --if-not-exists and the key that it has', async () => {
      api.answer(taken(tenant()));
      const args = ['tenant', 'create', 'Acme', '--if-not-exists', '--api-key', 'acme-key-1'];
      expect((await cli(...args)).code).toBe(0);
    });

    it('is a conflict with --if-not-exists and another key', async () => {
      api.answer(taken(tenant()));
      const args = ['tenant', 'create', 'Acme', '--if-not-exists', '--api-key', 'another-key'];
      const { code, stdout, stderr } = await cli(...args);
      expect([code, stdout]).toEqual([4, '']);
      expect(stderr).toContain('--api-key');
      expect(stderr).not.toContain('acme-key-1');
    });

    it('is a conflict with --if-not-exists where the existing one is not active', async () => {
      api.answer(taken(tenant({ status: 'suspended' })));
      expect((await cli('tenant', 'create', 'Acme', '--if-not-exists')).code).toBe(4);
    });
  });

  it.each(['operation_running', 'ingestion_key_taken', 'request_changed'])(
    'does not take %s for "exists"',
    async (reason) => {
      api.answer(() => refused(409, reason));
      expect((await cli('tenant', 'create', 'Acme', '--if-not-exists')).code).toBe(4);
      expect(api.calls).toHaveLength(1);
    },
  );
});

describe('tenant create with more than a name', () => {
  it('sends target, plan and settings as they are stated', async () => {
    api.answer(() => ({ status: 201, json: tenant() }));
    const args = ['--target', 'eu', '--plan', 'gold', '--setting', 'retentionHours.logs=168'];
    const more = ['--setting', 'partitioning=week', '--setting', 'retentionHours.traces=24'];
    const quota = ['--setting', 'quota.reader=[{"seconds":3600,"queries":10}]'];
    expect((await cli('tenant', 'create', 'Acme', ...args, ...more, ...quota)).code).toBe(0);
    expect(api.calls.map(({ body }) => body)).toEqual([
      {
        name: 'Acme',
        target: 'eu',
        plan: 'gold',
        settings: {
          retentionHours: { logs: 168, traces: 24 },
          partitioning: 'week',
          quota: { reader: [{ seconds: 3600, queries: 10 }] },
        },
      },
    ]);
    // Nothing is left over for the next command of the process.
    await cli('tenant', 'create', 'Acme');
    expect(api.calls.at(-1)?.body).toEqual({ name: 'Acme' });
  });

  it.each([
    ['an unknown name', 'retentionHours.log=168', 'retentionHours.logs'],
    ['a group', 'retentionHours=168', 'there is no such setting'],
    ['a name of JavaScript', '__proto__.logs=168', 'there is no such setting'],
    ['a word for a number', 'retentionHours.logs=week', 'retentionHours.logs: must be a whole'],
    ['nothing', 'retentionHours.logs=', 'retentionHours.logs: must be a whole'],
    ['no limit', 'reader.maxMemoryBytes=0', 'reader.maxMemoryBytes: must be at least 1'],
    ['another word', 'partitioning=year', 'partitioning: '],
    ['JSON that is none', 'quota.reader=[', 'quota.reader: is not JSON'],
    ['another interval', 'quota.reader=[{"seconds":7}]', 'quota.reader.0.seconds: must be one of'],
    ['no value', 'partitioning', 'must be name=value'],
  ])('--setting with %s: 2, and nobody is asked', async (_what, setting, words) => {
    api.answer(() => ({ status: 201, json: tenant() }));
    const { code, stdout, stderr } = await cli('tenant', 'create', 'Acme', '--setting', setting);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(words);
    expect(api.calls).toEqual([]);
  });

  it('a setting that is stated twice: 2', async () => {
    api.answer(() => ({ status: 201, json: tenant() }));
    const twice = ['--setting', 'partitioning=day', '--setting', 'partitioning=week'];
    const { code, stderr } = await cli('tenant', 'create', 'Acme', ...twice);
    expect(code).toBe(2);
    expect(stderr).toContain('partitioning: is stated twice');
    expect(api.calls).toEqual([]);
  });

  it('sends the idempotency key, and refuses one that is none', async () => {
    api.answer(() => ({ status: 201, json: tenant() }));
    const args = ['tenant', 'create', 'Acme', '--idempotency-key'];
    expect((await cli(...args, 'run-17')).code).toBe(0);
    expect(api.calls.map(({ headers }) => headers)).toEqual([{ 'idempotency-key': 'run-17' }]);
    const { code, stderr } = await cli(...args, 'run 17');
    expect(code).toBe(2);
    expect(stderr).toContain('--idempotency-key');
    expect(api.calls).toHaveLength(1);
  });

  const making = tenant({
    status: 'provisioning',
    provisioning: { step: 'tables', attempt: 1, lastError: null },
  });

  it('--no-wait asks for an answer at once, and takes an unfinished tenant for one', async () => {
    api.answer(() => ({ status: 202, json: making }));
    const { code, stdout, stderr } = await cli('--json', 'tenant', 'create', 'Acme', '--no-wait');
    expect([code, JSON.parse(stdout)]).toEqual([0, making]);
    expect(stderr).toContain('still being made');
    expect(api.calls.map(({ headers }) => headers)).toEqual([{ prefer: 'respond-async' }]);
  });

  it('waits where the API answers before the tenant is made', async () => {
    api.answer(({ method }) => (method === 'POST' ? { status: 202, json: making } : ok(tenant())));
    const { code, stdout, stderr } = await cli('--json', 'tenant', 'create', 'Acme');
    expect([code, JSON.parse(stdout)]).toEqual([0, tenant()]);
    expect(stderr).toContain('provisioning, step tables');
  });

  it('ends with the reason of a tenant that fails meanwhile', async () => {
    const lastError = { code: 'clickhouse_unavailable', message: 'It is away.', at: '2026-01-02' };
    const failed = tenant({
      status: 'failed',
      provisioning: { step: 'tables', attempt: 5, lastError },
    });
    api.answer(({ method }) => (method === 'POST' ? { status: 202, json: making } : ok(failed)));
    const { code, stdout, stderr } = await cli('tenant', 'create', 'Acme');
    expect([code, stdout]).toEqual([6, '']);
    expect(stderr).toContain('It is away.');
    expect(stderr).toContain('tenant retry');
  });

  it('ends with 6 where it takes longer than --timeout', async () => {
    api.answer(() => ({ status: 202, json: making }));
    const { code, stderr } = await cli('--timeout', '1', 'tenant', 'create', 'Acme');
    expect(code).toBe(6);
    expect(stderr).toContain('Not done after 1 s');
  });

  it.each([
    ['--target', 'eu', 'default'],
    ['--plan', 'gold', 'silver'],
    ['--setting', 'retentionHours.logs=24', 'retentionHours.logs=24'],
  ])('is a conflict with --if-not-exists and another %s', async (option, value, words) => {
    const existing = tenant({ plan: 'silver', settings: { retentionHours: { logs: 48 } } });
    api.answer(({ method }) =>
      method === 'POST' ? refused(409, 'tenant_exists') : page(existing),
    );
    const args = ['tenant', 'create', 'Acme', '--if-not-exists', option];
    const { code, stdout, stderr } = await cli(...args, value);
    expect([code, stdout]).toEqual([4, '']);
    expect(stderr).toContain(option);
    expect(stderr).toContain(words);
  });

  it('is fine with --if-not-exists and what the existing one has', async () => {
    const existing = tenant({ plan: 'silver', settings: { retentionHours: { logs: 48 } } });
    api.answer(({ method }) =>
      method === 'POST' ? refused(409, 'tenant_exists') : page(existing),
    );
    const args = ['--target', 'default', '--plan', 'silver', '--setting', 'retentionHours.logs=48'];
    expect((await cli('tenant', 'create', 'Acme', '--if-not-exists', ...args)).code).toBe(0);
  });
});
