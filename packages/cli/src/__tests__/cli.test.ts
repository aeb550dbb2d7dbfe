import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { TenantView } from '@hyperdx-tenancy/domain/contracts/tenant';

import { runCli, startFakeApi } from './fakeApi';
import type { Answer, Call, FakeApi, Outcome } from './fakeApi';

const TOKEN = 'the-operator-token';
const ID = '0123456789abcdef01234567';

let api: FakeApi;
let folder: string;

beforeAll(async () => {
  api = await startFakeApi();
  folder = mkdtempSync(join(tmpdir(), 'cli-test-'));
});

afterAll(async () => {
  await api.close();
  rmSync(folder, { recursive: true, force: true });
});

function tenant(overrides: Partial<TenantView> = {}): TenantView {
  return {
    id: ID,
    name: 'Acme',
    status: 'active',
    target: 'default',
    schemaVersion: 1,
    provisioning: null,
    teams: [{ id: 'f'.repeat(24), name: 'Acme', apiKey: 'acme-key-1' }],
    createdAt: '2026-01-02T03:04:05.000Z',
    updatedAt: '2026-01-02T03:04:05.000Z',
    ...overrides,
  };
}

const refused = (status: number, code: string, message = `it is ${code}`): Answer => ({
  status,
  json: { code, message },
});

const page = (...data: TenantView[]): Answer => ({ status: 200, json: { data, next: null } });

function cli(...args: string[]): Promise<Outcome> {
  return runCli(args, { TENANCY_URL: api.url, TENANCY_ADMIN_TOKEN: TOKEN });
}

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

