import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

import { TenantView } from '@hyperdx-tenancy/domain/contracts/tenant';

import { repositoryRoot } from '../harness/api';
import { startBackend } from '../harness/stack';
import type { Backend } from '../harness/stack';

const program = join(repositoryRoot(), 'packages/cli/bin/hyperdx-tenancy.js');

let backend: Backend;

beforeAll(async () => {
  backend = await startBackend();
}, 120_000);

afterAll(async () => {
  await backend.stop();
}, 60_000);

interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

async function runCli(args: readonly string[], token = backend.api.adminToken): Promise<Outcome> {
  const child = spawn(process.execPath, [program, ...args], {
    env: { PATH: process.env['PATH'], TENANCY_URL: backend.api.url, TENANCY_ADMIN_TOKEN: token },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 60_000,
  });
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit') as Promise<[number | null]>,
  ]);
  return { code, stdout, stderr };
}

const view = (stdout: string): TenantView => TenantView.parse(JSON.parse(stdout));

describe('hyperdx-tenancy against the built API', () => {
  let acme: TenantView;

  it('creates a tenant and answers it as one line of JSON', async () => {
    const args = ['--json', 'tenant', 'create', 'Acme', '--api-key', 'acme-ingestion-key'];
    const { code, stdout } = await runCli(args);
    expect(code).toBe(0);
    acme = view(stdout);
    expect(acme).toMatchObject({ name: 'Acme', status: 'active' });
    expect(acme.teams.map(({ apiKey }) => apiKey)).toEqual(['acme-ingestion-key']);
    expect(stdout.split('\n')).toHaveLength(2);
    expect(await backend.api.call('GET', `/tenants/${acme.id}`)).toMatchObject({ body: acme });
  }, 60_000);

  it('shows it by id and by name', async () => {
    for (const what of [acme.id, 'Acme', 'acme']) {
      const { code, stdout } = await runCli(['--json', 'tenant', 'show', what]);
      expect(code).toBe(0);
      expect(view(stdout)).toEqual(acme);
    }
    const { stdout } = await runCli(['tenant', 'show', 'Acme']);
    expect(stdout).toContain(acme.id);
    expect(stdout).toContain('acme-ingestion-key');
  }, 60_000);

  it('shows a tenant whose name looks like an id', async () => {
    const name = '0'.repeat(24);
    const { id } = await backend.api.createTenant(name);
    const { stdout } = await runCli(['--json', 'tenant', 'show', name]);
    expect(view(stdout).id).toBe(id);
  }, 60_000);

  it('lists tenants as a table and as JSON', async () => {
    const globex = await backend.api.createTenant('Globex');
    const table = await runCli(['tenant', 'list']);
    expect(table.code).toBe(0);
    for (const word of ['Acme', acme.id, 'Globex', globex.id, 'active'])
      expect(table.stdout).toContain(word);
    const { stdout } = await runCli(['--json', 'tenant', 'list', '--status', 'active']);
    const names = (JSON.parse(stdout) as TenantView[]).map(({ name }) => name);
    expect(names).toEqual(['Acme', '0'.repeat(24), 'Globex']);
    const failed = await runCli(['--json', 'tenant', 'list', '--status', 'failed']);
    expect(JSON.parse(failed.stdout)).toEqual([]);
  }, 60_000);

  it.each([
    ['a name that is taken: 4', ['tenant', 'create', 'Acme'], 4, 'Acme'],
    [
      'a key that is taken: 4',
      ['tenant', 'create', 'Thief', '--api-key', 'acme-ingestion-key'],
      4,
      'apiKey',
    ],
    [
      'the same name with another key: 4',
      ['tenant', 'create', 'Acme', '--if-not-exists', '--api-key', 'another-key'],
      4,
      '--api-key',
    ],
    ['a bad name: 2', ['tenant', 'create', 'x'.repeat(101)], 2, 'name'],
    ['a bad key: 2', ['tenant', 'create', 'Initech', '--api-key', 'short'], 2, 'apiKey'],
    ['an unknown name: 3', ['tenant', 'show', 'Nobody'], 3, 'Nobody'],
    ['an unknown id: 3', ['tenant', 'show', 'f'.repeat(24)], 3, 'f'.repeat(24)],
  ])(
    '%s',
    async (_what, args, exit, word) => {
      const { code, stdout, stderr } = await runCli(args);
      expect([code, stdout]).toEqual([exit, '']);
      expect(stderr).toContain(word);
      const left = await runCli(['--json', 'tenant', 'list']);
      expect(JSON.parse(left.stdout)).toHaveLength(3);
    },
    60_000,
  );

  it('answers the existing tenant with --if-not-exists', async () => {
    const args = ['--json', 'tenant', 'create', 'Acme', '--if-not-exists'];
    for (const more of [[], ['--api-key', 'acme-ingestion-key']]) {
      const { code, stdout } = await runCli([...args, ...more]);
      expect(code).toBe(0);
      expect(view(stdout)).toEqual(acme);
    }
  }, 60_000);

  it('a wrong token: 5', async () => {
    const { code, stdout } = await runCli(['tenant', 'list'], 'not-the-operators-token');
    expect([code, stdout]).toEqual([5, '']);
  });

  it('an API that has stopped: 6', async () => {
    await backend.api.stop();
    const { code, stderr } = await runCli(['tenant', 'list']);
    expect(code).toBe(6);
    expect(stderr).toContain(backend.api.url);
    await backend.api.restart();
    expect((await runCli(['tenant', 'list'])).code).toBe(0);
  }, 60_000);
});
