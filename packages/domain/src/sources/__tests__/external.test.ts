import { fromExternalSource, toExternalSource } from '../external';

const id = '65f000000000000000000001';
const stored = {
  _id: { toString: () => id },
  team: 'x',
  __v: 0,
  createdAt: new Date(0),
  updatedAt: new Date(0),
  kind: 'trace',
  name: 'Traces',
  metricTables: { _id: 'x', gauge: 'g' },
  materializedViews: [{ _id: 'x', tableName: 'mv', minGranularity: '15 second' }],
  metadataMaterializedViews: { kvRollupTable: 'kv', granularity: '15 minute' },
  newInHyperdx: { deep: ['1 hour'] },
};

describe('toExternalSource', () => {
  it('shows id in place of _id, short granularities, and what it does not know', () => {
    expect(toExternalSource(stored, id)).toEqual({
      id,
      kind: 'trace',
      name: 'Traces',
      metricTables: { gauge: 'g' },
      materializedViews: [{ tableName: 'mv', minGranularity: '15s' }],
      metadataMaterializedViews: { kvRollupTable: 'kv', granularity: '15m' },
      newInHyperdx: { deep: ['1 hour'] },
    });
  });

  it('fills in what older session sources lack', () => {
    expect(toExternalSource({ kind: 'session' }, id)).toEqual({
      id,
      kind: 'session',
      timestampValueExpression: 'TimestampTime',
    });
  });

  it.each([
    { metadataMaterializedViews: null },
    { materializedViews: [{ minGranularity: 'odd' }] },
  ])('leaves %j as it is', (source) => {
    expect(toExternalSource(source, id)).toEqual({ id, ...source });
  });
});

describe('fromExternalSource', () => {
  it('is the way back', () => {
    const external = toExternalSource(stored, id);
    expect(fromExternalSource(external)).toMatchObject({
      materializedViews: [{ minGranularity: '15 second' }],
      metadataMaterializedViews: { granularity: '15 minute' },
    });
  });

  it.each([['15 minute'], ['1w'], [15], [null]])('leaves the granularity %j as it is', (text) => {
    const body = { metadataMaterializedViews: { granularity: text } };
    expect(fromExternalSource(body)).toEqual(body);
  });

  it.each([undefined, null, 'x', [1]])('leaves the body %j to the schema', (body) => {
    expect(fromExternalSource(body)).toEqual(body);
  });
});
