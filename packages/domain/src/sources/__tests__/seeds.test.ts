import { parseTenantId } from '../../ids';
import { listSourceTables, suffixSource } from '../tableNames';
import { parseSeeds, SeedError, seedSources } from '../seeds';
import type { SeedInput } from '../seeds';

const tenantId = parseTenantId('0123456789abcdef01234567');

const common = { connection: 'Local ClickHouse' };
const from = (tableName: string) => ({ databaseName: 'default', tableName });
const connections = [
  { name: 'Local ClickHouse', host: 'http://ch:8123', username: 'default', password: 's3cret' },
];

/** In the form in which HyperDX's images and charts carry them. */
const stock = [
  {
    ...common,
    kind: 'log',
    name: 'Logs',
    from: from('otel_logs'),
    timestampValueExpression: 'TimestampTime',
    defaultTableSelectExpression: 'Timestamp,ServiceName,SeverityText,Body',
    traceSourceId: 'Traces',
    sessionSourceId: 'Sessions',
    metricSourceId: 'Metrics',
  },
  {
    ...common,
    kind: 'trace',
    name: 'Traces',
    from: from('otel_traces'),
    timestampValueExpression: 'Timestamp',
    defaultTableSelectExpression: 'Timestamp,SpanName',
    durationExpression: 'Duration',
    durationPrecision: 9,
    traceIdExpression: 'TraceId',
    spanIdExpression: 'SpanId',
    parentSpanIdExpression: 'ParentSpanId',
    spanNameExpression: 'SpanName',
    spanKindExpression: 'SpanKind',
    materializedViews: [{ databaseName: 'default', tableName: 'mv', minGranularity: '1 minute' }],
    logSourceId: 'Logs',
  },
  {
    ...common,
    kind: 'metric',
    name: 'Metrics',
    from: from(''),
    timestampValueExpression: 'TimeUnix',
    resourceAttributesExpression: 'ResourceAttributes',
    metricTables: {
      gauge: 'otel_metrics_gauge',
      exponentialHistogram: 'otel_metrics_exponential_histogram',
      'exponential histogram': 'otel_metrics_exponential_histogram',
      _id: '682586a8b1f81924e628e808',
      id: '682586a8b1f81924e628e808',
    },
    logSourceId: 'Logs',
  },
  {
    ...common,
    kind: 'session',
    name: 'Sessions',
    from: from('hyperdx_sessions'),
    traceSourceId: 'Traces',
  },
];

const parse = (sources: unknown, ofConnections: unknown = connections) =>
  parseSeeds({
    defaultConnections: JSON.stringify(ofConnections),
    defaultSources: JSON.stringify(sources),
  });

const input: SeedInput = {
  tenantId,
  teamId: '65f00000000000000000000a',
  connectionId: '65f00000000000000000000b',
  database: 'otel',
  ids: ['1', '2', '3', '4'].map((digit) => digit.repeat(24)),
};

describe('parseSeeds', () => {
  it('has no sources of its own where nothing is set', () => {
    const none = { defaultConnections: undefined, defaultSources: undefined };
    expect(parseSeeds(none)).toEqual({ connections: [], sources: undefined });
    expect(parseSeeds({ ...none, defaultSources: '[]' }).sources).toEqual([]);
  });

  it('keeps nothing of a connection but its name', () => {
    const seeds = parse(stock);
    expect(seeds.connections).toEqual(['Local ClickHouse']);
    expect(JSON.stringify(seeds)).not.toMatch(/s3cret|ch:8123/);
  });

  const first = stock[0]!;
  it.each<[string, unknown, unknown, string]>([
    ['no list', {}, connections, 'DEFAULT_SOURCES:'],
    ['an unknown kind', [{ ...first, kind: 'odd' }], connections, 'DEFAULT_SOURCES[0].kind:'],
    [
      'a field too few',
      [{ ...first, traceSourceId: undefined, timestampValueExpression: undefined }],
      connections,
      'DEFAULT_SOURCES[0].timestampValueExpression:',
    ],
    [
      'a bad table',
      [{ ...first, from: from('a b') }],
      connections,
      'DEFAULT_SOURCES[0]: from.tableName:',
    ],
    [
      'somebody’s table',
      [{ ...first, from: from(`otel_logs_${tenantId}`) }],
      connections,
      'DEFAULT_SOURCES[0]: from.tableName:',
    ],
    ['an unknown connection', [{ ...first, connection: 'x' }], connections, '[0].connection:'],
    ['an unknown source', [first], connections, 'DEFAULT_SOURCES[0].metricSourceId:'],
    ['a name twice', [...stock, first], connections, 'DEFAULT_SOURCES[4].name:'],
    ['a connection without a name', stock, [{ host: 'x', username: 'y' }], '[0].name:'],
    ['connections that are no list', stock, { password: 's3cret' }, 'DEFAULT_CONNECTIONS:'],
  ])('refuses %s, naming variable and field', (_, sources, ofConnections, place) => {
    const refused = (): unknown => parse(sources, ofConnections);
    expect(refused).toThrow(SeedError);
    expect(refused).toThrow(place);
    expect(refused).not.toThrow('s3cret');
  });

  it('repeats nothing of what is no JSON', () => {
    const refused = (): unknown =>
      parseSeeds({ defaultConnections: '[{"password":"s3cret"', defaultSources: undefined });
    expect(refused).toThrow('DEFAULT_CONNECTIONS');
    expect(refused).not.toThrow('s3cret');
  });
});

describe('seedSources', () => {
  const made = seedSources(parse(stock).sources ?? [], input);

  it('suffixes every table, both spellings, and no id', () => {
    expect(made.map((source) => listSourceTables(source).map(({ table }) => table))).toEqual([
      [`otel_logs_${tenantId}`],
      [`otel_traces_${tenantId}`, `mv_${tenantId}`],
      [
        `otel_metrics_gauge_${tenantId}`,
        `otel_metrics_exponential_histogram_${tenantId}`,
        `otel_metrics_exponential_histogram_${tenantId}`,
      ],
      [`hyperdx_sessions_${tenantId}`],
    ]);
    expect(JSON.stringify(made)).not.toContain('682586a8b1f81924e628e808');
    for (const source of made) expect(suffixSource(source, tenantId)).toEqual(source);
  });

  it('reads the tenant’s database through its managed connection', () => {
    for (const source of made) {
      expect(source).toMatchObject({
        team: input.teamId,
        connection: input.connectionId,
        from: { databaseName: 'otel' },
      });
    }
    expect(made[1]).toMatchObject({ materializedViews: [{ databaseName: 'otel' }] });
  });

  it('names other sources by id', () => {
    const [log, trace, metric, session] = input.ids;
    expect(made[0]).toMatchObject({
      _id: log,
      traceSourceId: trace,
      sessionSourceId: session,
      metricSourceId: metric,
    });
    expect(made[3]).toMatchObject({
      traceSourceId: trace,
      timestampValueExpression: 'TimestampTime',
    });
  });

  it('needs an id for each', () => {
    expect(() => seedSources(parse(stock).sources ?? [], { ...input, ids: [] })).toThrow('ids');
  });
});
