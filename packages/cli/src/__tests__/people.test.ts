import { ID, ok, tenant, useFakeApi } from './cli';

const api = useFakeApi();
const { cli } = api;

const ENTRY = 'e'.repeat(24);
const entry = {
  id: ENTRY,
  tenant: ID,
  team: 'a'.repeat(24),
  user: 'b'.repeat(24),
  email: 'op@example.com',
  reason: 'alerts do not fire',
  startedAt: '2026-01-02T03:04:05.000Z',
  expiresAt: '2026-01-02T04:04:05.000Z',
  endedAt: null,
};

let said: jest.SpyInstance;

beforeEach(() => {
  said = jest.spyOn(console, 'error').mockImplementation(() => undefined);
});

afterEach(() => said.mockRestore());

describe('tenant invite', () => {
  const made = {
    email: 'ada@example.com',
    team: 'a'.repeat(24),
    url: 'http://ui.example.com/join-team?token=x',
    expiresAt: '2026-02-01T00:00:00.000Z',
  };

  it('prints the way in', async () => {
    api.answer(({ method }) => (method === 'GET' ? ok(tenant()) : { status: 201, json: made }));
    const { code, stdout } = await cli('tenant', 'invite', ID, 'Ada@example.com', '--name', 'Ada');
    expect(code).toBe(0);
    expect(stdout).toContain(made.url);
    expect(api.asked().at(-1)).toBe(`POST /tenants/${ID}/invitations`);
    expect(api.calls.at(-1)?.body).toEqual({ email: 'ada@example.com', name: 'Ada' });
  });

  it('asks nobody about what is no address', async () => {
    api.answer(() => ok(tenant()));
    const { code, stderr } = await cli('tenant', 'invite', ID, 'ada');
    expect(code).toBe(2);
    expect(stderr).toContain('email');
    expect(api.asked()).toEqual([]);
  });
});

describe('tenant support', () => {
  it('begins with a reason', async () => {
    api.answer(({ method }) => (method === 'GET' ? ok(tenant()) : { status: 201, json: entry }));
    const begin = ['tenant', 'support', 'begin', ID, '--reason', entry.reason];
    const { code, stdout } = await cli(...begin, '--minutes', '30');
    expect(code).toBe(0);
    expect(stdout).toContain('op@example.com');
    expect(api.calls.at(-1)?.body).toEqual({ reason: entry.reason, minutes: 30 });
  });

  it.each(['0', '481', '1.5', 'soon'])('asks nobody for %s minutes', async (minutes) => {
    api.answer(() => ok(tenant()));
    const { code } = await cli(
      'tenant',
      'support',
      'begin',
      ID,
      '--reason',
      'because',
      '--minutes',
      minutes,
    );
    expect(code).toBe(2);
    expect(api.asked()).toEqual([]);
  });

  it('lists who was there', async () => {
    api.answer(({ url }) => ok(url.endsWith('/support') ? { data: [entry] } : tenant()));
    const { stdout } = await cli('tenant', 'support', 'list', ID, '--json');
    expect(JSON.parse(stdout)).toEqual([entry]);
  });

  it('ends an entry', async () => {
    api.answer(({ method }) => (method === 'GET' ? ok(tenant()) : { status: 204 }));
    const { code } = await cli('tenant', 'support', 'end', ID, ENTRY);
    expect(code).toBe(0);
    expect(api.asked().at(-1)).toBe(`DELETE /tenants/${ID}/support/${ENTRY}`);
  });
});
