import type { TenantView } from '@hyperdx-tenancy/domain/contracts/tenant';

import { createClient } from '../client';
import { rotateSecret } from '../commands/secret/rotate';
import { rotateTenant } from '../commands/tenant/rotate';
import { ID, ok, refused, tenant, TOKEN, useFakeApi } from './cli';

const api = useFakeApi();
const { cli } = api;

let said: jest.SpyInstance;

beforeEach(() => {
  said = jest.spyOn(console, 'error').mockImplementation(() => undefined);
});

afterEach(() => said.mockRestore());

const notes = (): string => said.mock.calls.flat().join('\n');

function rotating(step: string, message?: string): TenantView {
  const lastError =
    message === undefined ? null : { code: 'collectors_behind', message, at: '2026' };
  return tenant({ change: { kind: 'rotation', step, attempt: 1, since: '2026', lastError } });
}

describe('tenant rotate', () => {
  it('begins, and says that it goes on', async () => {
    api.answer(({ method }) =>
      method === 'GET' ? ok(tenant()) : { status: 202, json: rotating('acknowledge', '2 left.') },
    );
    const { code, stdout, stderr } = await cli('tenant', 'rotate', ID);
    expect(code).toBe(0);
    expect(stdout).toContain('active (rotation: collectors_behind)');
    expect(stderr).toContain('goes on by itself: rotation, step acknowledge (2 left.)');
    expect(api.asked()).toEqual([`GET /tenants/${ID}`, `POST /tenants/${ID}/rotate`]);
    expect(api.calls.at(-1)?.body).toEqual({ force: false });
  });

  it('waits with --wait until it has ended, through an outage of the API', async () => {
    const states = [rotating('acknowledge', '2 left.'), undefined, rotating('drop'), tenant()];
    api.answer(({ method }) => {
      if (method === 'POST') return { status: 202, json: rotating('switch') };
      const state = states.shift();
      return state ? ok(state) : refused(503, 'mongo_unavailable', 'MongoDB is away.');
    });
    const client = createClient(api.url, TOKEN);
    expect(await rotateTenant(client, ID, false, { pollMs: 1 })).toEqual(tenant());
    expect(states).toEqual([]);
    for (const words of ['step switch', 'acknowledge (2 left.)', 'MongoDB is away.', 'step drop'])
      expect(notes()).toContain(words);
  });

  it('ends with 6 where collectors take longer than --timeout', async () => {
    api.answer(() => ({ status: 202, json: rotating('acknowledge', '2 left.') }));
    const { code, stdout, stderr } = await cli('--timeout', '1', 'tenant', 'rotate', ID, '--wait');
    expect([code, stdout]).toEqual([6, '']);
    expect(stderr).toContain('Not done after 1 s, but it goes on by itself');
    expect(stderr).toContain('2 left.');
  });

  it('takes the old passwords away at once with --force, once that is confirmed', async () => {
    api.answer(() => ok(tenant()));
    const unasked = await cli('tenant', 'rotate', ID, '--force');
    expect([unasked.code, unasked.stdout]).toEqual([2, '']);
    expect(unasked.stderr).toContain('--yes');
    expect(api.calls).toEqual([]);
    expect((await cli('tenant', 'rotate', ID, '--force', '--yes')).code).toBe(0);
    expect(api.calls.at(-1)?.body).toEqual({ force: true });
  });

  it.each([
    ['tenant "Acme"', []],
    ['are refused', ['--force']],
  ])('says with --dry-run what it would do: %s', async (words, args) => {
    api.answer(() => ok(tenant()));
    const { code, stdout } = await cli('tenant', 'rotate', ID, '--dry-run', ...args);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Would give .* new passwords/);
    expect(stdout).toContain(words);
    expect(api.asked()).toEqual([`GET /tenants/${ID}`]);
  });
});

describe('secret status', () => {
  it.each([
    [3, 'left  3 tenants\n', ''],
    [1, 'left  1 tenant\n', ''],
    [0, 'left  0 tenants\n', 'TENANCY_SECRET_PREVIOUS can be removed'],
  ])('%i left', async (left, out, words) => {
    api.answer(() => ok({ left }));
    const { code, stdout, stderr } = await cli('secret', 'status');
    expect([code, stdout]).toEqual([0, out]);
    expect(stderr).toContain(words);
    expect(stderr === '').toBe(left > 0);
    expect(api.asked()).toEqual(['GET /secret']);
    expect(JSON.parse((await cli('--json', 'secret', 'status')).stdout)).toEqual({ left });
  });
});

describe('secret rotate', () => {
  it('begins, and says that it goes on', async () => {
    api.answer(({ method }) => ({ status: method === 'GET' ? 200 : 202, json: { left: 3 } }));
    const { code, stdout, stderr } = await cli('--json', 'secret', 'rotate', '--yes');
    expect([code, JSON.parse(stdout)]).toEqual([0, { left: 3 }]);
    expect(stderr).toContain('secret status');
    expect(api.asked()).toEqual(['GET /secret', 'POST /secret/rotate']);
  });

  it('says with --dry-run how many it would be', async () => {
    api.answer(() => ok({ left: 3 }));
    const { code, stdout } = await cli('--json', 'secret', 'rotate', '--dry-run');
    expect([code, JSON.parse(stdout)]).toEqual([
      0,
      { dryRun: true, would: 'give new passwords to 3 tenants' },
    ]);
    expect(api.asked()).toEqual(['GET /secret']);
  });

  it('is refused where nobody can confirm it', async () => {
    api.answer(() => ok({ left: 3 }));
    expect(await cli('secret', 'rotate')).toMatchObject({ code: 2, stdout: '' });
    expect(api.calls).toEqual([]);
  });

  it('waits with --wait until none is left, and asks again for those that were busy', async () => {
    let left = 3;
    api.answer(({ method }) => {
      // The last one was busy at first.
      if (left > 1 || method === 'POST') left -= 1;
      return ok({ left });
    });
    const client = createClient(api.url, TOKEN);
    const ended = await rotateSecret(client, { pollMs: 1, askAgainMs: 50 });
    expect(ended).toEqual({ left: 0 });
    // The first of them began the others; no reading in between could end it.
    expect(api.asked().at(0)).toBe('POST /secret/rotate');
    expect(api.asked().at(-1)).toBe('POST /secret/rotate');
    expect(notes()).toContain('2 tenants left');
    expect(notes()).toContain('1 tenant left');
  });
});
