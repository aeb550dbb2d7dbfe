import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildDedicatedConfig, buildSharedConfig } from '@hyperdx-tenancy/domain/collector';
import type {
  BuiltConfig,
  BuildOptions,
  CollectorCredentials,
  CollectorTeam,
} from '@hyperdx-tenancy/domain/collector';
import { parseTenantId } from '@hyperdx-tenancy/domain/ids';
import { bootstrapConfig, validateConfig } from '@hyperdx-tenancy/devkit/collector';

const placeholderToken = 'placeholder-nobody-has';
const tenantId = (n: number) => parseTenantId(n.toString(16).padStart(24, '0'));

const literal: CollectorCredentials = {
  kind: 'literal',
  endpoint: 'tcp://127.0.0.1:9000',
  username: 'writer',
  password: 'p$a"s\\s\u2028${env:HOME}é😀$',
  database: 'default',
};

const team = (n: number, changes: Partial<CollectorTeam> = {}): CollectorTeam => ({
  teamId: `team-${n}`,
  tenantId: tenantId(n),
  apiKey: `${(n * 7919).toString(16).padStart(8, '0')}-0000-4000-8000-000000000000`,
  authenticate: true,
  credentials: literal,
  ...changes,
});

const teams = (count: number) => Array.from({ length: count }, (_, i) => team(i + 1));

/** Every character that a key may have, in keys of eight, so that each is once where the routers look. */
const keyCharacters = Array.from(
  'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._~+/$-',
);
const everyCharacter = keyCharacters.map((character, i) =>
  team(i + 1, { apiKey: `${character}${character}$$x-9${character}` }),
);

const shared = (list: CollectorTeam[], options: Partial<BuildOptions> = {}) =>
  buildSharedConfig({ teams: list, placeholderToken, ...options });
const dedicated = (changes: Partial<CollectorTeam> = {}, options: Partial<BuildOptions> = {}) =>
  buildDedicatedConfig({ team: team(1, changes), placeholderToken, ...options });

describe('otelcol validate', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'collector-config-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const storage = () => ({ extension: 'file_storage' as const, directory: join(folder, 'queue$') });
  const envCredentials = { kind: 'env', database: 'default' } as const;
  const env = {
    CLICKHOUSE_ENDPOINT: 'tcp://clickhouse:9000?dial_timeout=10s',
    CLICKHOUSE_USER: 'writer',
    // Looks like a number, and is none.
    CLICKHOUSE_PASSWORD: '0123',
  };

  it.each<[string, () => BuiltConfig]>([
    ['shared by nobody', () => shared([])],
    ['shared by one tenant', () => shared(teams(1))],
    ['shared by two', () => shared(teams(2))],
    ['shared by 200', () => shared(teams(200))],
    ['with keys of every character', () => shared(everyCharacter)],
    ['with the longest key', () => shared([team(1, { apiKey: '$'.repeat(128) })])],
    ['with keys that it leaves out', () => shared([...teams(2), team(3, { apiKey: '" or "' })])],
    ['with queues on disk', () => shared(teams(2), { storage: storage() })],
    [
      'shared, with credentials of its own',
      () => shared([team(1, { credentials: envCredentials })]),
    ],
    ['of one team', () => dedicated()],
    ['of one team that lets everyone in', () => dedicated({ authenticate: false })],
    ['of one team, suspended', () => dedicated({ suspended: true })],
    ['of one team whose key cannot be served', () => dedicated({ apiKey: 'a"==b' })],
    ['of one team, with credentials of its own', () => dedicated({ credentials: envCredentials })],
    ['of one team, with queues on disk', () => dedicated({}, { storage: storage() })],
  ])('accepts a config %s, merged over the bootstrap', async (_, build) => {
    expect(await validateConfig([bootstrapConfig, build().body], { env })).toEqual({ ok: true });
  });

  it.each([
    'tcp://one:9000,two:9000',
    'clickhouse://one:9000,two:9000/default?secure=true&dial_timeout=200ms',
    'http://one:8123,two:8123?compress=none',
    'https://one:8443',
    'http://[::1]:8123',
  ])('accepts the endpoint %s', async (endpoint) => {
    const { body } = dedicated({ credentials: { ...literal, endpoint } });
    expect(await validateConfig([bootstrapConfig, body])).toEqual({ ok: true });
  });

  it('accepts a dedicated config without the bootstrap', async () => {
    expect(await validateConfig([dedicated().body])).toEqual({ ok: true });
    expect(await validateConfig([dedicated({ suspended: true }).body])).toEqual({ ok: true });
  });

  it('would refuse another', async () => {
    const broken = shared(teams(2)).body.replace('"sizer":"bytes"', '"sizer":"bites"');
    expect(await validateConfig([bootstrapConfig, broken])).toMatchObject({ ok: false });
  });
});
