import { parseTenantId } from '../../ids';
import { failure } from '../../tables/__tests__/failure';
import { scanDocument } from '../scan';

const tenantId = parseTenantId('0123456789abcdef01234567');
const other = 'fedcba987654321001234567';

describe('scanDocument', () => {
  it('takes what HyperDX stores: ids, own tables, expressions, what is to come', () => {
    expect(() =>
      scanDocument(
        {
          connection: other,
          traceSourceId: other,
          from: { databaseName: 'default', tableName: `otel_logs_${tenantId}` },
          'metric tables': { 'exponential histogram': 'x' },
          highlightedTraceAttributeExpressions: [{ sqlExpression: "LogAttributes['a.b_c']" }],
          querySettings: [{ setting: 'max_threads', value: '1' }],
          newField: { list: [1, null, true, ['x']] },
        },
        tenantId,
      ),
    ).not.toThrow();
  });

  it.each<[string, object, string]>([
    ['a table', { from: { tableName: `otel_logs_${other}` } }, 'from.tableName'],
    ['an unknown field', { newTable: `otel_logs_${other}` }, 'newTable'],
    ['a list', { deep: [{ list: ['x', `t_${other}`] }] }, 'deep[0].list[1]'],
    ['an expression', { bodyExpression: `(SELECT 1 FROM x.t_${other} LIMIT 1)` }, 'bodyExpression'],
    ['quotes', { bodyExpression: `\`t_${other}\`` }, 'bodyExpression'],
    ['the name of a field', { map: { [`t_${other}`]: 1 } }, 'map.t_...'],
    ['one among own ones', { x: `t_${tenantId} t_${other}` }, 'x'],
  ])('refuses another tenant’s name in %s without repeating it', (_, document, field) => {
    const { code, message } = failure(() => scanDocument(document, tenantId));
    expect(code).toBe('foreign_table');
    expect(message).toContain(`${field}:`);
    expect(message).not.toContain(other);
  });

  it.each<[string, unknown, string]>([
    ['a path into the document', { 'from.tableName': 'x' }, 'from.tableName'],
    ['an operator', { from: { $set: 1 } }, 'from.$set'],
    ['a NUL', { 'a\0b': 1 }, 'a\0b'],
    ['__proto__', JSON.parse('{"a":[{"__proto__":{"x":1}}]}'), 'a[0].__proto__'],
    ['constructor', { a: { constructor: 1 } }, 'a.constructor'],
    ['a type of the driver', { a: { _bsontype: 'Long', low: 1 } }, 'a._bsontype'],
  ])('refuses %s as the name of a field', (_, document, field) => {
    const { code, message } = failure(() => scanDocument(document, tenantId));
    expect(code).toBe('invalid_request');
    expect(message).toContain(`${field}:`);
  });

  it('refuses what is nested deeper than a stack, and says so', () => {
    const nested = JSON.parse(`${'['.repeat(50_000)}${']'.repeat(50_000)}`) as unknown;
    expect(failure(() => scanDocument({ nested }, tenantId)).code).toBe('invalid_request');
  });
});
