import { failure } from '../../tables/__tests__/failure';
import { listSourceReferences, requireDatabase } from '../references';

const id = '65f000000000000000000001';

describe('listSourceReferences', () => {
  it('finds each source that is named, those of a later HyperDX as well', () => {
    const source = {
      logSourceId: id,
      traceSourceId: id.toUpperCase(),
      sessionSourceId: null,
      metricSourceId: '',
      promqlSourceId: id,
      connection: id,
    };
    expect(listSourceReferences(source)).toEqual([
      { field: 'logSourceId', id },
      { field: 'traceSourceId', id },
      { field: 'promqlSourceId', id },
    ]);
  });

  it.each([5, 'Logs', { $ne: null }, [id], `${id}0`])('refuses %j for an id', (logSourceId) => {
    const { code, message } = failure(() => listSourceReferences({ logSourceId }));
    expect(code).toBe('invalid_request');
    expect(message).toContain('logSourceId:');
  });
});

describe('requireDatabase', () => {
  const view = (databaseName: string) => ({ databaseName, tableName: 't' });

  it('takes the tenant’s database', () => {
    expect(() =>
      requireDatabase({ from: view('otel'), materializedViews: [view('otel')] }, 'otel'),
    ).not.toThrow();
    expect(() => requireDatabase({ materializedViews: null }, 'otel')).not.toThrow();
  });

  it.each([
    ['from', { from: view('system') }],
    ['materializedViews[1]', { from: view('otel'), materializedViews: [view('otel'), view('x')] }],
  ])('refuses another one in %s', (path, source) => {
    const { code, message } = failure(() => requireDatabase(source, 'otel'));
    expect(code).toBe('foreign_table');
    expect(message).toContain(`${path}.databaseName:`);
  });
});
