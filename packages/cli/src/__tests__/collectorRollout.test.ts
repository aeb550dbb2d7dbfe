import { createClient } from '../client';
import { waitForChange, waitUntilSettled } from '../commands/collector/rollout/settled';
import { cells, ok, refused, TOKEN, useFakeApi } from './cli';
import { AT, group, HASH, part, revision, rollout } from './collectors';

const api = useFakeApi();
const { cli } = api;

let said: jest.SpyInstance;

beforeEach(() => {
  said = jest.spyOn(console, 'error').mockImplementation(() => undefined);
});

afterEach(() => said.mockRestore());

const notes = (): string => said.mock.calls.flat().join('\n');

const PATH = '/collector-groups/named%3Aweb';
const web = (overrides: Parameters<typeof part>[0]) => group({ parts: [part(overrides)] });
const behind = web({ agents: { connected: 2, inStep: 1, failed: 0 } });
const blocked = [{ hash: HASH, revision: 9, reason: 'unknown type "nope"', at: AT }];
const held = web({
  rollout: rollout({ phase: 'canary', paused: true, pauseReason: 'Its canaries came and went.' }),
});
const failed = web({ rollout: rollout({ phase: 'failed', current: 9, blocked }) });

/** Answers these groups one after the other, the last one again and again. */
const sequence = (...views: unknown[]) => {
  let next = 0;
  return () => ok(views[Math.min(next++, views.length - 1)]);
};

describe('collector rollout show', () => {
  it('prints how far each config is, and what failed', async () => {
    const sharded = group({
      quarantine: [{ tenant: 't1', reason: 'a table is missing', since: AT }],
      parts: [
        part({ id: 'named:web:1', rollout: rollout({ phase: 'canary', canaries: ['c1', 'c2'] }) }),
        part({ id: 'named:web:2', rollout: rollout({ phase: 'failed', current: 9, blocked }) }),
      ],
    });
    api.answer(() => ok(sharded));
    const { code, stdout } = await cli('collector', 'rollout', 'show', 'web');
    expect([code, api.asked()]).toEqual([0, [`GET ${PATH}`]]);
    expect(cells(stdout).map(([config, , , , phase]) => [config, phase])).toEqual([
      ['config', 'phase'],
      ['named:web:1', 'canary'],
      ['named:web:2', 'failed'],
    ]);
    for (const words of [
      'named:web:1: tried first on c1, c2\n',
      `named:web:2: revision 9 failed at ${AT}: unknown type "nope"\n`,
      'tenant t1 is in quarantine: a table is missing\n',
    ])
      expect(stdout).toContain(words);
  });

  it('shows one shard alone, read with its group', async () => {
    api.answer(() => ok(group({ parts: [part(), part({ id: 'named:web:2' })] })));
    const { code, stdout } = await cli('--json', 'collector', 'rollout', 'show', 'named:web:2');
    expect([code, JSON.parse(stdout)]).toEqual([
      0,
      [{ id: 'named:web:2', agents: part().agents, rollout: rollout() }],
    ]);
    expect(api.asked()).toEqual([`GET ${PATH}`]);
    expect((await cli('collector', 'rollout', 'show', 'named:web:3')).code).toBe(3);
  });

  it('waits with --wait until all collectors have it', async () => {
    const canary = web({ rollout: rollout({ phase: 'canary', canaries: ['c1'] }) });
    api.answer(sequence(canary, behind, group()));
    const client = createClient(api.url, TOKEN);
    const { parts } = await waitUntilSettled(client, 'named:web', { pollMs: 1 });
    expect(parts).toEqual([part()]);
    expect(notes()).toContain('named:web: 1 canary tries it');
    expect(notes()).toContain('named:web: 1 of 2 collectors have it');
    expect(api.calls).toHaveLength(3);
    const { code, stdout } = await cli('collector', 'rollout', 'show', 'web', '--wait');
    expect([code, cells(stdout).at(-1)?.[4]]).toEqual([0, 'steady']);
  });

  it.each([
    ['1 where it failed', failed, 1, 'unknown type "nope"'],
    ['4 where it is paused', web({ rollout: rollout({ paused: true }) }), 4, 'rollout resume'],
    ['4 where it paused itself, and why', held, 4, 'Its canaries came and went.'],
  ])('ends with %s', async (_what, view, exit, words) => {
    api.answer(() => ok(view));
    const { code, stderr } = await cli('collector', 'rollout', 'show', 'web', '--wait');
    expect(code).toBe(exit);
    expect(stderr).toContain(words);
    // What it is, without waiting for it, is no error.
    const shown = await cli('collector', 'rollout', 'show', 'web');
    expect(shown.code).toBe(0);
    const [reason] = view.parts.flatMap(({ rollout: { pauseReason } }) => pauseReason ?? []);
    expect(shown.stdout).toContain(reason ? `paused: ${reason}\n` : 'named:web');
  });

  it('ends with 6 where it takes longer than --timeout', async () => {
    api.answer(() => ok(behind));
    const args = ['collector', 'rollout', 'show', 'web', '--wait'];
    const { code, stdout, stderr } = await cli('--timeout', '1', ...args);
    expect([code, stdout]).toEqual([6, '']);
    expect(stderr).toContain('Not done after 1 s, but it goes on by itself');
  });
});

