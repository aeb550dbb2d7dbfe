import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { cells, ok, refused, useFakeApi } from './cli';
import { AT, token } from './collectors';

const api = useFakeApi();
const { cli } = api;

const SECRET = 'hdxc_the-one-time-secret';
const made = () => ({ status: 201, json: { ...token(), token: SECRET } });

let folder: string;
const path = (name: string): string => join(folder, name);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cli-test-'));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('collector token create', () => {
  it.each([
    ['web', { kind: 'named', name: 'web' }],
    ['web:quarantine', { kind: 'named', name: 'web', quarantine: true }],
    ['named:web:3', { kind: 'named', name: 'web', shard: 3 }],
    ['shared:default', { kind: 'shared', target: 'default' }],
    ['shared:eu:quarantine', { kind: 'shared', target: 'eu', quarantine: true }],
    [`dedicated:${'b'.repeat(24)}`, { kind: 'dedicated', team: 'b'.repeat(24) }],
  ])('makes a token of %s, shown this once', async (named, group) => {
    api.answer(made);
    const args = ['collector', 'token', 'create', 'web servers', '--group', named];
    const { code, stdout, stderr } = await cli(...args);
    expect(code).toBe(0);
    expect(stdout).toContain(`token    ${SECRET}\n`);
    expect(stderr).toContain('this once');
    expect(api.asked()).toEqual(['POST /collector-tokens']);
    expect(api.calls[0]?.body).toEqual({ name: 'web servers', group });
    const json = await cli('--json', ...args);
    expect(JSON.parse(json.stdout)).toEqual({ ...token(), token: SECRET });
  });

  it.each([
    ['no group', ['web']],
    ['a group that is none', ['web', '--group', 'web:0']],
    ['an empty name', [' ', '--group', 'web']],
  ])('%s: 2, and nobody is asked', async (_what, args) => {
    api.answer(made);
    expect((await cli('collector', 'token', 'create', ...args)).code).toBe(2);
    expect(api.calls).toEqual([]);
  });
});

describe.each([
  ['create', ['web servers', '--group', 'web']],
  ['rotate', [token().id]],
])('collector token %s --output', (verb, args) => {
  const run = (file: string) =>
    cli('--json', 'collector', 'token', verb, ...args, '--output', path(file));

  it('writes the token into a file of the owner alone, and shows it nowhere', async () => {
    api.answer(made);
    const { code, stdout, stderr } = await run(verb);
    expect([code, JSON.parse(stdout)]).toEqual([0, token()]);
    expect(stdout + stderr).not.toContain(SECRET);
    expect(readFileSync(path(verb), 'utf8')).toBe(`${SECRET}\n`);
    expect(statSync(path(verb)).mode & 0o777).toBe(0o600);
  });

  it('makes none where the file exists, and leaves none where none is made', async () => {
    api.answer(made);
    expect((await run(verb)).code).toBe(2);
    expect(api.calls).toEqual([]);
    api.answer(() => refused(409, 'limit_reached'));
    expect((await run(`${verb}-2`)).code).toBe(4);
    expect(existsSync(path(`${verb}-2`))).toBe(false);
  });
});

describe('collector token list', () => {
  it('prints what each opens and how long it is good', async () => {
    const replaced = token({ state: 'replaced', expiresAt: AT, replacedBy: 'c'.repeat(24) });
    const revoked = token({ state: 'revoked', revokedAt: AT, groupId: 'shared:default' });
    api.answer(() => ok({ data: [token(), replaced, revoked] }));
    const { code, stdout } = await cli('collector', 'token', 'list');
    expect(code).toBe(0);
    const { id, name } = token();
    expect(cells(stdout).slice(1)).toEqual([
      [id, name, 'named:web', 'active', AT, ''],
      [id, name, 'named:web', `replaced, good until ${AT}`, AT, 'c'.repeat(24)],
      [id, name, 'shared:default', `revoked since ${AT}`, AT, ''],
    ]);
    const only = await cli('--json', 'collector', 'token', 'list', '--group', 'web');
    expect(JSON.parse(only.stdout)).toEqual([token(), replaced]);
  });
});

describe('collector token rotate', () => {
  it.each([
    [[], 1_440],
    [['--overlap', '30m'], 30],
    [['--overlap', '7d'], 10_080],
    [['--overlap', '0'], 0],
  ])('asks for an overlap: %s', async (args, overlapMinutes) => {
    api.answer(made);
    const { code, stdout } = await cli('collector', 'token', 'rotate', token().id, ...args);
    expect(code).toBe(0);
    expect(stdout).toContain(SECRET);
    expect(api.asked()).toEqual([`POST /collector-tokens/${token().id}/rotate`]);
    expect(api.calls[0]?.body).toEqual({ overlapMinutes });
  });

  it.each(['91d', '1', 'soon', '-1h', '0m'])(
    '--overlap %s: 2, and nobody is asked',
    async (time) => {
      api.answer(made);
      const args = ['collector', 'token', 'rotate', token().id, `--overlap=${time}`];
      const { code, stderr } = await cli(...args);
      expect(code).toBe(2);
      expect(stderr).toContain('--overlap');
      expect(api.calls).toEqual([]);
    },
  );
});

describe('collector token revoke', () => {
  const revoke = ['collector', 'token', 'revoke', token().id];
  const revoked = token({ state: 'revoked', revokedAt: AT });
  const listing = ({ method }: { method: string }) => {
    if (method === 'DELETE') return { status: 204 };
    return ok({ data: [api.asked().some((one) => one.startsWith('DELETE')) ? revoked : token()] });
  };

  it('takes it away with --yes, and shows that it is', async () => {
    api.answer(listing);
    const { code, stdout } = await cli('--json', ...revoke, '--yes');
    expect([code, JSON.parse(stdout)]).toEqual([0, revoked]);
    expect(api.asked()).toEqual([
      'GET /collector-tokens',
      `DELETE /collector-tokens/${token().id}`,
      'GET /collector-tokens',
    ]);
  });

  it('asks first, and says with --dry-run what it would do', async () => {
    api.answer(listing);
    expect((await cli(...revoke)).code).toBe(2);
    expect(api.calls).toEqual([]);
    const { stdout } = await cli(...revoke, '--dry-run');
    expect(stdout).toBe(`Would revoke token "web servers" of named:web (${token().id}).\n`);
    expect(api.asked()).toEqual(['GET /collector-tokens']);
  });

  it('ends with 3 where there is none, with 2 for a name', async () => {
    api.answer(() => ok({ data: [] }));
    expect((await cli(...revoke, '--yes')).code).toBe(3);
    api.answer(listing);
    expect((await cli('collector', 'token', 'revoke', 'web servers', '--yes')).code).toBe(2);
    expect(api.calls).toEqual([]);
  });
});
