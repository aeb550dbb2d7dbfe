import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { CollectorGroupView } from '@hyperdx-tenancy/domain/contracts/collectorRollout';

import { cells, ID, ok, page, refused, tenant, useFakeApi } from './cli';
import { AT, group, part, rollout, summary } from './collectors';

const api = useFakeApi();
const { cli } = api;
const groups = (...args: string[]) => cli('collector', 'groups', ...args);

const OTHER = 'b'.repeat(24);
let folder: string;
const path = (name: string): string => join(folder, name);
const file = (name: string, text: string): string => {
  writeFileSync(path(name), text);
  return path(name);
};

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cli-test-'));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Answers this group to everybody, and tenant Acme to who looks for it. */
const answering = (view: CollectorGroupView = group()): void =>
  api.answer(({ url }) => (url.includes('/tenants?') ? page(tenant()) : ok(view, TAG)));

const TAG = { etag: '"one"' };

const body = () => api.calls.at(-1)?.body;

describe('collector groups list', () => {
  it('prints all of them, read page by page', async () => {
    const canary = { canary: { percent: 10 }, healthySeconds: 30, timeoutSeconds: 300 };
    const sharded = summary({
      id: 'named:big',
      shards: 4,
      members: { tenants: [ID] },
      rollout: canary,
    });
    api.answer(({ url }) =>
      url.includes('after=') ? page(sharded) : ok({ data: [summary()], next: 'named:a' }),
    );
    const { code, stdout } = await groups('list');
    expect(code).toBe(0);
    expect(cells(stdout).slice(1)).toEqual([
      ['named:web', 'default', 'all of the target', '', '3', '1 of 2, 1 failed', 'at once'],
      [
        'named:big',
        'default',
        '1 tenant',
        '4',
        '3',
        '1 of 2, 1 failed',
        '10% first, the rest once they were healthy for 30 s; failed after 300 s',
      ],
    ]);
    expect(api.asked()).toEqual([
      'GET /collector-groups?limit=500',
      'GET /collector-groups?limit=500&after=named%3Aa',
    ]);
  });
});

describe('collector groups show', () => {
  const sharded = group({
    shards: 2,
    options: { memoryLimitMiB: 512, queue: { maxMiB: 4 } },
    fragment: 'processors:\n  filter:\n',
    quarantine: [{ tenant: OTHER, reason: 'a table is missing', since: AT }],
    parts: [
      part({
        id: 'named:web:1',
        leftOut: [{ team: 't1', tenant: 't2', reason: 'its key cannot be sent' }],
        warnings: ['queues are small'],
      }),
      part({
        id: 'named:web:2',
        tenants: [OTHER],
        tokens: 0,
        agents: { connected: 3, inStep: 1, failed: 2 },
        rollout: rollout({ phase: 'failed', paused: true, current: 9, good: 8, pinned: 8 }),
      }),
    ],
  });

  it('prints its settings, its configs, and who is left out', async () => {
    answering(sharded);
    const { code, stdout } = await groups('show', 'web');
    expect([code, api.asked()]).toEqual([0, ['GET /collector-groups/named%3Aweb']]);
    expect(cells(stdout)).toEqual([
      ['config', 'tenants', 'tokens', 'in step', 'phase', 'revision', 'good', 'pinned'],
      ['named:web:1', '1', '1', '2 of 2', 'steady', '7', '7', ''],
      ['named:web:2', '1', '0', '1 of 3, 2 failed', 'failed (paused)', '9', '8', '8'],
      ['tenant in quarantine', 'since', 'reason'],
      [OTHER, AT, 'a table is missing'],
    ]);
    for (const words of [
      'memoryLimitMiB=512',
      'queue.maxMiB=4',
      '2 lines of YAML',
      'named:web:1: team t1 of tenant t2 is left out: its key cannot be sent\n',
      'named:web:1: queues are small\n',
    ])
      expect(stdout).toContain(words);
  });

  it('names with --tenants the tenants of each config', async () => {
    answering(sharded);
    const { stdout } = await groups('show', 'named:web:2', '--tenants');
    expect(api.asked()).toEqual(['GET /collector-groups/named%3Aweb']);
    expect(cells(stdout).slice(-3)).toEqual([
      ['tenant', 'config'],
      [ID, 'named:web:1'],
      [OTHER, 'named:web:2'],
    ]);
  });

  it('shows what a newer API knows besides', async () => {
    const newer = { ...sharded, kind: 'floating', options: { colour: 'red' } };
    api.answer(() => ok(newer));
    expect((await groups('show', 'web')).stdout).toContain('colour=red');
    expect(JSON.parse((await cli('--json', 'collector', 'groups', 'show', 'web')).stdout)).toEqual(
      newer,
    );
  });

  it.each(['shared:', 'Web', 'dedicated:1', `dedicated:${OTHER}:1`, 'web:0'])(
    '%s is no group: 2, and nobody is asked',
    async (name) => {
      answering();
      expect((await groups('show', name)).code).toBe(2);
      expect(api.calls).toEqual([]);
    },
  );
});