describe.each(['pause', 'resume', 'release', 'retry'])('collector rollout %s', (action) => {
  it('asks for it, and shows what became of it', async () => {
    const data = [{ id: 'named:web:3', rollout: rollout({ paused: action === 'pause' }) }];
    api.answer(() => ok({ data }));
    const { code, stdout } = await cli('collector', 'rollout', action, 'named:web:3');
    expect(code).toBe(0);
    expect(cells(stdout).at(-1)).toEqual([
      'named:web:3',
      action === 'pause' ? 'steady (paused)' : 'steady',
      '7',
      '7',
      '',
    ]);
    expect(api.asked()).toEqual([`POST ${PATH}%3A3/rollout`]);
    expect(api.calls[0]?.body).toEqual({ action });
    const json = await cli('--json', 'collector', 'rollout', action, 'web');
    expect(JSON.parse(json.stdout)).toEqual(data);
  });

  it('ends as the API says', async () => {
    api.answer(() => refused(404, 'not_found', 'There is no such group.'));
    expect(await cli('collector', 'rollout', action, 'web')).toEqual({
      code: 3,
      stdout: '',
      stderr: 'hyperdx-tenancy: There is no such group.\n',
    });
  });
});

describe('collector rollout rollback', () => {
  const back = ['collector', 'rollout', 'rollback', 'web', '5'];
  const pinned = rollout({ current: 8, pinned: 5 });

  it('goes back with --yes, and says that it goes on', async () => {
    api.answer(({ method }) =>
      ok(method === 'GET' ? group() : { data: [{ id: 'named:web', rollout: pinned }] }),
    );
    const { code, stdout, stderr } = await cli(...back, '--yes');
    expect([code, cells(stdout).at(-1)]).toEqual([0, ['named:web', 'steady', '8', '7', '5']]);
    expect(stderr).toContain('goes out by itself');
    expect(api.asked()).toEqual([`GET ${PATH}`, `POST ${PATH}/rollout`]);
    expect(api.calls.at(-1)?.body).toEqual({ action: 'rollback', revision: 5 });
  });

  it('asks first, and says with --dry-run what it would do', async () => {
    api.answer(() => ok(group()));
    expect((await cli(...back)).code).toBe(2);
    expect(api.calls).toEqual([]);
    const { stdout } = await cli(...back, '--dry-run');
    expect(stdout).toMatch(/^Would take named:web back to .* revision 5; .* not served until/);
    expect(api.asked()).toEqual([`GET ${PATH}`]);
  });

  it('waits with --wait until collectors have another config than before', async () => {
    const now = web({ rollout: pinned });
    api.answer(sequence(group(), behind, now));
    const client = createClient(api.url, TOKEN);
    const { parts } = await waitForChange(client, 'named:web', group(), { pollMs: 1 });
    expect(parts).toEqual(now.parts);
    expect(notes()).toContain('named:web: the change is being made');
    const views = sequence(group(), now);
    api.answer(({ method }) =>
      method === 'GET' ? views() : ok({ data: [{ id: 'named:web', rollout: rollout() }] }),
    );
    const { code, stdout } = await cli(...back, '--yes', '--wait');
    expect([code, cells(stdout).at(-1)?.slice(-3)]).toEqual([0, ['8', '7', '5']]);
  });

  it('waits for its turn, while an earlier change is tried', async () => {
    const trying = web({ rollout: rollout({ phase: 'canary', canaries: ['c1'] }) });
    const mine = web({ rollout: rollout({ current: 8, good: 8 }) });
    api.answer(sequence(trying, trying, trying, group(), mine));
    const client = createClient(api.url, TOKEN);
    const options = { pollMs: 1, started: Date.now() - 60_000 };
    const { parts } = await waitForChange(client, 'named:web', trying, options);
    expect(parts).toEqual(mine.parts);
  });

  it('waits no longer where it is the present config already', async () => {
    api.answer(() => ok(group()));
    const client = createClient(api.url, TOKEN);
    const options = { pollMs: 1, unchangedMs: 50 };
    const { parts } = await waitForChange(client, 'named:web', group(), options);
    expect(parts).toEqual([part()]);
  });

  it('ends with 1 where that config fails too', async () => {
    const views = sequence(group(), failed);
    api.answer(({ method }) =>
      method === 'GET' ? views() : ok({ data: [{ id: 'named:web', rollout: pinned }] }),
    );
    const { code, stderr } = await cli(...back, '--yes', '--wait');
    expect([code, stderr]).toEqual([1, expect.stringContaining('unknown type "nope"')]);
  });

  it('wants a shard to be named, where there are several: 2, and nothing is changed', async () => {
    const shards = [part({ id: 'named:web:1' }), part({ id: 'named:web:2' })];
    api.answer(({ method }) =>
      ok(method === 'GET' ? group({ shards: 2, parts: shards }) : { data: [] }),
    );
    const { code, stderr } = await cli(...back, '--yes');
    expect([code, stderr]).toEqual([2, expect.stringContaining('as named:web:1')]);
    expect(api.asked()).toEqual([`GET ${PATH}`]);
    const one = await cli('collector', 'rollout', 'rollback', 'named:web:2', '5', '--yes');
    expect([one.code, api.asked().at(-1)]).toEqual([0, `POST ${PATH}%3A2/rollout`]);
  });

  it.each(['0', '-1', 'last', '1.5'])('revision %s: 2, and nobody is asked', async (number) => {
    api.answer(() => ok(group()));
    const args = ['collector', 'rollout', 'rollback', 'web', '--yes', '--', number];
    expect((await cli(...args)).code).toBe(2);
    expect(api.calls).toEqual([]);
  });
});

