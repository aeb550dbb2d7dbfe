import { writerName } from '@hyperdx-tenancy/domain/access';
import { parseTenantId } from '@hyperdx-tenancy/domain/ids';

import { findFaults } from '../collectorQuarantine';

const [a, b] = [parseTenantId('a'.repeat(24)), parseTenantId('b'.repeat(24))];
const writers = [writerName(a), writerName(b)];
const well = { complete: [a, b], writers, granted: writers, readonly: [] };
const both = [a, b].map((id) => ({ id, hasWriter: true }));

describe('findFaults', () => {
  it('finds nothing where writing works for all', () => {
    expect(findFaults(both, well)).toEqual(new Map());
  });

  it.each([
    ['a table is missing', { complete: [b] }, 'Tables of it are missing.'],
    [
      'its user is missing',
      { writers: [writerName(b)] },
      'The user that writes for it is missing.',
    ],
    [
      'the user may not insert',
      { granted: [writerName(b)] },
      'The user that writes for it may not insert into all of its tables.',
    ],
    ['a table is read-only', { readonly: [a] }, 'A table of it is read-only.'],
  ])('finds the tenant of whom %s, and no other', (_what, observed, reason) => {
    expect(findFaults(both, { ...well, ...observed })).toEqual(new Map([[a, reason]]));
  });

  it('expects no user where tenants have none', () => {
    const tenants = [{ id: a, hasWriter: false }];
    expect(findFaults(tenants, { ...well, writers: [] })).toEqual(new Map());
  });
});