describe('collector groups create', () => {
  it('makes it with what is asked for, tenants by id or name', async () => {
    answering(group({ parts: [part({ id: 'named:web:1' })] }));
    const { code, stderr } = await groups(
      'create',
      'web',
      ...['--target', 'eu', '--members', 'Acme', OTHER, '--shards', '2', '--exclusive'],
      ...['--memory-limit-mib', '512', '--queue-max-mib', '4', '--storage-directory', '/queues'],
      ...['--fragment', file('fragment.yaml', 'processors:\n  filter:\n')],
      ...['--canary', '10%', '--healthy-seconds', '30', '--quarantine', 'Acme'],
      ...['--quarantine-endpoint', 'http://quarantine:4318'],
    );
    expect([code, stderr]).toEqual([0, expect.stringContaining('--group named:web:1')]);
    expect(api.asked().at(-1)).toBe('POST /collector-groups');
    expect(body()).toEqual({
      name: 'web',
      target: 'eu',
      members: { tenants: [ID, OTHER] },
      shards: 2,
      exclusive: true,
      fragment: 'processors:\n  filter:\n',
      options: {
        memoryLimitMiB: 512,
        queue: { maxMiB: 4, storageDirectory: '/queues' },
        quarantineEndpoint: 'http://quarantine:4318',
      },
      rollout: { canary: { percent: 10 }, healthySeconds: 30 },
      quarantine: [ID],
    });
  });

  it('serves all tenants where none is named', async () => {
    answering();
    expect((await groups('create', 'web')).code).toBe(0);
    expect(body()).toEqual({ name: 'web', options: {}, rollout: {} });
    await groups('create', 'web', '--members', 'all');
    expect(body()).toMatchObject({ members: 'all' });
  });

  it.each([
    ['a name that is none', ['Web!']],
    ['no shards', ['web', '--shards', '0']],
    ['memory that is too little', ['web', '--memory-limit-mib', '10']],
    ['a share of nothing', ['web', '--canary', '0%']],
    ['a canary of all', ['web', '--canary', '100%']],
    ['a directory that is none', ['web', '--storage-directory', 'queues']],
    ['an address without a port', ['web', '--fluentforward', '0.0.0.0']],
    ['an endpoint that is no URL', ['web', '--quarantine-endpoint', 'quarantine:4317']],
    ['a fragment that is not there', ['web', '--fragment', '/nonexistent.yaml']],
  ])('%s: 2, and nobody is asked', async (_what, args) => {
    answering();
    const { code, stdout, stderr } = await groups('create', ...args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).not.toBe('');
    expect(api.calls).toEqual([]);
  });

  it('"all" beside other tenants: 2, and nothing is made', async () => {
    answering();
    expect((await groups('create', 'web', '--members', 'all', OTHER)).code).toBe(2);
    expect(api.calls).toEqual([]);
  });

  it('ends with 3 where a tenant does not exist, and nothing is made', async () => {
    api.answer(() => page());
    expect((await groups('create', 'web', '--members', 'Nobody')).code).toBe(3);
    expect(api.asked()).toEqual(['GET /tenants?name=Nobody']);
  });
});

