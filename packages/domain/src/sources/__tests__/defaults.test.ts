import { parseTenantId } from '../../ids';
import { tableNames } from '../../tables';
import { defaultSources } from '../defaults';
import { SourceInput, sourceKinds } from '../kinds';
import { listSourceTables, suffixSource } from '../tableNames';

const tenantId = parseTenantId('0123456789abcdef01234567');
const ids = {
  log: '65f000000000000000000001',
  trace: '65f000000000000000000002',
  metric: '65f000000000000000000003',
  session: '65f000000000000000000004',
};
const sources = defaultSources({
  tenantId,
  teamId: '65f00000000000000000000a',
  connectionId: '65f00000000000000000000b',
  database: 'otel',
  ids,
});

describe('defaultSources', () => {
  it('are HyperDX’s four, of this team and connection', () => {
    expect(sources.map(({ _id, kind, name }) => [_id, kind, name])).toEqual([
      [ids.log, 'log', 'Logs'],
      [ids.trace, 'trace', 'Traces'],
      [ids.metric, 'metric', 'Metrics'],
      [ids.session, 'session', 'Sessions'],
    ]);
    for (const source of sources) {
      expect(source).toMatchObject({
        team: '65f00000000000000000000a',
        connection: '65f00000000000000000000b',
        from: { databaseName: 'otel' },
      });
    }
  });

  it('read exactly the tables that the exporter and the views write', () => {
    const read = sources.flatMap((source) => listSourceTables(source).map(({ table }) => table));
    const written = Object.entries(tableNames(tenantId)).flatMap(([base, name]) =>
      base.endsWith('_mv') ? [] : [name],
    );
    expect([...read].sort()).toEqual([...written].sort());
  });

  it('carry the suffix already', () => {
    for (const source of sources) expect(suffixSource(source, tenantId)).toEqual(source);
  });

  it('name each other by id, never themselves', () => {
    const { log, trace, metric, session } = ids;
    const links = sources.map((source) =>
      Object.fromEntries(Object.entries(source).filter(([field]) => field.endsWith('SourceId'))),
    );
    expect(links).toEqual([
      { traceSourceId: trace, sessionSourceId: session, metricSourceId: metric },
      { logSourceId: log, sessionSourceId: session, metricSourceId: metric },
      { logSourceId: log, traceSourceId: trace, sessionSourceId: session },
      { logSourceId: log, traceSourceId: trace, metricSourceId: metric },
    ]);
  });

  it('pass the schemas unchanged', () => {
    for (const source of sources) expect(SourceInput.parse(source)).toEqual(source);
  });

  it('hold the expressions of a HyperDX install', () => {
    expect(sources).toMatchSnapshot();
  });
});

describe('SourceInput', () => {
  const common = {
    name: 'x',
    connection: '65f00000000000000000000b',
    from: { databaseName: 'default', tableName: 't' },
    timestampValueExpression: 'Timestamp',
  };
  const least = {
    log: { defaultTableSelectExpression: 'Body' },
    trace: {
      defaultTableSelectExpression: 'SpanName',
      durationExpression: 'Duration',
      traceIdExpression: 'TraceId',
      spanIdExpression: 'SpanId',
      parentSpanIdExpression: 'ParentSpanId',
      spanNameExpression: 'SpanName',
      spanKindExpression: 'SpanKind',
    },
    session: { traceSourceId: ids.trace },
    metric: { metricTables: { gauge: 'g' }, resourceAttributesExpression: 'ResourceAttributes' },
    promql: {},
  };
  const input = (kind: keyof typeof least) => ({ ...common, kind, ...least[kind] });

  it.each(sourceKinds)('takes the least %s source and keeps unknown fields', (kind) => {
    const source = { ...input(kind), newInHyperdx: { deep: [1] } };
    expect(SourceInput.parse(source)).toMatchObject(source);
  });

  it.each(sourceKinds)('needs each required field of a %s source', (kind) => {
    const source: Record<string, unknown> = input(kind);
    for (const field of Object.keys(source)) {
      expect([field, SourceInput.safeParse({ ...source, [field]: undefined }).success]).toEqual([
        field,
        false,
      ]);
    }
  });

  it('takes an empty table name from a metric source alone', () => {
    const from = { databaseName: 'default', tableName: '' };
    expect(SourceInput.safeParse({ ...input('metric'), from }).success).toBe(true);
    expect(SourceInput.safeParse({ ...input('log'), from }).success).toBe(false);
  });

  it.each([-1, 10, 1.5])('refuses the duration precision %d', (durationPrecision) => {
    expect(SourceInput.safeParse({ ...input('trace'), durationPrecision }).success).toBe(false);
  });

  it('takes ten query settings and no more', () => {
    const settings = (n: number) =>
      Array.from({ length: n }, (_, i) => ({ setting: `s${i}`, value: '1' }));
    const parse = (n: number) =>
      SourceInput.safeParse({ ...input('log'), querySettings: settings(n) }).success;
    expect([parse(10), parse(11)]).toEqual([true, false]);
  });
});
