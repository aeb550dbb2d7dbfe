import { TenancyError } from '../../errors';
import { buildDedicatedConfig, buildSharedConfig, checkFragment, groupSettings } from '../index';
import type { BuiltConfig, ConfigKind } from '../index';
import { sections } from '../config';
import { isReserved } from '../fragment/reserved';
import { pipeline, placeholderToken, team, teams, tenantId } from './fixtures';

/** Host metrics to an address of the operator's, and logs of files through a connector. */
const whole = {
  receivers: { 'hostmetrics/own': { scrapers: { cpu: null } }, 'filelog/own': null },
  processors: { 'batch/own': { timeout: '1s' } },
  connectors: { 'forward/own': null },
  exporters: { 'otlphttp/own': { endpoint: '${env:OWN_ENDPOINT:-http://own:4318}' } },
  extensions: { 'file_storage/own': { directory: '/own' } },
  service: {
    extensions: ['file_storage/own'],
    pipelines: {
      'metrics/own': {
        receivers: ['hostmetrics/own'],
        processors: ['memory_limiter', 'batch/own'],
        exporters: ['otlphttp/own'],
      },
      'logs/files': { receivers: ['filelog/own'], exporters: ['forward/own'] },
      'logs/own': { receivers: ['forward/own'], exporters: ['otlphttp/own'] },
    },
  },
};

/** Log files of the team's own machines, to where its telemetry goes. */
const toTeam = {
  receivers: { 'filelog/own': { include: ['/var/log/*.log'] } },
  service: {
    pipelines: {
      'logs/own': {
        receivers: ['filelog/own'],
        processors: ['memory_limiter', 'batch'],
        exporters: ['clickhouse'],
      },
    },
  },
};

const logsOwn = (pipelineOfIt: object, more: object = {}) => ({
  receivers: { 'filelog/own': null },
  exporters: { 'debug/own': null },
  ...more,
  service: {
    pipelines: {
      'logs/own': { receivers: ['filelog/own'], exporters: ['debug/own'], ...pipelineOfIt },
    },
  },
});
const withReceiver = (settings: unknown, id = 'filelog/own') => ({
  receivers: { [id]: settings },
  exporters: { 'debug/own': null },
  service: { pipelines: { 'logs/own': { receivers: [id], exporters: ['debug/own'] } } },
});
const withConnectors = (connectors: object, pipelines: object) => ({
  receivers: { 'filelog/own': null },
  exporters: { 'debug/own': null },
  connectors,
  service: { pipelines },
});
const nested = (depth: number): unknown => (depth === 0 ? 'x' : { a: nested(depth - 1) });

function refused(value: unknown, kind: ConfigKind = 'shared'): string {
  try {
    checkFragment(value, kind);
  } catch (error) {
    expect(error).toBeInstanceOf(TenancyError);
    expect((error as TenancyError).code).toBe('invalid_request');
    return (error as TenancyError).message;
  }
  return '';
}