describe('collector groups update', () => {
  const dedicated = `dedicated:${OTHER}`;
  const set = group({
    options: { memoryLimitMiB: 512, queue: { maxMiB: 4, storageDirectory: '/queues' } },
    rollout: { canary: { count: 2 }, healthySeconds: 30, timeoutSeconds: 300 },
  });
  const scrape = [{ job_name: 'node', static_configs: [{ targets: ['localhost:9100'] }] }];

  it.each<[string, string[], object]>([
    ['--memory-limit-mib 256', [], { options: { ...set.options, memoryLimitMiB: 256 } }],
    [
      '--storage-directory none',
      [],
      { options: { memoryLimitMiB: 512, queue: { maxMiB: 4, storageDirectory: null } } },
    ],
    [
      '--unset memory-limit-mib queue-max-mib',
      [],
      { options: { queue: { storageDirectory: '/queues' } } },
    ],
    [
      '--unset queue-max-mib storage-directory --fluentforward 0.0.0.0:24225',
      [],
      {
        options: {
          memoryLimitMiB: 512,
          receivers: { fluentforward: { endpoint: '0.0.0.0:24225' } },
        },
      },
    ],
    [
      '--canary 25%',
      [],
      { rollout: { canary: { percent: 25 }, healthySeconds: 30, timeoutSeconds: 300 } },
    ],
    ['--unset canary', [], { rollout: { healthySeconds: 30, timeoutSeconds: 300 } }],
    [
      '--canary-timeout-seconds 60',
      [],
      { rollout: { canary: { count: 2 }, healthySeconds: 30, timeoutSeconds: 60 } },
    ],
    ['--no-fragment', [], { fragment: null }],
    ['--no-quarantine', [], { quarantine: [] }],
    ['--quarantine', ['Acme', OTHER], { quarantine: [ID, OTHER] }],
    ['--members', ['all'], { members: 'all' }],
    ['--shards 3 --no-exclusive', [], { shards: 3, exclusive: false }],
    ['--no-shards', [], { shards: null }],
  ])('sends what %s changes, and no more', async (flags, more, change) => {
    answering(set);
    const { code } = await groups('update', 'web', ...flags.split(' '), ...more);
    expect(code).toBe(0);
    expect(api.asked().at(0)).toBe('GET /collector-groups/named%3Aweb');
    expect(api.asked().at(-1)).toBe('PATCH /collector-groups/named%3Aweb');
    expect(body()).toEqual(change);
  });

  it.each([
    ['a list', JSON.stringify(scrape)],
    [
      'a file of Prometheus',
      'scrape_configs:\n  - job_name: node\n    static_configs: [{targets: ["localhost:9100"]}]\n',
    ],
  ])('reads scrape configs from %s', async (_what, text) => {
    answering(group({ id: dedicated, kind: 'dedicated' }));
    const args = ['update', dedicated, '--prometheus', file('prometheus.yaml', text)];
    expect((await groups(...args)).code).toBe(0);
    expect(body()).toEqual({ options: { receivers: { prometheus: { scrapeConfigs: scrape } } } });
  });

  it('keeps options that a newer API has', async () => {
    const options = { colour: 'red', queue: { maxMiB: 4, sizer: 'bytes' } };
    api.answer(() => ok({ ...set, options }, TAG));
    expect((await groups('update', 'web', '--queue-max-mib', '8')).code).toBe(0);
    expect(body()).toEqual({ options: { ...options, queue: { maxMiB: 8, sizer: 'bytes' } } });
  });

  it('changes it only while it is as it was read, or as --if-match says', async () => {
    answering(set);
    const { stdout } = await cli('--json', 'collector', 'groups', 'show', 'web');
    expect(JSON.parse(stdout)).toMatchObject({ id: 'named:web', etag: '"one"' });
    expect((await groups('update', 'web', '--no-fragment')).code).toBe(0);
    expect(api.calls.at(-1)?.headers).toEqual({ 'if-match': '"one"' });
    expect((await groups('update', 'web', '--no-fragment', '--if-match', '"mine"')).code).toBe(0);
    expect(api.calls.at(-1)?.headers).toEqual({ 'if-match': '"mine"' });
    expect((await groups('update', 'web', '--no-fragment', '--if-match', 'mine')).code).toBe(2);
  });

  it('ends with 4 where somebody else was quicker; asks for a word where it cannot know', async () => {
    api.answer(({ method }) =>
      method === 'GET' ? ok(set, TAG) : refused(412, 'precondition_failed', 'If-Match: changed.'),
    );
    const late = await groups('update', 'web', '--no-fragment');
    expect([late.code, late.stderr]).toEqual([4, expect.stringContaining('nothing by this')]);
    api.answer(() => ok(set));
    const unknown = await groups('update', 'web', '--no-fragment');
    expect([unknown.code, unknown.stderr]).toEqual([1, expect.stringContaining("--if-match '*'")]);
    expect((await groups('update', 'web', '--no-fragment', '--if-match', '*')).code).toBe(0);
  });

  it('prints with --dry-run how the configs would differ, and changes nothing', async () => {
    const preview = {
      dryRun: true,
      parts: [
        {
          id: 'named:web',
          changed: true,
          diff: '-"limit_mib": 512\n+"limit_mib": 256\n',
          leftOut: [{ team: 't1', tenant: 't2', reason: 'no room' }],
          warnings: ['queues are small'],
        },
        { id: 'named:web:quarantine', changed: false, diff: null, leftOut: [], warnings: [] },
        { id: 'named:web:9', changed: true, diff: null, leftOut: [], warnings: [] },
      ],
    };
    api.answer(({ method }) => ok(method === 'PATCH' ? preview : set));
    const args = ['collector', 'groups', 'update', 'web', '--memory-limit-mib', '256', '--dry-run'];
    const { code, stdout, stderr } = await cli(...args);
    expect(stderr).toBe(
      'named:web:9: differs in secrets alone, or in more than is shown at once.\n',
    );
    expect([code, stdout.split('\n')]).toEqual([
      0,
      [
        'named:web: would change',
        '-"limit_mib": 512',
        '+"limit_mib": 256',
        'named:web: team t1 of tenant t2 would be left out: no room',
        'named:web: queues are small',
        'named:web:quarantine: would stay as it is',
        'named:web:9: would change',
        '',
      ],
    ]);
    expect(api.asked()).toEqual([
      'GET /collector-groups/named%3Aweb',
      'PATCH /collector-groups/named%3Aweb?dryRun=true',
    ]);
    expect(JSON.parse((await cli('--json', ...args)).stdout)).toEqual(preview);
  });

  it.each([
    ['0 once all collectors have it', rollout({ current: 8, good: 8 }), 0],
    ['1 where it failed', rollout({ current: 8, phase: 'failed' }), 1],
  ])('ends with --wait with %s', async (_what, after, exit) => {
    const changed = group({ parts: [part({ rollout: after })] });
    api.answer(({ method }) =>
      ok(method === 'GET' && api.calls.length > 2 ? changed : group(), TAG),
    );
    const { code, stdout } = await groups('update', 'web', '--shards', '2', '--wait');
    expect([code, cells(stdout).at(-1)?.slice(4, 6)]).toEqual([exit, [after.phase, '8']]);
    expect(
      api
        .asked()
        .slice(0, 3)
        .map((call) => call.split(' ')[0]),
    ).toEqual(['GET', 'PATCH', 'GET']);
  });

  it.each([
    ['nothing', []],
    ['a dry run that waits', ['--shards', '2', '--dry-run', '--wait']],
    ['an option that cannot be unset', ['--unset', 'members']],
    ['a fragment that is not there', ['--fragment', '/nonexistent.yaml', '--no-quarantine']],
  ])('%s: 2, and nobody is asked', async (_what, args) => {
    answering(set);
    expect((await groups('update', 'web', ...args)).code).toBe(2);
    expect(api.calls).toEqual([]);
  });

  it.each([
    ['what is not YAML', 'a: ['],
    ['no list', '{}'],
    ['an empty list', 'scrape_configs: []'],
  ])('--prometheus with %s: 2, naming the file', async (_what, text) => {
    answering(set);
    const { code, stderr } = await groups(
      'update',
      dedicated,
      '--prometheus',
      file('bad.yaml', text),
    );
    expect(code).toBe(2);
    expect(stderr).toContain(path('bad.yaml'));
    expect(api.calls).toEqual([]);
  });

  it('an empty fragment: 2; a large one too', async () => {
    answering(set);
    for (const text of [' \n', 'a'.repeat(65_537)]) {
      const { code, stderr } = await groups('update', 'web', '--fragment', file('f.yaml', text));
      expect([code, stderr]).toEqual([2, expect.stringContaining('--fragment')]);
    }
    expect(api.calls).toEqual([]);
  });

  it('ends as the API says', async () => {
    api.answer(({ method }) =>
      method === 'PATCH'
        ? refused(400, 'invalid_request', 'fragment: exporters.clickhouse is ours.')
        : ok(set, TAG),
    );
    const { code, stderr } = await groups('update', 'web', '--shards', '2');
    expect([code, stderr]).toEqual([
      2,
      'hyperdx-tenancy: fragment: exporters.clickhouse is ours.\n',
    ]);
  });
});

