import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { cells, ok, page, refused, useFakeApi } from './cli';
import { agent, AT, config, HASH, UID } from './collectors';

const api = useFakeApi();
const { cli } = api;

const AS_UUID = '0193A1B2-c3d4-7e5f-8091-a2b3c4d5e6f7';

describe('collector list', () => {
  it('prints what became of the configs of each', async () => {
    const failed = {
      ...agent({ instanceUid: 'f'.repeat(32), connected: false, healthy: false }),
      config: { state: 'failed', hash: HASH, revision: null, reason: 'unknown type: "nope"' },
    };
    api.answer(() => page(agent(), failed, agent({ attributes: {}, healthy: null })));
    const { code, stdout, stderr } = await cli('collector', 'list');
    expect([code, stderr]).toEqual([0, '']);
    const line = ['named:web', 'web-1', 'yes, websocket', 'in_step, revision 7', 'yes', ''];
    expect(cells(stdout).slice(1)).toEqual([
      [UID, ...line],
      [
        failed.instanceUid,
        'named:web',
        'web-1',
        `seen ${AT}`,
        'failed',
        'no',
        failed.config.reason,
      ],
      [UID, 'named:web', '', 'yes, websocket', 'in_step, revision 7', 'not said', ''],
    ]);
    expect(JSON.parse((await cli('--json', 'collector', 'list')).stdout)).toHaveLength(3);
  });

  it.each([
    [['--group', 'web'], 'group=named%3Aweb&'],
    [['--group', 'shared:default', '--state', 'failed'], 'group=shared%3Adefault&state=failed&'],
    [['--connected'], 'connected=true&'],
    [['--disconnected'], 'connected=false&'],
  ])('asks for those of %s', async (args, query) => {
    api.answer(() => page());
    expect((await cli('collector', 'list', ...args)).code).toBe(0);
    expect(api.asked()).toEqual([`GET /collector-agents?${query}limit=1000`]);
  });

  it('reads page by page, and says where there are more', async () => {
    api.answer(({ url }) => ok({ data: [agent()], next: url.includes('after=2') ? '3' : '2' }));
    const { stdout, stderr } = await cli('--json', 'collector', 'list', '--limit', '2');
    expect(JSON.parse(stdout)).toHaveLength(2);
    expect(stderr).toContain('There are more');
    expect(api.asked()).toEqual([
      'GET /collector-agents?limit=2',
      'GET /collector-agents?limit=1&after=2',
    ]);
  });

  it.each([
    ['a group that is none', ['--group', 'shared:default:1']],
    ['a state that is none', ['--state', 'merry']],
    ['both at once', ['--connected', '--disconnected']],
    ['no number', ['--limit', '1e3']],
  ])('%s: 2, and nobody is asked', async (_what, args) => {
    api.answer(() => page());
    expect((await cli('collector', 'list', ...args)).code).toBe(2);
    expect(api.calls).toEqual([]);
  });
});

describe('collector show', () => {
  it('takes a UUID, and prints what the collector says of itself', async () => {
    api.answer(() => ok(agent({ lastError: 'exited\u001b[2J' })));
    const { code, stdout } = await cli('collector', 'show', AS_UUID, '--group', 'web');
    expect([code, api.asked()]).toEqual([0, [`GET /collector-agents/${UID}?group=named%3Aweb`]]);
    for (const words of ['host.name     web-1', 'AcceptsRemoteConfig', 'receivers     otlp', HASH])
      expect(stdout).toContain(words);
    expect(stdout).toContain('last error    exited\\u{1b}[2J');
    expect(JSON.parse((await cli('--json', 'collector', 'show', UID)).stdout)).toMatchObject({
      instanceUid: UID,
    });
  });

  it('prints the config that it runs, line by line', async () => {
    api.answer(() => ok(agent({ effectiveConfig: 'receivers:\n  otlp:\u001b[2J\n' })));
    const { code, stdout } = await cli('collector', 'show', UID, '--effective-config');
    expect([code, stdout]).toEqual([0, 'receivers:\n  otlp:\\u{1b}[2J\n']);
  });

  it('ends with 3 where no config was kept, and where there is no such collector', async () => {
    api.answer(() => ok(agent({ effectiveConfig: null, effectiveConfigAt: null })));
    const none = await cli('collector', 'show', UID, '--effective-config');
    expect([none.code, none.stdout]).toEqual([3, '']);
    api.answer(() => refused(404, 'not_found', 'There is none.'));
    const { code, stderr } = await cli('collector', 'show', UID);
    expect([code, stderr]).toEqual([3, 'hyperdx-tenancy: There is none.\n']);
  });

  it('is told what is no UID: 2', async () => {
    api.answer(() => ok(agent()));
    expect((await cli('collector', 'show', 'web-1')).code).toBe(2);
    expect(api.calls).toEqual([]);
  });
});

