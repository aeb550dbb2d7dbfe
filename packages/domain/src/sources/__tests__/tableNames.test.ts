import { parseTenantId } from '../../ids';
import { failure } from '../../tables/__tests__/failure';
import { listSourceTables, mapSourceTables, suffixSource } from '../tableNames';

const tenantId = parseTenantId('0123456789abcdef01234567');
const other = parseTenantId('fedcba987654321001234567');

const everyField = {
  _id: '65f000000000000000000001',
  kind: 'metric',
  name: 'otel_logs',
  from: { databaseName: 'default', tableName: 'otel_logs', note: 'otel_logs' },
  metricTables: {
    gauge: 'g',
    sum: 's',
    histogram: 'h',
    summary: 'y',
    'exponential histogram': 'e1',
    exponentialHistogram: 'e2',
    _id: '65f000000000000000000002',
    id: '65f000000000000000000002',
  },
  seriesTable: 'series',
  metadataMaterializedViews: {
    keyRollupTable: 'kr',
    kvRollupTable: 'kvr',
    granularity: '15 minute',
  },
  materializedViews: [
    { databaseName: 'default', tableName: 'mv0', dimensionColumns: 'ServiceName' },
    { databaseName: 'default', tableName: 'mv1' },
  ],
  futureField: { tableName: 'left_alone', list: [1, null] },
};
const paths = [
  ['from.tableName', 'otel_logs'],
  ['metricTables.gauge', 'g'],
  ['metricTables.sum', 's'],
  ['metricTables.histogram', 'h'],
  ['metricTables.summary', 'y'],
  ['metricTables.exponential histogram', 'e1'],
  ['metricTables.exponentialHistogram', 'e2'],
  ['seriesTable', 'series'],
  ['metadataMaterializedViews.keyRollupTable', 'kr'],
  ['metadataMaterializedViews.kvRollupTable', 'kvr'],
  ['materializedViews[0].tableName', 'mv0'],
  ['materializedViews[1].tableName', 'mv1'],
];

describe('listSourceTables', () => {
  it('finds every table name with its path', () => {
    expect(listSourceTables(everyField).map(({ path, table }) => [path, table])).toEqual(paths);
  });

  it('leaves out what is empty, null or absent', () => {
    expect(
      listSourceTables({
        from: { databaseName: 'd', tableName: '' },
        metricTables: null,
        seriesTable: undefined,
        materializedViews: [],
      }),
    ).toEqual([]);
  });
});

describe('mapSourceTables', () => {
  it('changes table names and nothing else, in a copy', () => {
    const before = structuredClone(everyField);
    const mapped = mapSourceTables(everyField, (table) => `${table}!`);
    expect(everyField).toEqual(before);
    expect(listSourceTables(mapped).map(({ table }) => table)).toEqual(
      paths.map(([, table]) => `${table}!`),
    );
    expect(mapSourceTables(mapped, (table) => table.slice(0, -1))).toEqual(before);
  });
});

describe('suffixSource', () => {
  it('appends the suffix to every name', () => {
    expect(listSourceTables(suffixSource(everyField, tenantId)).map(({ table }) => table)).toEqual(
      paths.map(([, table]) => `${table}_${tenantId}`),
    );
  });

  it('appends it once', () => {
    const once = suffixSource(everyField, tenantId);
    expect(suffixSource(once, tenantId)).toEqual(once);
  });

  it('keeps an empty name empty', () => {
    expect(suffixSource({ from: { tableName: '' } }, tenantId)).toEqual({
      from: { tableName: '' },
    });
  });

  it.each(paths)(
    'refuses another tenant’s table in %s without naming that tenant',
    (path, table) => {
      const stolen = mapSourceTables(everyField, (name) =>
        name === table ? `${name}_${other}` : name,
      );
      const { code, message } = failure(() => suffixSource(stolen, tenantId));
      expect(code).toBe('foreign_table');
      expect(message).toContain(`${path}:`);
      expect(message).not.toContain(other);
    },
  );

  it.each(['a.b', '`x`', 'x y', 'x;', "x'", 'x\0', '../x', 'ä', '1x', 'x_{P:Identifier}'])(
    'refuses the name %j with its path',
    (tableName) => {
      const { code, message } = failure(() =>
        suffixSource({ materializedViews: [{ tableName: 'fine' }, { tableName }] }, tenantId),
      );
      expect(code).toBe('invalid_table_name');
      expect(message).toContain('materializedViews[1].tableName:');
    },
  );
});

describe('hostile shapes', () => {
  it.each<[string, unknown, string]>([
    ['a number', { from: { tableName: 5 } }, 'from.tableName:'],
    ['an object', { from: { tableName: { toString: 'x' } } }, 'from.tableName:'],
    ['a list of names', { seriesTable: ['otel_logs'] }, 'seriesTable:'],
    ['a number among the metric tables', { metricTables: { gauge: 1 } }, 'metricTables.gauge:'],
    ['a list for an object', { metricTables: ['otel_logs'] }, 'metricTables:'],
    ['a text for an object', { from: 'otel_logs' }, 'from:'],
    [
      'an object for a list',
      { materializedViews: { 0: { tableName: 'x' } } },
      'materializedViews:',
    ],
    ['a text in the list', { materializedViews: ['x'] }, 'materializedViews[0]:'],
    ['null in the list', { materializedViews: [null] }, 'materializedViews[0]:'],
    ['a list for the source', [], 'source:'],
    ['__proto__ at the top', JSON.parse('{"__proto__": {"x": 1}}'), '__proto__:'],
    [
      '__proto__ as a kind',
      JSON.parse('{"metricTables": {"__proto__": "x"}}'),
      'metricTables.__proto__:',
    ],
    ['constructor in from', { from: { constructor: 'x' } }, 'from.constructor:'],
  ])('refuses %s, and says where', (_, source, path) => {
    const { code, message } = failure(() => suffixSource(source as object, tenantId));
    expect(code).toBe('invalid_table_name');
    expect(message.startsWith(path)).toBe(true);
  });

  it('takes own fields alone: what is inherited is no field', () => {
    const source = Object.create({ from: { tableName: `x_${other}` } }) as object;
    expect(listSourceTables(source)).toEqual([]);
    expect(suffixSource(source, tenantId)).toEqual({});
  });

  it('leaves prototypes as they are', () => {
    const source = JSON.parse('{"futureField": {"__proto__": {"polluted": true}}}') as object;
    suffixSource(source, tenantId);
    expect('polluted' in {}).toBe(false);
  });
});