describe('collector groups delete', () => {
  it('deletes it with --yes, and shows what it was', async () => {
    api.answer(({ method }) => (method === 'DELETE' ? { status: 204 } : ok(group())));
    const { code, stdout } = await cli('--json', 'collector', 'groups', 'delete', 'web', '--yes');
    expect([code, JSON.parse(stdout)]).toEqual([0, group()]);
    expect(api.asked()).toEqual([
      'GET /collector-groups/named%3Aweb',
      'DELETE /collector-groups/named%3Aweb',
    ]);
  });

  it('asks first, and says with --dry-run what it would do', async () => {
    answering();
    expect((await groups('delete', 'web')).code).toBe(2);
    expect(api.calls).toEqual([]);
    expect((await groups('delete', 'web', '--dry-run')).stdout).toMatch(
      /^Would delete group named:web/,
    );
    expect(api.asked()).toEqual(['GET /collector-groups/named%3Aweb']);
  });

  it('ends with 4 while a token opens it', async () => {
    api.answer(({ method }) =>
      method === 'DELETE' ? refused(409, 'group_in_use', 'A token opens it.') : ok(group()),
    );
    const { code, stderr } = await groups('delete', 'web', '--yes');
    expect([code, stderr]).toEqual([4, 'hyperdx-tenancy: A token opens it.\n']);
  });
});
