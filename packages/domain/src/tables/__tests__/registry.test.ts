import { parseTenantFromTableName, parseTenantId } from '../../ids';
import { baseNames, metricTables, tableNames } from '../names';
import {
  expectedColumns,
  exporterTemplates,
  insertedColumns,
  tableTemplates,
  templates,
  viewTemplates,
} from '../registry';

const tenantId = parseTenantId('0123456789abcdef01234567');
const before = { major: 25, minor: 8 };
const since = { major: 26, minor: 2 };

describe('the registry', () => {
  it('has one template of each base name, in the order of creation', () => {
    expect(templates.map(({ base }) => base)).toEqual(baseNames);
  });

  it('lists a view after the tables it reads and fills, and a rollup that no exporter writes to', () => {
    expect(viewTemplates).toHaveLength(2);
    for (const { base, from, to } of viewTemplates) {
      expect(baseNames.indexOf(from)).toBeLessThan(baseNames.indexOf(base));
      expect(baseNames.indexOf(to)).toBeLessThan(baseNames.indexOf(base));
      expect(exporterTemplates.map((template) => template.base)).not.toContain(to);
    }
    expect(exporterTemplates).toHaveLength(8);
  });

  it('counts in a view only columns that its base table stores', () => {
    for (const { from, keys } of viewTemplates) {
      const base = tableTemplates.find((template) => template.base === from)!;
      const stored = base.columns.filter(({ computed }) => computed?.kind !== 'ALIAS');
      expect(stored.map(({ name }) => name)).toEqual(expect.arrayContaining([...keys]));
    }
  });

  it.each(tableTemplates)('has no name twice in $base, whatever the version', (template) => {
    for (const version of [before, since]) {
      const names = [...expectedColumns(template, version).keys()];
      expect(new Set(names).size).toBe(names.length);
      expect(names).toContain(template.timeColumn);
    }
  });

  it('shows the maps as items only where text indexes can serve them', () => {
    const logs = templates[0]!;
    if (logs.kind !== 'table') throw new Error('otel_logs is a table');
    expect(expectedColumns(logs, before).has('LogAttributeItems')).toBe(false);
    expect(expectedColumns(logs, since).get('LogAttributeItems')).toBe('Array(String)');
  });

  it('leaves what ClickHouse computes out of the INSERT', () => {
    for (const template of tableTemplates) {
      const inserted = insertedColumns(template);
      for (const { name, computed } of template.columns) {
        expect([name, inserted.includes(name)]).toEqual([name, computed === undefined]);
      }
    }
  });
});

describe('tableNames', () => {
  it('ends every name in the tenant id', () => {
    const names = tableNames(tenantId);
    expect(Object.keys(names)).toEqual([...baseNames]);
    for (const base of baseNames) {
      expect(parseTenantFromTableName(names[base])).toEqual({ base, tenantId });
    }
  });

  it('names a table of the registry for each metric kind', () => {
    expect(baseNames).toEqual(expect.arrayContaining(Object.values(metricTables)));
  });
});
