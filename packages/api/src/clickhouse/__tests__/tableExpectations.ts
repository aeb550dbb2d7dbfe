import type { BaseName } from '@hyperdx-tenancy/domain/tables';

// Written by hand from the schema that the exporter and HyperDX 2.36 agree on, not from the templates.

const MAP = 'Map(LowCardinality(String), String)';
const LC = 'LowCardinality(String)';

/** `text` where the release has text indexes, `bloom` before. */
export type Flavour = 'text' | 'bloom';

const log = `
  Timestamp DateTime64(9); TraceId String; SpanId String; TraceFlags UInt8; SeverityText ${LC}; SeverityNumber UInt8;
  ServiceName ${LC}; Body String; ResourceSchemaUrl ${LC}; ResourceAttributes ${MAP}; ScopeSchemaUrl ${LC};
  ScopeName String; ScopeVersion ${LC}; ScopeAttributes ${MAP}; LogAttributes ${MAP}`;
const k8s = [
  'cluster.name',
  'container.name',
  'deployment.name',
  'namespace.name',
  'node.name',
  'pod.name',
  'pod.uid',
];
const promoted = [...k8s.map((name) => `k8s.${name}`), 'deployment.environment.name'].map(
  (name) => `__hdx_materialized_${name}`,
);
const metric = `
  ResourceAttributes ${MAP}; ResourceSchemaUrl String; ScopeName String; ScopeVersion String; ScopeAttributes ${MAP};
  ScopeDroppedAttrCount UInt32; ScopeSchemaUrl String; ServiceName ${LC}; MetricName ${LC}; MetricDescription String;
  MetricUnit String; Attributes ${MAP}; StartTimeUnix DateTime; TimeUnix DateTime; Flags UInt32`;
const exemplars = `
  Exemplars.FilteredAttributes Array(${MAP}); Exemplars.TimeUnix Array(DateTime); Exemplars.Value Array(Float64);
  Exemplars.SpanId Array(String); Exemplars.TraceId Array(String)`;
const rollup = `Timestamp DateTime; ColumnIdentifier ${LC}; Key ${LC}; Value String; count UInt64`;

const columns: Partial<Record<BaseName, string>> = {
  otel_logs: `${log}; EventName String; ${promoted.map((name) => `${name} ${LC} MATERIALIZED`).join('; ')};
    ResourceAttributeItems Array(String) ALIAS; ScopeAttributeItems Array(String) ALIAS; LogAttributeItems Array(String) ALIAS`,
  otel_traces: `
    Timestamp DateTime64(9); TraceId String; SpanId String; ParentSpanId String; TraceState String; SpanName ${LC};
    SpanKind ${LC}; ServiceName ${LC}; ResourceAttributes ${MAP}; ScopeName String; ScopeVersion String;
    SpanAttributes ${MAP}; Duration UInt64; StatusCode ${LC}; StatusMessage String; Events.Timestamp Array(DateTime64(9));
    Events.Name Array(${LC}); Events.Attributes Array(${MAP}); Links.TraceId Array(String); Links.SpanId Array(String);
    Links.TraceState Array(String); Links.Attributes Array(${MAP}); __hdx_materialized_rum.sessionId String MATERIALIZED;
    SampleRate UInt64 MATERIALIZED; ResourceAttributeItems Array(String) ALIAS; SpanAttributeItems Array(String) ALIAS`,
  hyperdx_sessions: `${log}; TimestampTime DateTime DEFAULT`,
  otel_metrics_gauge: `${metric}; Value Float64; ${exemplars}`,
  otel_metrics_sum: `${metric}; Value Float64; AggregationTemporality Int32; IsMonotonic Bool; ${exemplars}`,
  otel_metrics_histogram: `${metric}; Count UInt64; Sum Float64; BucketCounts Array(UInt64);
    ExplicitBounds Array(Float64); Min Float64; Max Float64; AggregationTemporality Int32; ${exemplars}`,
  otel_metrics_exponential_histogram: `${metric}; Count UInt64; Sum Float64; Scale Int32; ZeroCount UInt64;
    PositiveOffset Int32; PositiveBucketCounts Array(UInt64); NegativeOffset Int32; NegativeBucketCounts Array(UInt64);
    Min Float64; Max Float64; AggregationTemporality Int32; ${exemplars}`,
  otel_metrics_summary: `${metric}; Count UInt64; Sum Float64; ValueAtQuantiles.Quantile Array(Float64);
    ValueAtQuantiles.Value Array(Float64)`,
  otel_logs_kv_rollup_15m: rollup,
  otel_traces_kv_rollup_15m: rollup,
};

