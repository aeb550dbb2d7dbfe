import type { TenantView } from '@hyperdx-tenancy/domain/contracts/tenant';

import { runCli, startFakeApi } from './fakeApi';
import type { Answer, FakeApi, Outcome } from './fakeApi';

export const TOKEN = 'the-operator-token';
export const ID = '0123456789abcdef01234567';

/** A fake API for the tests of one file, and the program run against it. */
export function useFakeApi() {
  let api: FakeApi | undefined;
  beforeAll(async () => {
    api = await startFakeApi();
  });
  afterAll(() => api?.close());
  const own = (): FakeApi => {
    if (!api) throw new Error('the fake API has not started');
    return api;
  };
  return {
    get url() {
      return own().url;
    },
    get calls() {
      return own().calls;
    },
    answer: (how: Parameters<FakeApi['answer']>[0]) => own().answer(how),
    /** `GET /tenants?name=Acme` of each call, below `/tenancy/v1`. */
    asked: () =>
      own().calls.map(({ method, url }) => `${method} ${url.replace('/tenancy/v1', '')}`),
    cli: (...args: string[]): Promise<Outcome> =>
      runCli(args, { TENANCY_URL: own().url, TENANCY_ADMIN_TOKEN: TOKEN }),
  };
}

export function tenant(overrides: Partial<TenantView> = {}): TenantView {
  return {
    id: ID,
    name: 'Acme',
    status: 'active',
    target: 'default',
    plan: null,
    settings: {},
    schemaVersion: 1,
    provisioning: null,
    change: null,
    teams: [{ id: 'f'.repeat(24), name: 'Acme', apiKey: 'acme-key-1' }],
    createdAt: '2026-01-02T03:04:05.000Z',
    updatedAt: '2026-01-02T03:04:05.000Z',
    ...overrides,
  };
}

export const ok = (json: unknown, headers: Record<string, string> = {}): Answer => ({
  status: 200,
  json,
  headers,
});

export const refused = (status: number, code: string, message = `it is ${code}`): Answer => ({
  status,
  json: { code, message },
});

/** A list that ends with this page. */
export const page = (...data: unknown[]): Answer => ok({ data, next: null });

/** The cells of a printed table, its head first. */
export function cells(stdout: string): string[][] {
  return stdout
    .split('\n')
    .filter((line) => line.startsWith('│'))
    .map((line) =>
      line
        .split('│')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}