describe('collector revisions list', () => {
  it('prints them, a line each', async () => {
    const {
      config: _text,
      diff: _diff,
      options: _options,
      fragment: _fragment,
      ...one
    } = revision();
    const bad = { ...one, number: 8, state: 'failed', reason: 'unknown type' };
    api.answer(() => ok({ data: [bad, one] }));
    const { code, stdout } = await cli('collector', 'revisions', 'list', 'named:web:2');
    expect([code, api.asked()]).toEqual([0, [`GET ${PATH}%3A2/revisions`]]);
    const hash = HASH.slice(0, 12);
    expect(cells(stdout).slice(1)).toEqual([
      ['8', 'failed', AT, 'inputs', '3', '20', hash, 'unknown type'],
      ['7', 'good', AT, 'inputs', '3', '20', hash, ''],
    ]);
    const json = await cli('--json', 'collector', 'revisions', 'list', 'web');
    expect(JSON.parse(json.stdout)).toEqual([bad, one]);
  });
});

describe('collector revisions show', () => {
  const show = ['collector', 'revisions', 'show', 'web', '7'];

  it('prints what it was made from', async () => {
    api.answer(() => ok(revision({ reason: 'unknown type' })));
    const { code, stdout } = await cli(...show);
    expect([code, api.asked()]).toEqual([0, [`GET ${PATH}/revisions/7`]]);
    for (const words of [HASH, 'unknown type', 'queue.maxMiB=4']) expect(stdout).toContain(words);
    expect(JSON.parse((await cli('--json', ...show, '--diff')).stdout)).toMatchObject({
      number: 7,
    });
  });

  it('prints its text, or how it differs from the one before, line by line', async () => {
    api.answer(() => ok(revision({ diff: '-one\n+two\u001b[2J\n' })));
    expect((await cli(...show, '--config')).stdout).toBe('{\n  "receivers": {}\n}\n');
    expect((await cli(...show, '--diff')).stdout).toBe('-one\n+two\\u{1b}[2J\n');
  });

  it('says where there is no difference', async () => {
    api.answer(() => ok(revision({ diff: null })));
    const { code, stdout, stderr } = await cli(...show, '--diff');
    expect([code, stdout]).toEqual([0, '']);
    expect(stderr).toContain('differs from the one before in secrets alone');
  });

  it.each([['--config', '--diff'], ['--whole']])('%s: 2, and nobody is asked', async (...args) => {
    api.answer(() => ok(revision()));
    expect((await cli(...show, ...args)).code).toBe(2);
    expect(api.calls).toEqual([]);
  });
});