/** What DESCRIBE must show of a table: `<name> <type> <kind of default>` a line, in order. */
export function describedColumns(base: BaseName, flavour: Flavour): string[] {
  const all = (columns[base] ?? '').split(';').map((line) => line.trim());
  return flavour === 'text' ? all : all.filter((line) => !line.endsWith(' ALIAS'));
}

// Far ahead, so that no retention removes them while a test looks.
/** The whole second of the first rows. */
export const sampleSecond = '2099-01-02 03:04:05';
const first = `${sampleSecond}.000000001`;
const sameBucket = '2099-01-02 03:14:59.999999999';
const nextBucket = '2099-01-02 03:15:00.000000000';

const logRow = {
  Timestamp: first,
  TraceId: '4bf92f3577b34da6a3ce929d0e0e4736',
  SpanId: '00f067aa0ba902b7',
  TraceFlags: 1,
  SeverityText: 'INFO',
  SeverityNumber: 9,
  ServiceName: 'api',
  Body: 'Hello World',
  ResourceSchemaUrl: 'https://r',
  ResourceAttributes: { 'k8s.pod.name': 'pod-1', 'deployment.environment.name': 'prod' },
  ScopeSchemaUrl: '',
  ScopeName: 'lib',
  ScopeVersion: '1.0',
  ScopeAttributes: { s: '1' },
  LogAttributes: { user: '7', path: '/a=b' },
};
const bareLogRow = { ...logRow, ResourceAttributes: {}, LogAttributes: {} };
const spanRow = {
  Timestamp: first,
  TraceId: '4bf92f3577b34da6a3ce929d0e0e4736',
  SpanId: '00f067aa0ba902b7',
  ParentSpanId: '',
  TraceState: '',
  SpanName: 'GET /',
  SpanKind: 'Server',
  ServiceName: 'api',
  ResourceAttributes: { 'rum.sessionId': 'session-1' },
  ScopeName: 'lib',
  ScopeVersion: '',
  SpanAttributes: { SampleRate: '20' },
  Duration: 1_500_000,
  StatusCode: 'Ok',
  StatusMessage: '',
  'Events.Timestamp': [first],
  'Events.Name': ['exception'],
  'Events.Attributes': [{ 'exception.type': 'E' }],
  'Links.TraceId': ['a'],
  'Links.SpanId': ['b'],
  'Links.TraceState': [''],
  'Links.Attributes': [{}],
};
const pointRow = {
  ResourceAttributes: { 'service.name': 'api' },
  ResourceSchemaUrl: '',
  ScopeName: '',
  ScopeVersion: '',
  ScopeAttributes: {},
  ScopeDroppedAttrCount: 0,
  ScopeSchemaUrl: '',
  ServiceName: 'api',
  MetricName: 'requests',
  MetricDescription: '',
  MetricUnit: '1',
  Attributes: { route: '/' },
  StartTimeUnix: sampleSecond,
  TimeUnix: sampleSecond,
  Flags: 0,
};
const exemplarRow = {
  'Exemplars.FilteredAttributes': [{ a: 'b' }],
  'Exemplars.TimeUnix': [sampleSecond],
  'Exemplars.Value': [1.5],
  'Exemplars.SpanId': ['00f067aa0ba902b7'],
  'Exemplars.TraceId': ['4bf92f3577b34da6a3ce929d0e0e4736'],
};
const counted = { Count: 3, Sum: 6.5 };
const bounded = { Min: 1, Max: 4, AggregationTemporality: 2 };

