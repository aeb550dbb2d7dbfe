import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  buildDedicatedConfig,
  buildSharedConfig,
  checkFragment,
  groupSettings,
} from '@hyperdx-tenancy/domain/collector';
import type {
  BuiltConfig,
  CollectorCredentials,
  CollectorTeam,
  DedicatedInput,
  SharedInput,
} from '@hyperdx-tenancy/domain/collector';
import type { GroupOptions } from '@hyperdx-tenancy/domain/contracts/collectorGroup';
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

const shared = (list: CollectorTeam[], options: Partial<SharedInput> = {}) =>
  buildSharedConfig({ teams: list, placeholderToken, ...options });
const dedicated = (changes: Partial<CollectorTeam> = {}, options: Partial<DedicatedInput> = {}) =>
  buildDedicatedConfig({ team: team(1, changes), placeholderToken, ...options });

const settings = (options: GroupOptions) => groupSettings(options, { memoryLimitMiB: 1500 });
const quarantined = new Set([tenantId(2), tenantId(3)]);
const receivers: GroupOptions['receivers'] = {
  fluentforward: { endpoint: '127.0.0.1:24225' },
  prometheus: {
    scrapeConfigs: [
      {
        job_name: 'app',
        static_configs: [{ targets: ['127.0.0.1:9090'] }],
        // As Prometheus has them: a group of a pattern, and a password from the collector's environment.
        relabel_configs: [
          {
            source_labels: ['__address__'],
            regex: '(.*):(.*)',
            target_label: 'host',
            replacement: '${1}-$2',
          },
        ],
        basic_auth: { username: 'scraper', password: '${env:CLICKHOUSE_PASSWORD}' },
      },
    ],
  },
};

/** Every kind of component that an operator may add and this collector has, with connectors of both types. */
const addition = {
  receivers: { 'otlp/own': { protocols: { grpc: { endpoint: '127.0.0.1:14317' } } } },
  processors: { 'batch/own': { timeout: '${env:OWN_TIMEOUT:-1s}' }, 'transform/own': null },
  connectors: {
    'forward/own': null,
    'routing/own': {
      default_pipelines: ['logs/rest'],
      table: [{ context: 'log', condition: 'severity_number > 8', pipelines: ['logs/alarm'] }],
    },
  },
  exporters: { 'debug/own': { verbosity: 'basic' }, 'nop/own': null },
  extensions: { 'file_storage/own': { directory: tmpdir() } },
  service: {
    extensions: ['file_storage/own'],
    pipelines: {
      'logs/own': {
        receivers: ['otlp/own'],
        processors: ['memory_limiter', 'transform/own', 'batch/own'],
        exporters: ['routing/own'],
      },
      'logs/rest': { receivers: ['routing/own'], exporters: ['forward/own'] },
      'logs/alarm': { receivers: ['routing/own'], exporters: ['debug/own'] },
      'logs/last': { receivers: ['forward/own'], processors: ['batch'], exporters: ['nop/own'] },
      'traces/own': { receivers: ['otlp/own'], exporters: ['debug/own'] },
    },
  },
};
/** Telemetry that comes in by another door, to the team's tables. */
const toTeam = {
  ...addition,
  service: {
    ...addition.service,
    pipelines: {
      ...addition.service.pipelines,
      'traces/own': {
        receivers: ['otlp/own'],
        processors: ['memory_limiter', 'batch'],
        exporters: ['clickhouse', 'debug/own'],
      },
    },
  },
};

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
    ['with a quarantine', () => shared(teams(4), { quarantined })],
    ['with nobody outside the quarantine', () => shared(teams(2).slice(1), { quarantined })],
    [
      'with a quarantine elsewhere',
      () => shared(teams(4), { quarantined, quarantineEndpoint: 'http://127.0.0.1:14318' }),
    ],
    [
      'with the least memory and queues',
      () => shared(teams(2), settings({ memoryLimitMiB: 64, queue: { maxMiB: 1 } })),
    ],
    [
      'with all that a group can be told',
      () =>
        shared(teams(4), {
          quarantined,
          storage: storage(),
          ...settings({
            memoryLimitMiB: 4_000,
            queue: { maxMiB: 512 },
            quarantineEndpoint: 'https://127.0.0.1:14318',
          }),
          fragment: checkFragment(addition, 'shared'),
        }),
    ],
    ["with an operator's part", () => shared([], { fragment: checkFragment(addition, 'shared') })],
    ['of one team, with more receivers', () => dedicated({}, settings({ receivers }))],
    [
      'of one team, with all that a group can be told',
      () =>
        dedicated(
          {},
          {
            ...settings({ receivers, memoryLimitMiB: 4_000, queue: { maxMiB: 512 } }),
            fragment: checkFragment(toTeam, 'dedicated'),
          },
        ),
    ],
    [
      'of one team, suspended, with all that a group can be told',
      () =>
        dedicated(
          { suspended: true },
          { ...settings({ receivers }), fragment: checkFragment(toTeam, 'dedicated') },
        ),
    ],
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