describe('checkFragment', () => {
  it.each<[string, unknown, ConfigKind]>([
    ['nothing', null, 'shared'],
    ['an empty mapping', {}, 'shared'],
    ['whole pipelines, for many tenants', whole, 'shared'],
    ['whole pipelines, for one team', whole, 'dedicated'],
    ["a pipeline to the team's exporter", toTeam, 'dedicated'],
    ['types by their new names', withReceiver(null, 'host_metrics/own'), 'shared'],
    ['an escaped dollar', withReceiver({ regex: 'a$$1' }), 'shared'],
  ])('takes %s', (_, value, kind) => {
    expect(refused(value, kind)).toBe('');
  });

  it.each<[string, unknown]>([
    // Form
    ['is no mapping', ['receivers']],
    ['is no mapping', 'text'],
    ['has "telemetry"', { service: { telemetry: {} } }],
    ['has "processor"', { processor: {} }],
    ['receivers: must be a mapping', { receivers: [] }],
    ['receivers.filelog/own: must be a mapping', { receivers: { 'filelog/own': 'x' } }],
    ['service.pipelines.logs/own: has "queue"', logsOwn({ queue: 1 })],
    ['service.pipelines.logs/own.receivers: must be a list', logsOwn({ receivers: 'filelog/own' })],
    [
      'service.pipelines.logs/own.exporters: names one of them twice',
      logsOwn({ exporters: ['debug/own', 'debug/own'] }),
    ],
    // What is ours
    ['receivers.otlp/hyperdx: is the platform', withReceiver(null, 'otlp/hyperdx')],
    ['receivers.fluentforward: is the platform', withReceiver(null, 'fluentforward')],
    ['processors.memory_limiter: is', { processors: { memory_limiter: {} } }],
    ['extensions.bearertokenauth/hyperdx: is', { extensions: { 'bearertokenauth/hyperdx': {} } }],
    ['extensions.opamp/two: is the platform', { extensions: { 'opamp/two': {} } }],
    ['exporters.clickhouse: is the platform', { exporters: { clickhouse: {} } }],
    [
      `exporters.clickhouse/${tenantId(1)}: is`,
      { exporters: { [`clickhouse/${tenantId(1)}`]: {} } },
    ],
    ['connectors.routing/logs-keys: is', { connectors: { 'routing/logs-keys': {} } }],
    ['service.pipelines.traces: is the platform', { service: { pipelines: { traces: {} } } }],
    ['service.pipelines.logs/in: is', { service: { pipelines: { 'logs/in': {} } } }],
    [
      'service.pipelines.logs/own.receivers: "otlp/hyperdx" is not defined',
      logsOwn({ receivers: ['otlp/hyperdx'] }),
    ],
    [
      'service.pipelines.logs/own.exporters: "clickhouse" is not defined',
      logsOwn({ exporters: ['clickhouse'] }),
    ],
    [
      `"clickhouse/${tenantId(1)}" is not defined`,
      logsOwn({ exporters: [`clickhouse/${tenantId(1)}`] }),
    ],
    ['"routing/replay" is not defined', logsOwn({ exporters: ['routing/replay'] })],
    ['endpoint: the port is the platform', withReceiver({ endpoint: '0.0.0.0:4318' }, 'otlp/own')],
    [
      'receivers.otlp/own.auth.authenticator: "bearertokenauth/hyperdx" is no extension of',
      withReceiver({ auth: { authenticator: 'bearertokenauth/hyperdx' } }, 'otlp/own'),
    ],
    ['"file_storage" is no extension', withReceiver({ storage: 'file_storage' })],
    // What the collector would refuse
    [
      "exporters.kafka/own: HyperDX's collector has no such type",
      { exporters: { 'kafka/own': {} } },
    ],
    ['receivers.filelog/a b: an id is', withReceiver(null, 'filelog/a b')],
    [
      'service.pipelines.profiles: a pipeline is called',
      { service: { pipelines: { profiles: {} } } },
    ],
    ['service.extensions: "zpages" is not defined', { service: { extensions: ['zpages'] } }],
    ['receivers: must not be empty', logsOwn({ receivers: [] })],
    ['exporters: must not be empty', logsOwn({ exporters: [] })],
    ['processors: "filter/own" is not defined', logsOwn({ processors: ['filter/own'] })],
    ['receivers.filelog/own: no pipeline uses it', { receivers: { 'filelog/own': null } }],
    [
      'processors.filter/own: no pipeline uses it',
      logsOwn({}, { processors: { 'filter/own': null } }),
    ],
    [
      'connectors.forward/own: no pipeline begins at it',
      withConnectors(
        { 'forward/own': null },
        { 'logs/own': { receivers: ['filelog/own'], exporters: ['forward/own', 'debug/own'] } },
      ),
    ],
    [
      'connectors.forward/own: has to lead from each signal',
      withConnectors(
        { 'forward/own': null },
        {
          'logs/own': { receivers: ['filelog/own'], exporters: ['forward/own'] },
          'traces/own': { receivers: ['forward/own'], exporters: ['debug/own'] },
        },
      ),
    ],
    [
      'connectors.routing/own: "logs/in" is no pipeline',
      withConnectors(
        { 'routing/own': { table: [{ condition: 'true', pipelines: ['logs/in'] }] } },
        {
          'logs/own': { receivers: ['filelog/own'], exporters: ['routing/own'] },
          'logs/end': { receivers: ['routing/own'], exporters: ['debug/own'] },
        },
      ),
    ],
    [
      'leads back to itself',
      withConnectors(
        { 'forward/a': null, 'forward/b': null },
        {
          'logs/a': { receivers: ['filelog/own', 'forward/b'], exporters: ['forward/a'] },
          'logs/b': { receivers: ['forward/a'], exporters: ['forward/b', 'debug/own'] },
        },
      ),
    ],
    // What would be read from elsewhere, or read otherwise
    [
      '"${file:/etc/passwd}" is not ${env:NAME}',
      withReceiver({ a: [{ b: 'x${file:/etc/passwd}' }] }),
    ],
    ['receivers.filelog/own.a[0].b', withReceiver({ a: [{ b: '${https://evil/x}' }] })],
    ['is not ${env:NAME}', withReceiver({ a: '${NAME}' })],
    ['is not ${env:NAME}', withReceiver({ a: '$${file:/x}' })],
    ['is not ${env:NAME}', withReceiver({ a: '${env:A:-${file:/x}}' })],
    ['is not ${env:NAME}', withReceiver({ a: '${env:A} ${yaml:b}' })],
    ['has the key "a::b"', withReceiver({ 'a::b': 1 })],
    ['has the key "<<"', withReceiver({ '<<': { a: 1 } })],
    ['has the key "__proto__"', withReceiver(JSON.parse('{"__proto__": {"a": 1}}'))],
    ['is a number that JSON cannot say', withReceiver({ a: Infinity })],
    ['is a number that JSON cannot say', withReceiver({ a: 2 ** 60 })],
    ['is not Unicode', withReceiver({ a: '\ud800' })],
    ['is neither text, number', withReceiver({ a: new Date(0) })],
    ['is neither text, number', withReceiver({ a: 1n })],
    // Bounds
    ['is nested deeper', withReceiver(nested(40))],
    ['has more than 10000 values', withReceiver({ a: new Array(10_001).fill(0) })],
    ['is larger than', withReceiver({ a: 'x'.repeat(300_000) })],
    ['has a key of more than 256', withReceiver({ ['k'.repeat(257)]: 1 })],
  ])('says %s', (message, value) => {
    expect(refused(value)).toContain(message);
  });

  it("lets one team's logs end at its exporter, and never beside its tables", () => {
    expect(refused(toTeam, 'shared')).toContain('"clickhouse" is not defined');
    const rrweb = { ...toTeam.service.pipelines['logs/own'], exporters: ['clickhouse/rrweb'] };
    expect(
      refused({ ...toTeam, service: { pipelines: { 'traces/own': rrweb } } }, 'dedicated'),
    ).toContain('"clickhouse/rrweb" is not defined');
  });

  it('goes by what a parser makes of a mapping, prototype or none', () => {
    const bare = Object.assign(Object.create(null) as object, whole);
    expect(refused(bare)).toBe('');
  });
});

