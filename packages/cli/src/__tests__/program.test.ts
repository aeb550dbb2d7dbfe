import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { TenantView } from '@hyperdx-tenancy/domain/contracts/tenant';

import { ID, ok, page, refused, tenant, TOKEN, useFakeApi } from './cli';
import { runCli, startFakeApi } from './fakeApi';

const api = useFakeApi();
const { cli } = api;
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cli-test-'));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

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
    ['in fields', ['tenant', 'show', ID]],
    ['in a table', ['tenant', 'list']],
  ])('is spelled out %s', async (_where, args) => {
    api.answer(({ url }) => (url.includes('?') ? page(tenant({ name })) : ok(tenant({ name }))));
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
    api.answer(() => ok(tenant({ name })));
    const { stdout } = await cli('--json', 'tenant', 'show', ID);
    expect((JSON.parse(stdout) as TenantView).name).toBe(name);
  });
});
