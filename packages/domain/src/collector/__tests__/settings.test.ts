import { TenancyError } from '../../errors';
import {
  buildDedicatedConfig,
  buildSharedConfig,
  checkGroupOptions,
  groupSettings,
} from '../index';
import type { ConfigKind } from '../index';
import { GroupOptions } from '../../contracts/collectorGroup';
import { asRead, pipeline, placeholderToken, team, teams } from './fixtures';

const platform = { memoryLimitMiB: 1500, storageDirectory: '/var/lib/otelcol' };
const options = (input: unknown) => GroupOptions.parse(input);

describe('groupSettings', () => {
  it("are the platform's where a group says nothing", () => {
    expect(groupSettings({}, platform)).toEqual({
      memoryLimitMiB: 1500,
      storage: { extension: 'file_storage', directory: '/var/lib/otelcol' },
    });
    expect(groupSettings({}, { memoryLimitMiB: 800 })).toEqual({ memoryLimitMiB: 800 });
  });

  it('take queues off the volume only where a group says so', () => {
    const at = (storageDirectory?: string | null) =>
      groupSettings(options({ queue: { storageDirectory } }), platform).storage?.directory;
    expect([at(), at(null), at('/data')]).toEqual(['/var/lib/otelcol', undefined, '/data']);
  });

  it('make a config with the memory limit, queues and quarantine that a group wants', () => {
    const stated = options({
      memoryLimitMiB: 400,
      queue: { maxMiB: 8, storageDirectory: null },
      quarantineEndpoint: 'http://quarantine:4318',
    });
    const { config, warnings } = buildSharedConfig({
      teams: teams(2),
      placeholderToken,
      quarantined: new Set([team(2).tenantId]),
      ...groupSettings(stated, platform),
    });
    expect(config.processors).toEqual({
      memory_limiter: { check_interval: '1s', limit_mib: 400, spike_limit_mib: 100 },
    });
    expect(config.exporters?.[`clickhouse/${team(1).tenantId}`]?.sending_queue).toMatchObject({
      queue_size: 8 * 1024 * 1024,
    });
    expect(config.exporters?.[`otlp_http/quarantine-${team(2).tenantId}`]).toMatchObject({
      endpoint: 'http://quarantine:4318',
    });
    expect(config.extensions).not.toHaveProperty('file_storage');
    expect(warnings).toEqual([]);
  });

  it('leave the limiter to the bootstrap where a group states no limit', () => {
    const { config } = buildSharedConfig({
      teams: teams(1),
      placeholderToken,
      ...groupSettings({}, platform),
    });
    expect(config).not.toHaveProperty('processors');
  });

  it('warn of queues that memory cannot hold', () => {
    const stated = options({ queue: { maxMiB: 512, storageDirectory: null } });
    const { warnings } = buildSharedConfig({
      teams: teams(2),
      placeholderToken,
      ...groupSettings(stated, platform),
    });
    expect(warnings).toEqual([expect.stringContaining('512 MiB for 2 tenants')]);
  });
});

describe("receivers of a team's own collector", () => {
  const stated = options({
    receivers: {
      fluentforward: { endpoint: '0.0.0.0:24225' },
      prometheus: {
        scrapeConfigs: [
          {
            job_name: 'app',
            scrape_interval: '5s',
            static_configs: [{ targets: ['app:9090'] }],
            basic_auth: { username: 'u', password: '${env:SCRAPE_PASSWORD}' },
            relabel_configs: [{ regex: '(.*)', replacement: '$1-${1}-${file:/etc/passwd}' }],
          },
        ],
      },
    },
  });
  const build = (changes = {}) =>
    buildDedicatedConfig({
      team: team(1, changes),
      placeholderToken,
      ...groupSettings(stated, platform),
    });

  it("end where the team's telemetry does, behind the bootstrap's processors", () => {
    const built = build();
    expect(pipeline(built, 'logs/in')).toEqual({
      receivers: ['otlp/hyperdx', 'fluentforward'],
      exporters: ['routing/logs'],
    });
    expect(pipeline(built, 'metrics')).toEqual({
      receivers: ['otlp/hyperdx', 'prometheus'],
      exporters: ['clickhouse'],
    });
    expect(built.config.receivers?.fluentforward).toEqual({ endpoint: '0.0.0.0:24225' });
  });

  it('scrape as Prometheus would, with the environment as the one thing read', () => {
    const { prometheus } = build().config.receivers ?? {};
    const [scrape] = (prometheus?.config as { scrape_configs: Record<string, unknown>[] })
      .scrape_configs;
    expect(scrape?.basic_auth).toEqual({ username: 'u', password: '${env:SCRAPE_PASSWORD}' });
    const [{ replacement }] = scrape?.relabel_configs as [{ replacement: string }];
    expect(asRead(replacement)).toBe('$1-${1}-${file:/etc/passwd}');
    expect(replacement.replaceAll('$$', '')).not.toContain('$');
  });

  it('are closed while the team is not served', () => {
    const built = build({ suspended: true });
    expect(Object.keys(built.config.receivers ?? {})).toEqual(['otlp/hyperdx']);
    expect(pipeline(built, 'logs/in')?.receivers).toEqual(['otlp/hyperdx']);
  });

  it('are not for many tenants', () => {
    expect(() =>
      buildSharedConfig({ teams: teams(1), placeholderToken, ...groupSettings(stated, platform) }),
    ).toThrow(TenancyError);
  });
});

describe('checkGroupOptions', () => {
  const scrape = (...names: unknown[]) => ({
    receivers: { prometheus: { scrapeConfigs: names.map((job_name) => ({ job_name })) } },
  });
  const refused = (input: unknown, kind: ConfigKind): string => {
    try {
      checkGroupOptions(options(input), kind);
    } catch (error) {
      expect((error as TenancyError).code).toBe('invalid_request');
      return (error as TenancyError).message;
    }
    return '';
  };

  it.each<[string, ConfigKind, unknown]>([
    ['', 'shared', { memoryLimitMiB: 400, quarantineEndpoint: 'http://q:4318' }],
    ['', 'dedicated', scrape('one', 'two')],
    ['options.receivers', 'shared', scrape('one')],
    ['options.quarantineEndpoint', 'dedicated', { quarantineEndpoint: 'http://q:4318' }],
    ['scrapeConfigs[1].job_name', 'dedicated', scrape('one', 'one')],
    ['scrapeConfigs[0].job_name', 'dedicated', scrape(7)],
    [
      'scrapeConfigs[0].params',
      'dedicated',
      { receivers: { prometheus: { scrapeConfigs: [{ job_name: 'a', params: { 'a::b': '' } }] } } },
    ],
  ])('says "%s" of the options of a %s group: %j', (message, kind, input) => {
    expect(refused(input, kind)).toContain(message);
    if (message === '') expect(refused(input, kind)).toBe('');
  });
});