describe('tenant list', () => {
  it('prints a table, a line each', async () => {
    const lastError = {
      code: 'clickhouse_unavailable',
      message: 'away',
      at: '2026-01-02T03:04:06Z',
    };
    api.answer(() =>
      page(
        tenant(),
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
    const cells = stdout
      .split('\n')
      .filter((line) => line.startsWith('│'))
      .map((line) =>
        line
          .split('│')
          .slice(1, -1)
          .map((cell) => cell.trim()),
      );
    expect(cells).toEqual([
      ['id', 'name', 'status', 'teams', 'created'],
      [ID, 'Acme', 'active', '1', '2026-01-02T03:04:05.000Z'],
      [
        'a'.repeat(24),
        'Globex',
        'failed (clickhouse_unavailable)',
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
    api.answer(() => page(tenant()));
    expect((await cli('tenant', 'show', 'Acme & Co')).code).toBe(0);
    expect(api.calls.map(({ url }) => url)).toEqual(['/tenancy/v1/tenants?name=Acme+%26+Co']);
  });

  it('takes a name that looks like an id', async () => {
    const named = tenant({ id: 'b'.repeat(24), name: ID });
    api.answer(({ url }) => (url.includes('?') ? page(named) : refused(404, 'tenant_not_found')));
    const { code, stdout } = await cli('tenant', 'show', ID, '--json');
    expect([code, JSON.parse(stdout)]).toEqual([0, named]);
  });

  it('says step and reason of a tenant that is not finished', async () => {
    const lastError = { code: 'clickhouse_unavailable', message: 'It is away.', at: '2026-01-02' };
    api.answer(() =>
      page(tenant({ status: 'failed', provisioning: { step: 'tables', attempt: 2, lastError } })),
    );
    const { stdout } = await cli('tenant', 'show', 'Acme');
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

describe('exit codes', () => {
  it.each([
    [400, 'invalid_request', 2],
    [401, 'unauthorized', 5],
    [403, 'foreign_table', 5],
    [404, 'not_found', 3],
    [409, 'operation_running', 4],
    [413, 'payload_too_large', 2],
    [429, 'too_many_requests', 6],
    [500, 'internal', 1],
    [502, 'clickhouse_rejected', 1],
    [503, 'clickhouse_unavailable', 6],
    [504, 'timeout', 6],
  ])("%i %s: %i, with the API's message", async (status, reason, exit) => {
    api.answer(() => refused(status, reason, 'The very words.'));
    const plain = await cli('tenant', 'create', 'Acme');
    expect(plain).toEqual({ code: exit, stdout: '', stderr: 'hyperdx-tenancy: The very words.\n' });
    const json = await cli('--json', 'tenant', 'create', 'Acme');
    expect(json.code).toBe(exit);
    expect(JSON.parse(json.stderr)).toEqual({ code: reason, message: 'The very words.' });
  });

  it.each([
    [404, 1],
    [500, 1],
    [502, 6],
    [503, 6],
  ])('%i that is not in the words of the API: %i', async (status, exit) => {
    api.answer(() => ({
      status,
      text: '<h1>nginx</h1>',
      headers: { 'content-type': 'text/html' },
    }));
    const { code, stderr } = await cli('tenant', 'show', ID);
    expect(code).toBe(exit);
    expect(stderr).toContain(`${status}`);
  });

  it.each(['<h1>It works!</h1>', '', '{}', '{"data":[{"id":"1"}],"next":null}'])(
    'an answer that is no list of tenants (%s): 1',
    async (text) => {
      api.answer(() => ({ status: 200, text }));
      const { code, stdout, stderr } = await cli('tenant', 'list');
      expect([code, stdout]).toEqual([1, '']);
      expect(stderr).toContain('--url');
    },
  );

  it('an API that is not there: 6', async () => {
    const { code, stderr } = await cli('--url', 'http://127.0.0.1:1', 'tenant', 'list');
    expect(code).toBe(6);
    expect(stderr).toContain('http://127.0.0.1:1 cannot be reached');
  });

  it('an API that does not answer within --timeout: 6', async () => {
    api.answer(() => undefined);
    const { code, stderr } = await cli('--timeout', '0.1', 'tenant', 'create', 'Acme');
    expect(code).toBe(6);
    expect(stderr).toContain('did not answer within 0.1 s');
  });

  it('a redirect: 2, and the token goes nowhere else', async () => {
    const other = await startFakeApi();
    try {
      other.answer(() => page());
      const location = `${other.url}/tenancy/v1/tenants?secret`;
      api.answer(() => ({ status: 307, headers: { location } }));
      const { code, stderr } = await cli('tenant', 'list');
      expect(code).toBe(2);
      expect(stderr).toContain(`redirect (307) to ${other.url},`);
      expect(other.calls).toEqual([]);
    } finally {
      await other.close();
    }
  });

  it.each([
    ['an unknown command', ['tenant', 'sing']],
    ['an unknown option', ['tenant', 'list', '--loud']],
    ['a missing name', ['tenant', 'create']],
    ['a URL that is none', ['--url', 'localhost', 'tenant', 'list']],
    ['a timeout that is none', ['--timeout', 'soon', 'tenant', 'list']],
    ['a timeout of nothing', ['--timeout', '0', 'tenant', 'list']],
  ])('%s: 2, and nobody is asked', async (_what, args) => {
    api.answer(() => page());
    const { code, stdout, stderr } = await cli(...args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).not.toBe('');
    expect(api.calls).toEqual([]);
  });

  it.each([['--help'], ['--version']])('%s: 0', async (flag) => {
    const { code, stdout } = await cli(flag);
    expect(code).toBe(0);
    expect(stdout).not.toBe('');
  });
});

describe('the token', () => {
  const env = (): Record<string, string> => ({ TENANCY_URL: api.url });
  const file = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };

  it('is read from --token-file, which comes before the variable', async () => {
    api.answer(() => page());
    const args = ['--token-file', file('token', 'from-a-file\n'), 'tenant', 'list'];
    const { code } = await runCli(args, { ...env(), TENANCY_ADMIN_TOKEN: TOKEN });
    expect(code).toBe(0);
    expect(api.calls.map(({ authorization }) => authorization)).toEqual(['Bearer from-a-file']);
  });

  it.each([
    ['is missing', [], {}, 5, 'TENANCY_ADMIN_TOKEN'],
    ['is blank', [], { TENANCY_ADMIN_TOKEN: ' ' }, 5, 'TENANCY_ADMIN_TOKEN'],
    ['is in no such file', ['--token-file', '/nonexistent'], {}, 2, '/nonexistent'],
  ])('%s', async (_what, options, variables, exit, word) => {
    api.answer(() => page());
    const { code, stderr } = await runCli([...options, 'tenant', 'list'], {
      ...env(),
      ...variables,
    });
    expect(code).toBe(exit);
    expect(stderr).toContain(word);
    expect(api.calls).toEqual([]);
  });

  it('is not in an empty file', async () => {
    const args = ['--token-file', file('empty', '\n'), 'tenant', 'list'];
    const { code, stderr } = await runCli(args, env());
    expect(code).toBe(5);
    expect(stderr).toContain('is empty');
  });
});

describe('a name with characters that act on a terminal', () => {
  // Escape (Cc), right-to-left override and zero-width space (Cf), line and paragraph separator (Zl, Zp).
  const name = 'A\u001b[2J\u202eB\u200bC\u2028D\u2029';
  const shown = 'A\\u{1b}[2J\\u{202e}B\\u{200b}C\\u{2028}D\\u{2029}';

  it.each([
    ['in fields', ['tenant', 'show', 'Acme']],
    ['in a table', ['tenant', 'list']],
  ])('is spelled out %s', async (_where, args) => {
    api.answer(() => page(tenant({ name })));
    const { stdout } = await cli(...args);
    expect(stdout).toContain(shown);
    expect(stdout.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
  });

  it('is spelled out in messages', async () => {
    api.answer(() => refused(409, 'tenant_exists', `"${name}" exists`));
    const { stderr } = await cli('tenant', 'create', 'Acme');
    expect(stderr).toBe(`hyperdx-tenancy: "${shown}" exists\n`);
  });

  it('is left as it is in JSON', async () => {
    api.answer(() => page(tenant({ name })));
    const { stdout } = await cli('--json', 'tenant', 'show', 'Acme');
    expect((JSON.parse(stdout) as TenantView).name).toBe(name);
  });
});