describe('collector forget', () => {
  it('forgets it with --yes, of the group that it was read in', async () => {
    api.answer(({ method }) => (method === 'DELETE' ? { status: 204 } : ok(agent())));
    const { code, stdout } = await cli('--json', 'collector', 'forget', AS_UUID, '--yes');
    expect([code, JSON.parse(stdout)]).toEqual([0, agent()]);
    expect(api.asked()).toEqual([
      `GET /collector-agents/${UID}`,
      `DELETE /collector-agents/${UID}?group=named%3Aweb`,
    ]);
  });

  it('asks first, and says with --dry-run what it would do', async () => {
    api.answer(() => ok(agent()));
    expect((await cli('collector', 'forget', UID)).code).toBe(2);
    expect(api.calls).toEqual([]);
    const { stdout } = await cli('collector', 'forget', UID, '--dry-run');
    expect(stdout).toBe(`Would forget collector ${UID} of named:web.\n`);
    expect(api.asked()).toEqual([`GET /collector-agents/${UID}`]);
  });
});

describe('collector config', () => {
  let folder: string;
  const path = (name: string): string => join(folder, name);
  const SECRET = '{"password":"the-secret"}';

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'cli-test-'));
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const answering = (leftOut = [] as { team: string; tenant: string; reason: string }[]) =>
    api.answer(({ method }) =>
      ok(config({ leftOut, ...(method === 'POST' ? { config: `${SECRET}\n` } : {}) })),
    );

  it('prints it without secrets, and who is left out', async () => {
    answering([{ team: 't1', tenant: 't2', reason: 'its key cannot be sent' }]);
    const { code, stdout, stderr } = await cli('collector', 'config', '--group', 'web');
    expect([code, stdout]).toEqual([0, '{"receivers":{"otlp":{}}}\n']);
    expect(stderr).toContain('without passwords');
    expect(stderr).toContain('Team t1 of tenant t2 is left out: its key cannot be sent');
    expect(api.asked()).toEqual(['GET /collector-groups/named%3Aweb/config']);
    const json = await cli('--json', 'collector', 'config', '--group', 'web');
    expect(JSON.parse(json.stdout)).toMatchObject({ hash: HASH });
  });

  it('writes it with --output into a file of the owner alone, and shows it nowhere', async () => {
    answering();
    const args = ['collector', 'config', '--group', 'named:web:3', '--output', path('new')];
    const { code, stdout, stderr } = await cli('--json', ...args);
    expect([code, stdout.includes('the-secret'), stderr.includes('the-secret')]).toEqual([
      0,
      false,
      false,
    ]);
    expect(JSON.parse(stdout)).toMatchObject({ hash: HASH });
    expect(stderr).toContain('holds passwords');
    expect(readFileSync(path('new'), 'utf8')).toBe(`${SECRET}\n`);
    expect(statSync(path('new')).mode & 0o777).toBe(0o600);
    expect(api.asked()).toEqual(['POST /collector-groups/named%3Aweb%3A3/config']);
  });

  it('prints it with --output - as it is', async () => {
    answering();
    const { code, stdout, stderr } = await cli(
      'collector',
      'config',
      '--group',
      'web',
      '--output',
      '-',
    );
    expect([code, stdout]).toEqual([0, `${SECRET}\n`]);
    expect(stderr).toContain('holds passwords');
  });

  it('lets a file be, unless --force; then it is of the owner alone', async () => {
    answering();
    writeFileSync(path('old'), 'mine', { mode: 0o644 });
    const args = ['collector', 'config', '--group', 'web', '--output', path('old')];
    const { code, stderr } = await cli(...args);
    expect(code).toBe(2);
    expect(stderr).toContain('exists already');
    expect(api.calls).toEqual([]);
    expect(readFileSync(path('old'), 'utf8')).toBe('mine');
    expect((await cli(...args, '--force')).code).toBe(0);
    expect(readFileSync(path('old'), 'utf8')).toBe(`${SECRET}\n`);
    expect(statSync(path('old')).mode & 0o777).toBe(0o600);
  });

  it('leaves with --force the file as it was where no config comes', async () => {
    writeFileSync(path('kept'), 'mine');
    api.answer(() => refused(403, 'forbidden', 'No.'));
    const args = ['collector', 'config', '--group', 'web', '--output', path('kept'), '--force'];
    expect(await cli(...args)).toEqual({ code: 5, stdout: '', stderr: 'hyperdx-tenancy: No.\n' });
    expect(readFileSync(path('kept'), 'utf8')).toBe('mine');
    expect(readdirSync(folder).filter((name) => name.startsWith('kept'))).toEqual(['kept']);
  });

  it.each([
    ['no group', []],
    ['--force without a file', ['--group', 'web', '--force']],
    ['--force with standard output', ['--group', 'web', '--force', '--output', '-']],
  ])('%s: 2, and nobody is asked', async (_what, args) => {
    answering();
    expect((await cli('collector', 'config', ...args)).code).toBe(2);
    expect(api.calls).toEqual([]);
  });
});
