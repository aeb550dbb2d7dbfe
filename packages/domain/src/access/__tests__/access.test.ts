import { failure } from '../../tables/__tests__/failure';
import { baseNames, exporterTemplates } from '../../tables';
import type { TenantId } from '../../ids';
import { definerGrants, systemReads } from '../grants';
import type { QuotaInterval, ReaderLimits } from '../limits';
import { profileName, quotaName, readerName, writerName } from '../names';
import { access, tenantId } from './fixtures';

describe('names', () => {
  it('carry role and tenant', () => {
    expect(readerName(tenantId)).toBe(`hdx_r_${tenantId}`);
    expect(writerName(tenantId)).toBe(`hdx_w_${tenantId}`);
    expect(profileName('reader', tenantId)).toBe(`hdx_rp_${tenantId}`);
    expect(quotaName('writer', tenantId)).toBe(`hdx_wq_${tenantId}`);
  });

  it.each(['', '../x', "65f0c0ffee0000000000aaaa'", '65F0C0FFEE0000000000AAAA'])(
    'are of no other text than a tenant id: %j',
    (text) => {
      for (const name of [readerName, writerName]) {
        expect(failure(() => name(text as TenantId)).code).toBe('invalid_tenant_id');
      }
      expect(failure(() => access({ tenantId: text as TenantId })).code).toBe('invalid_tenant_id');
    },
  );
});

describe('grants', () => {
  const { reader, writer } = access();

  it('let a reader select from its own tables by name, and from the listed system tables', () => {
    const own = reader.grants.filter(({ database }) => database === 'otel');
    expect(own.map(({ table }) => table)).toEqual(baseNames.map((base) => `${base}_${tenantId}`));
    const others = reader.grants.filter(({ database }) => database !== 'otel');
    expect(others.map(({ database, table }) => `${database}.${table}`)).toEqual(
      systemReads.map(({ table }) => `system.${table}`),
    );
    for (const { privileges } of reader.grants) expect(privileges).toEqual(['SELECT']);
  });

  it('let a writer insert into what the exporter writes, and describe it', () => {
    expect(writer.grants).toEqual(
      exporterTemplates.map(({ base }) => ({
        privileges: ['INSERT', 'SHOW COLUMNS'],
        database: 'otel',
        table: `${base}_${tenantId}`,
      })),
    );
  });

  it('are never of a whole database, but for the definer of views', () => {
    for (const { table } of [...reader.grants, ...writer.grants]) expect(table).toBeTruthy();
    expect(definerGrants('otel')).toEqual([{ privileges: ['SELECT', 'INSERT'], database: 'otel' }]);
  });
});

describe('limits', () => {
  const badNumbers = [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53];

  it.each(badNumbers)('are refused at %s, by name', (value) => {
    const names: (keyof ReaderLimits)[] = [
      'maxExecutionSeconds',
      'maxMemoryBytes',
      'maxRowsToRead',
      'maxResultRows',
    ];
    for (const name of names) {
      const error = failure(() => access({ reader: { [name]: value } }));
      expect([error.code, error.message.startsWith(`${name}:`)]).toEqual(['invalid_request', true]);
    }
    expect(failure(() => access({ writer: { maxMemoryBytes: value } })).code).toBe(
      'invalid_request',
    );
    const quota = { reader: [{ seconds: 60, queries: value }] } as const;
    expect(failure(() => access({ quota })).message).toMatch(/^queries:/);
  });

  it('of time are refused where HyperDX could not query', () => {
    expect(failure(() => access({ reader: { maxExecutionSeconds: 59 } })).code).toBe(
      'invalid_request',
    );
    const { settings } = access({ reader: { maxExecutionSeconds: 60 } }).reader;
    expect(settings.find(({ name }) => name === 'max_execution_time')).toMatchObject({ max: 60 });
  });

  it('of a quota are refused where an interval is stated twice', () => {
    const twice: QuotaInterval[] = [{ seconds: 60 }, { seconds: 60, queries: 1 }];
    expect(failure(() => access({ quota: { reader: twice } })).code).toBe('invalid_request');
  });
});
