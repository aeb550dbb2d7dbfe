import { parseTenantId } from '@hyperdx-tenancy/domain/ids';

import { maskNames } from '../masking';

const own = parseTenantId('65f0c0ffee0000000000aaaa');
const other = '65f0c0ffee0000000000bbbb';

/** Texts of ClickHouse 26.7. */
const unknownTable = `Code: 60. DB::Exception: Unknown table expression identifier 'default.otel_logz_${own}' in scope SELECT 1. Maybe you meant: ['default.otel_logs_${other}', 'default.billing']. (UNKNOWN_TABLE) (version 26.7.2.1 (official build))`;
const unknownColumn = `Code: 47. DB::Exception: Unknown expression identifier \`Bodi\` in scope SELECT Bodi FROM default.otel_logs_${own}. Maybe you meant: ['Body']. (UNKNOWN_IDENTIFIER) (version 26.7.2.1 (official build))`;

it('takes out hints that may name what is not the tenant’s', () => {
  expect(maskNames(unknownTable, 60, own)).toBe(
    `Code: 60. DB::Exception: Unknown table expression identifier 'default.otel_logz_${own}' in scope SELECT 1. (UNKNOWN_TABLE) (version 26.7.2.1 (official build))`,
  );
  expect(maskNames('Database defaul does not exist. Maybe you meant default?', 81, own)).toBe(
    'Database defaul does not exist',
  );
});

it('leaves a hint on the tenant’s own columns', () => {
  expect(maskNames(unknownColumn, 47, own)).toBe(unknownColumn);
});

it('hides names of another tenant wherever they stand', () => {
  const text = `no rights on default.\`otel_logs_${other}\` for hdx_r_${other}; hdx_r_${own} has them on otel_logs_${own}`;
  expect(maskNames(text, 47, own)).toBe(
    `no rights on default.\`(hidden)\` for (hidden); hdx_r_${own} has them on otel_logs_${own}`,
  );
});

it('leaves hashes and ids of other lengths as they are', () => {
  const text = `{HYPERDX_PARAM_${'a'.repeat(32)}:String} 3a2b7f0e-1111-4222-8333-444455556666 ${other}`;
  expect(maskNames(text, 60, own)).toBe(text);
});
