import { z } from 'zod';

// The contract of HyperDX 2.36. Loose objects throughout: every release of HyperDX adds fields, and a server in
// front of it keeps what it does not know.

/** A field that HyperDX cannot do without. */
const required = z.string().min(1);
const expression = z.string().optional();
/** Null where HyperDX's forms, or documents of its older releases, mean none. */
const sourceId = z.string().nullish();

const from = z.looseObject({ databaseName: required, tableName: required });

/** `SETTINGS` that HyperDX adds to each query of the source. */
const querySettings = z.array(z.looseObject({ setting: required, value: required })).max(10);

const common = {
  name: required,
  connection: required,
  /** Set by the server; a client that sends one is not believed. */
  team: z.string().optional(),
  from,
  timestampValueExpression: required,
  section: z.string().optional(),
  disabled: z.boolean().optional(),
  querySettings: querySettings.optional(),
};

const metadataMaterializedViews = z.looseObject({
  keyRollupTable: z.string().optional(),
  kvRollupTable: required,
  /** `<n> <unit>`, such as `15 minute`. */
  granularity: required,
});

const materializedViews = z.array(z.looseObject({ databaseName: required, tableName: required }));

/** What logs and traces have in common: both are event tables with views beside them. */
const events = {
  defaultTableSelectExpression: required,
  serviceNameExpression: expression,
  eventAttributesExpression: expression,
  resourceAttributesExpression: expression,
  displayedTimestampValueExpression: expression,
  implicitColumnExpression: expression,
  metricSourceId: sourceId,
  metadataMaterializedViews: metadataMaterializedViews.nullish(),
  materializedViews: materializedViews.nullish(),
};

export const LogSource = z.looseObject({
  ...common,
  ...events,
  kind: z.literal('log'),
  severityTextExpression: expression,
  bodyExpression: expression,
  traceIdExpression: expression,
  spanIdExpression: expression,
  traceSourceId: sourceId,
  /** Deprecated in HyperDX, still stored. */
  tableFilterExpression: expression,
});

export const TraceSource = z.looseObject({
  ...common,
  ...events,
  kind: z.literal('trace'),
  durationExpression: required,
  /** Digits after the second: 9 for nanoseconds. */
  durationPrecision: z.int().min(0).max(9).default(3),
  traceIdExpression: required,
  spanIdExpression: required,
  parentSpanIdExpression: required,
  spanNameExpression: required,
  spanKindExpression: required,
  statusCodeExpression: expression,
  statusMessageExpression: expression,
  spanEventsValueExpression: expression,
  logSourceId: sourceId,
  sessionSourceId: sourceId,
});

export const SessionSource = z.looseObject({
  ...common,
  kind: z.literal('session'),
  traceSourceId: required,
  resourceAttributesExpression: expression,
});

const table = z.string().optional();

/** The table of each metric kind; the fifth comes in two spellings, HyperDX's own and that of its DEFAULT_SOURCES. */
const metricTables = z.looseObject({
  gauge: table,
  sum: table,
  histogram: table,
  summary: table,
  'exponential histogram': table,
  exponentialHistogram: table,
});

export const MetricSource = z.looseObject({
  ...common,
  kind: z.literal('metric'),
  // The tables are in metricTables; HyperDX leaves this name empty.
  from: z.looseObject({ databaseName: required, tableName: z.string() }),
  metricTables,
  resourceAttributesExpression: required,
  seriesTable: z.string().optional(),
  logSourceId: sourceId,
});

export const PromqlSource = z.looseObject({ ...common, kind: z.literal('promql') });

/** A source as HyperDX's API takes it, without its id. */
export const SourceInput = z.discriminatedUnion('kind', [
  LogSource,
  TraceSource,
  SessionSource,
  MetricSource,
  PromqlSource,
]);

export const sourceKinds = ['log', 'trace', 'session', 'metric', 'promql'] as const;

export type SourceKind = (typeof sourceKinds)[number];
export type LogSource = z.infer<typeof LogSource>;
export type TraceSource = z.infer<typeof TraceSource>;
export type SessionSource = z.infer<typeof SessionSource>;
export type MetricSource = z.infer<typeof MetricSource>;
export type PromqlSource = z.infer<typeof PromqlSource>;
export type SourceInput = z.infer<typeof SourceInput>;
