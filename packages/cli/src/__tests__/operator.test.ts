import { mkdtempSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { cells, ID, ok, refused, useFakeApi } from './cli';
import type { Call } from './fakeApi';

const api = useFakeApi();
const { cli } = api;

const SECRET = 'hdxo_the-one-time-secret';
const ada = {
  id: ID,
  email: 'ada@example.com',
  role: 'admin',
  userExists: true,
  createdBy: 'bootstrap',
  createdAt: '2026-01-02T03:04:05.000Z',
  updatedAt: '2026-01-03T03:04:05.000Z',
};
const token = {
  id: 'a'.repeat(24),
  name: 'terraform',
  role: 'admin',
  expiresAt: '2026-06-01T00:00:00.000Z',
  expired: false,
  createdBy: 'bootstrap',
  createdAt: '2026-01-02T03:04:05.000Z',
  lastUsedAt: null,
};

/** Lists these, and answers 204 to whoever takes one away. */
const listing =
  (...data: unknown[]) =>
  ({ method }: Call) =>
    method === 'DELETE' ? { status: 204 } : ok({ data });

describe('operator list', () => {
  it('prints roles, and users who are gone', async () => {
    const gone = { ...ada, id: 'b'.repeat(24), email: 'bob@example.com', userExists: false };
    api.answer(listing(ada, { ...gone, role: 'auditor' }));
    const { code, stdout } = await cli('operator', 'list');
    expect(code).toBe(0);
    expect(cells(stdout).slice(1)).toEqual([
      [ID, 'ada@example.com', 'admin', 'exists', 'bootstrap', ada.updatedAt],
      [gone.id, 'bob@example.com', 'auditor', 'gone from HyperDX', 'bootstrap', ada.updatedAt],
    ]);
    api.answer(listing(ada));
    expect(JSON.parse((await cli('--json', 'operator', 'list')).stdout)).toEqual([ada]);
  });
});

describe('operator set', () => {
  it('puts the role', async () => {
    api.answer(() => ({ status: 201, json: ada }));
    const args = ['operator', 'set', 'ada@example.com', '--role', 'admin'];
    const { code, stdout } = await cli(...args);
    expect(code).toBe(0);
    expect(stdout).toContain('email    ada@example.com\nrole     admin\n');
    expect(api.asked()).toEqual(['PUT /operators/ada%40example.com']);
    expect(api.calls.map(({ body }) => body)).toEqual([{ role: 'admin' }]);
  });

  it.each([
    ['no role', ['ada@example.com']],
    ['an unknown role', ['ada@example.com', '--role', 'king']],
    ['nobody', ['..', '--role', 'admin']],
  ])('%s: 2, and nobody is asked', async (_what, args) => {
    api.answer(() => ok(ada));
    expect((await cli('operator', 'set', ...args)).code).toBe(2);
    expect(api.calls).toEqual([]);
  });
});

describe.each([
  ['operator remove', ['operator', 'remove', 'Ada@example.com'], ada, `/operators/${ID}`],
  [
    'operator token revoke',
    ['operator', 'token', 'revoke', token.id],
    token,
    `/operator-tokens/${token.id}`,
  ],
])('%s', (_what, args, thing, path) => {
  const list = `GET ${path.slice(0, path.lastIndexOf('/'))}`;

  it('takes it away with --yes, and shows what it was', async () => {
    api.answer(listing(thing));
    const { code, stdout } = await cli('--json', ...args, '--yes');
    expect([code, JSON.parse(stdout)]).toEqual([0, thing]);
    expect(api.asked()).toEqual([list, `DELETE ${path}`]);
  });

  it('says with --dry-run what it would take away', async () => {
    api.answer(listing(thing));
    const { code, stdout } = await cli(...args, '--dry-run');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Would (remove|revoke) .*(ada@example.com|terraform)/);
    expect(api.asked()).toEqual([list]);
  });

  it('is refused where nobody can confirm it: 2, and nobody is asked', async () => {
    api.answer(listing(thing));
    const { code, stdout, stderr } = await cli(...args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain('--yes');
    expect(api.calls).toEqual([]);
  });

  it.each([['--yes'], ['--dry-run']])('ends with 3 where there is none (%s)', async (option) => {
    api.answer(listing());
    expect((await cli(...args, option)).code).toBe(3);
    expect(api.asked()).toEqual([list]);
  });

  it('ends with 4 where it is the last admin', async () => {
    api.answer((call) =>
      call.method === 'DELETE' ? refused(409, 'last_admin', 'The last.') : listing(thing)(call),
    );
    expect(await cli(...args, '--yes')).toEqual({
      code: 4,
      stdout: '',
      stderr: 'hyperdx-tenancy: The last.\n',
    });
  });
});

it('operator token revoke does not take a name, nor the token: 2', async () => {
  api.answer(listing(token));
  expect((await cli('operator', 'token', 'revoke', 'terraform', '--yes')).code).toBe(2);
  expect(api.calls).toEqual([]);
});

it('operator token list prints expiry and last use', async () => {
  const old = { ...token, expired: true, lastUsedAt: '2026-05-01T00:00:00.000Z' };
  api.answer(listing({ ...token, expiresAt: null }, old));
  const { code, stdout } = await cli('operator', 'token', 'list');
  expect(code).toBe(0);
  expect(cells(stdout).slice(1)).toEqual([
    [token.id, 'terraform', 'admin', 'never', 'bootstrap', 'never'],
    [token.id, 'terraform', 'admin', `${token.expiresAt} (expired)`, 'bootstrap', old.lastUsedAt],
  ]);
});

describe('operator token create', () => {
  const create = ['operator', 'token', 'create', 'terraform', '--role', 'admin'];
  let folder: string;
  const path = (name: string): string => join(folder, name);

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'cli-test-'));
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('shows the token this once', async () => {
    api.answer(() => ({ status: 201, json: { ...token, token: SECRET } }));
    const { code, stdout, stderr } = await cli(...create);
    expect(code).toBe(0);
    expect(stdout).toContain(`token    ${SECRET}\n`);
    expect(stderr).toContain('this once');
    expect(api.calls.map(({ body }) => body)).toEqual([{ name: 'terraform', role: 'admin' }]);
    const json = await cli('--json', ...create);
    expect(JSON.parse(json.stdout)).toEqual({ ...token, token: SECRET });
  });

  it('asks for an expiry, --expires-in from now', async () => {
    api.answer(() => ({ status: 201, json: { ...token, token: SECRET } }));
    const before = Date.now();
    expect((await cli(...create, '--expires-in', '90d')).code).toBe(0);
    const { expiresAt } = api.calls[0]?.body as { expiresAt: string };
    const ahead = Date.parse(expiresAt) - 90 * 86_400_000;
    expect(ahead).toBeGreaterThanOrEqual(before);
    expect(ahead).toBeLessThanOrEqual(Date.now());
  });

  it.each(['soon', '0d', '90', '90m', '-1d', '731d', '105w'])(
    '--expires-in %s: 2, and nobody is asked',
    async (time) => {
      api.answer(() => ({ status: 201, json: { ...token, token: SECRET } }));
      const { code, stderr } = await cli(...create, `--expires-in=${time}`);
      expect(code).toBe(2);
      expect(stderr).toContain('--expires-in');
      expect(api.calls).toEqual([]);
    },
  );

  it('writes it with --output into a file of the owner alone, and shows it nowhere', async () => {
    api.answer(() => ({ status: 201, json: { ...token, token: SECRET } }));
    const { code, stdout, stderr } = await cli('--json', ...create, '--output', path('token'));
    expect([code, JSON.parse(stdout)]).toEqual([0, token]);
    expect(stdout + stderr).not.toContain(SECRET);
    expect(stderr).toContain(path('token'));
    expect(readFileSync(path('token'), 'utf8')).toBe(`${SECRET}\n`);
    expect(statSync(path('token')).mode & 0o777).toBe(0o600);
  });

  it('makes no token where --output exists or cannot be written', async () => {
    api.answer(() => ({ status: 201, json: { ...token, token: SECRET } }));
    writeFileSync(path('mine'), 'mine');
    for (const [file, words] of [
      [path('mine'), 'exists already'],
      [path('no/such/folder'), 'cannot be written'],
    ] as const) {
      const { code, stderr } = await cli(...create, '--output', file);
      expect(code).toBe(2);
      expect(stderr).toContain(words);
    }
    expect(api.calls).toEqual([]);
    expect(readFileSync(path('mine'), 'utf8')).toBe('mine');
  });

  it('leaves no file where no token was made', async () => {
    api.answer(() => refused(409, 'limit_reached'));
    expect((await cli(...create, '--output', path('none'))).code).toBe(4);
    expect(existsSync(path('none'))).toBe(false);
  });
});
