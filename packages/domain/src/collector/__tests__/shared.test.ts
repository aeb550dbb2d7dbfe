import { TenancyError } from '../../errors';
import { buildSharedConfig } from '../index';
import type { BuiltConfig } from '../index';
import { asRead, pipeline, placeholderToken, team, teams, tenantId, tokens } from './fixtures';

const build = (list = teams(2)) => buildSharedConfig({ teams: list, placeholderToken });

interface Row {
  condition: string;
  pipelines: string[];
}

/**
 * Follows a key through the routers of a config as the collector does, from the pipeline that takes a stream
 * in to the exporter at its end.
 */
function follow(built: BuiltConfig, entry: string, key: string): string {
  const { connectors = {}, service } = built.config;
  let [exporter] = service.pipelines[entry]!.exporters;
  while (connectors[exporter!]) {
    const { table, default_pipelines } = connectors[exporter!] as unknown as {
      table: Row[];
      default_pipelines: string[];
    };
    const row = table.find(({ condition }) => holds(condition, key));
    const [next] = row?.pipelines ?? default_pipelines;
    expect(service.pipelines[next!]!.receivers).toContain(exporter);
    [exporter] = service.pipelines[next!]!.exporters;
  }
  return exporter!;
}

function holds(condition: string, key: string): boolean {
  const header = String.raw`otelcol\.client\.metadata\["authorization"\]\[0\]`;
  const whole = new RegExp(`^${header} == "(.*)"$`).exec(condition);
  if (whole) return asRead(whole[1]!) === key;
  const part = new RegExp(`^Substring\\(${header}, (\\d), 1\\) == "(.*)"$`).exec(condition);
  return key.charAt(Number(part![1])) === asRead(part![2]!);
}

describe('buildSharedConfig', () => {
  it('builds this config for two tenants', () => {
    expect(build().config).toMatchSnapshot();
  });

  it('gives the same bytes for the same teams in any order', () => {
    const list = [...teams(40), team(41, { tenantId: tenantId(3) }), team(42, { apiKey: 'no' })];
    const shuffled = [...list].sort((a, b) => (a.apiKey < b.apiKey ? 1 : -1));
    expect(shuffled).not.toEqual(list);
    expect(build(shuffled)).toEqual(build(list));
    expect(build(shuffled).body).toBe(build(list).body);
  });

  it('says the config in its body', () => {
    const { body, config } = build();
    expect(JSON.parse(body)).toEqual(config);
  });

  it('leads each key to the exporters of its tenant alone, in every stream', () => {
    const list = teams(50);
    const built = build(list);
    for (const { apiKey, tenantId: id } of list) {
      for (const entry of ['logs/out-default', 'traces', 'metrics']) {
        expect(follow(built, entry, apiKey)).toBe(`clickhouse/${id}`);
      }
      expect(follow(built, 'logs/out-rrweb', apiKey)).toBe(`clickhouse/rrweb-${id}`);
    }
  });

  it('leads what no tenant has to the counter, past either router', () => {
    const built = build(teams(20));
    for (const entry of ['logs/out-default', 'logs/out-rrweb', 'traces', 'metrics']) {
      expect(follow(built, entry, '~~~~~~~~')).toBe('debug/unrouted');
      expect(follow(built, entry, `${team(1).apiKey}0`)).toBe('debug/unrouted');
    }
  });

  it('states the processors of every pipeline, and batch in none', () => {
    const { pipelines } = build().config.service;
    const stated = Object.entries(pipelines).map(([id, { processors }]) => [id, processors]);
    expect(Object.fromEntries(stated)).toMatchObject({
      'logs/in': [],
      'logs/out-default': ['memory_limiter', 'transform'],
      'logs/out-rrweb': ['memory_limiter'],
      traces: ['memory_limiter'],
      metrics: ['memory_limiter'],
    });
    for (const [, processors] of stated) {
      expect(processors).toBeDefined();
      expect(processors).not.toContain('batch');
    }
  });

  it('lets in the keys of served teams alone, whatever a team says of authentication', () => {
    const built = build([team(1), team(2, { suspended: true }), team(3, { authenticate: false })]);
    expect(tokens(built)).toEqual([team(1).apiKey, team(3).apiKey].sort());
    expect(built.leftOut).toEqual([]);
    expect(built.body).not.toContain(team(2).apiKey);
    expect(built.body).not.toContain(tenantId(2));
  });

  it('serves a tenant of several teams from one set of exporters', () => {
    const built = build([team(1), team(2, { tenantId: tenantId(1) })]);
    expect(Object.keys(built.config.exporters ?? {}).sort()).toEqual([
      `clickhouse/${tenantId(1)}`,
      `clickhouse/rrweb-${tenantId(1)}`,
      'debug/unrouted',
    ]);
    for (const { apiKey } of teams(2)) {
      expect(follow(built, 'traces', apiKey)).toBe(`clickhouse/${tenantId(1)}`);
    }
  });

  it.each([
    ['no team', []],
    ['suspended teams', [team(1, { suspended: true })]],
    ['teams that cannot be served', [team(1, { apiKey: 'short' })]],
  ])('answers 401 and stores nothing with %s', (_, list) => {
    const built = build(list);
    expect(tokens(built)).toEqual([placeholderToken]);
    expect(Object.keys(built.config.exporters ?? {})).toEqual(['debug/unrouted']);
    for (const entry of ['logs/out-default', 'logs/out-rrweb', 'traces', 'metrics']) {
      expect(pipeline(built, entry)?.exporters).toEqual(['debug/unrouted']);
    }
  });

  it('does not hold the placeholder once a team is served', () => {
    expect(build().body).not.toContain(placeholderToken);
  });

  it('refuses a placeholder that is no key', () => {
    expect(() => buildSharedConfig({ teams: [], placeholderToken: 'short' })).toThrow(TenancyError);
  });

  it('warns past 250 tenants, and where memory is short', () => {
    expect(build(teams(90)).warnings).toEqual([]);
    expect(build(teams(120)).warnings).toEqual([expect.stringContaining('2 MiB')]);
    const storage = { extension: 'file_storage', directory: '/var/lib/otelcol' } as const;
    const stored = (count: number) =>
      buildSharedConfig({ teams: teams(count), placeholderToken, storage }).warnings;
    expect(stored(250)).toEqual([]);
    expect(stored(251)).toEqual([expect.stringContaining('at most 250')]);
  });

  it('keeps the queues of every exporter on the volume, where there is one', () => {
    const storage = { extension: 'file_storage', directory: '/var/lib/$otel' } as const;
    const { config } = buildSharedConfig({ teams: teams(2), placeholderToken, storage });
    expect(config.service.extensions).toEqual(['bearertokenauth/hyperdx', 'file_storage']);
    expect(config.extensions?.file_storage).toMatchObject({ directory: '/var/lib/$$otel' });
    for (const [id, exporter] of Object.entries(config.exporters ?? {})) {
      if (id === 'debug/unrouted') continue;
      expect(exporter.sending_queue).toMatchObject({ storage: 'file_storage' });
    }
  });

  it('listens where it is told to', () => {
    const receivers = { grpc: '127.0.0.1:1', http: '127.0.0.1:2' };
    const { config } = buildSharedConfig({ teams: [], placeholderToken, receivers });
    expect(config.receivers?.['otlp/hyperdx']).toMatchObject({
      protocols: { grpc: { endpoint: '127.0.0.1:1' }, http: { endpoint: '127.0.0.1:2' } },
    });
  });
});