/** Rows with every column that the exporter writes, a list for each table it writes to. */
export const sampleRows: Partial<Record<BaseName, Record<string, unknown>[]>> = {
  otel_logs: [
    { ...logRow, EventName: 'login' },
    { ...bareLogRow, Timestamp: sameBucket, SeverityText: 'ERROR', EventName: '' },
    { ...bareLogRow, Timestamp: nextBucket, ServiceName: 'web', EventName: '' },
  ],
  otel_traces: [
    spanRow,
    {
      ...spanRow,
      Timestamp: nextBucket,
      ResourceAttributes: {},
      SpanAttributes: {},
      SpanKind: 'Client',
    },
  ],
  hyperdx_sessions: [{ ...logRow, LogAttributes: { 'rr-web.event': '{}' } }],
  otel_metrics_gauge: [{ ...pointRow, ...exemplarRow, Value: 0.5 }],
  otel_metrics_sum: [
    { ...pointRow, ...exemplarRow, Value: 5, AggregationTemporality: 2, IsMonotonic: true },
  ],
  otel_metrics_histogram: [
    {
      ...pointRow,
      ...exemplarRow,
      ...counted,
      ...bounded,
      BucketCounts: [1, 2],
      ExplicitBounds: [2],
    },
  ],
  otel_metrics_exponential_histogram: [
    {
      ...pointRow,
      ...exemplarRow,
      ...counted,
      ...bounded,
      Scale: -1,
      ZeroCount: 1,
      PositiveOffset: -2,
      PositiveBucketCounts: [1, 1],
      NegativeOffset: 0,
      NegativeBucketCounts: [],
    },
  ],
  otel_metrics_summary: [
    {
      ...pointRow,
      ...counted,
      'ValueAtQuantiles.Quantile': [0.5, 0.99],
      'ValueAtQuantiles.Value': [1, 4],
    },
  ],
};

const unset = promoted.filter((name) => !/pod\.name|environment/.test(name));
const lines = (bucket: string, counts: string[]): string[] =>
  counts.map((line) => `2099-01-02 ${bucket} NativeColumn ${line}`);

/** What the rollup of each base table must hold of {@link sampleRows}: bucket, key, value and count. */
export const nativeColumns = {
  otel_logs: [
    ...lines('03:00:00', [
      'SeverityText=INFO 1',
      'SeverityText=ERROR 1',
      'ServiceName=api 2',
      'ScopeName=lib 2',
      'ScopeVersion=1.0 2',
      'ResourceSchemaUrl=https://r 2',
      'ScopeSchemaUrl= 2',
      '__hdx_materialized_k8s.pod.name=pod-1 1',
      '__hdx_materialized_k8s.pod.name= 1',
      '__hdx_materialized_deployment.environment.name=prod 1',
      '__hdx_materialized_deployment.environment.name= 1',
      ...unset.map((name) => `${name}= 2`),
    ]),
    ...lines('03:15:00', [
      'SeverityText=INFO 1',
      'ServiceName=web 1',
      'ScopeName=lib 1',
      'ScopeVersion=1.0 1',
      'ResourceSchemaUrl=https://r 1',
      'ScopeSchemaUrl= 1',
      ...promoted.map((name) => `${name}= 1`),
    ]),
  ],
  otel_traces: ['03:00:00 Server', '03:15:00 Client'].flatMap((bucketAndKind) => {
    const [bucket = '', kind = ''] = bucketAndKind.split(' ');
    return lines(bucket, [
      'ServiceName=api 1',
      'SpanName=GET / 1',
      `SpanKind=${kind} 1`,
      'StatusCode=Ok 1',
      'ScopeName=lib 1',
      'ScopeVersion= 1',
    ]);
  }),
};