describe('a config with a fragment', () => {
  const shared = (fragment?: unknown): BuiltConfig =>
    buildSharedConfig({
      teams: teams(2),
      placeholderToken,
      ...(fragment !== undefined && { fragment: checkFragment(fragment, 'shared') }),
    });
  const dedicated = (fragment: unknown, changes = {}): BuiltConfig =>
    buildDedicatedConfig({
      team: team(1, changes),
      placeholderToken,
      fragment: checkFragment(fragment, 'dedicated'),
    });

  it('has all of both, and ours as it was', () => {
    const { config } = shared(whole);
    const { config: ours } = shared();
    for (const section of sections) {
      expect(config[section]).toMatchObject(ours[section] ?? {});
      expect(Object.keys(config[section] ?? {}).sort()).toEqual(
        [...Object.keys(ours[section] ?? {}), ...Object.keys(whole[section])].sort(),
      );
    }
    expect(config.service.extensions).toEqual(['bearertokenauth/hyperdx', 'file_storage/own']);
    for (const [id, before] of Object.entries(ours.service.pipelines)) {
      expect(config.service.pipelines[id]).toEqual(before);
    }
    expect(config.service.pipelines['logs/files']).toEqual({
      receivers: ['filelog/own'],
      processors: [],
      exporters: ['forward/own'],
    });
  });

  it('gives the same bytes whatever the order in it', () => {
    const turned = Object.fromEntries(Object.entries(whole).reverse());
    expect(shared(turned).body).toBe(shared(whole).body);
  });

  it("leads one team's logs to its tables, and takes none in while the team is suspended", () => {
    expect(pipeline(dedicated(toTeam), 'logs/own')?.exporters).toEqual(['clickhouse']);
    const closed = dedicated(toTeam, { suspended: true });
    expect(pipeline(closed, 'logs/own')).toBeUndefined();
    expect(Object.keys(closed.config.receivers ?? {})).toEqual(['otlp/hyperdx']);
    expect(pipeline(dedicated(whole, { suspended: true }), 'logs/own')).toBeDefined();
  });

  it('takes no fragment that was checked for the other kind', () => {
    const fragment = checkFragment(toTeam, 'dedicated');
    expect(() => buildSharedConfig({ teams: teams(1), placeholderToken, fragment })).toThrow(
      TenancyError,
    );
  });
});

describe('what is reserved', () => {
  const receivers = {
    fluentforward: { endpoint: '0.0.0.0:24225' },
    prometheus: { scrapeConfigs: [{ job_name: 'a' }] },
  };
  const storage = { extension: 'file_storage', directory: '/data' } as const;
  const settings = groupSettings({ memoryLimitMiB: 400 }, { memoryLimitMiB: 1500 });
  const many = { teams: teams(60), placeholderToken, storage, ...settings };
  const quarantined = new Set([tenantId(7), tenantId(8)]);

  it.each<[string, BuiltConfig]>([
    ['of many tenants', buildSharedConfig(many)],
    ['with a quarantine', buildSharedConfig({ ...many, quarantined })],
    [
      'with a quarantine elsewhere',
      buildSharedConfig({ ...many, quarantined, quarantineEndpoint: 'http://q:4318' }),
    ],
    ['of nobody', buildSharedConfig({ teams: [], placeholderToken })],
    [
      'of one team',
      buildDedicatedConfig({
        team: team(1),
        placeholderToken,
        storage,
        ...settings,
        extraReceivers: receivers,
      }),
    ],
    [
      'of a suspended team',
      buildDedicatedConfig({ team: team(1, { suspended: true }), placeholderToken }),
    ],
  ])('is every id of a config %s', (_, { config }) => {
    const free = [
      ...sections.flatMap((section) =>
        Object.keys(config[section] ?? {}).filter((id) => !isReserved(section, id)),
      ),
      ...Object.keys(config.service.pipelines).filter((id) => !isReserved('pipelines', id)),
    ];
    expect(free).toEqual([]);
  });
});
