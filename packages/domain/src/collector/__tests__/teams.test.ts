import { isIngestionKey } from '../keys';
import { admitTeams } from '../teams';
import { team, tenantId } from './fixtures';

/** Keys that would break a config, leave it, or not arrive. */
const refusedKeys: [string, string][] = [
  ['a quote', 'abcdefgh"'],
  ['a way out of a condition', 'abcdefgh" or "a" == "a'],
  ['a comparison', 'abcd==efgh'],
  ['a newline', 'abcdefgh\n'],
  ['a newline within', 'abcd\nefgh'],
  ['a backslash', 'abcdefgh\\'],
  ['a space', 'abcd efgh'],
  ['a comma', 'abcd,efgh'],
  ['a reference', '${env:HOME}'],
  ['a letter beyond ASCII', 'abcdefgh\u00e9'],
  ['a Cyrillic lookalike', '\u0430bcdefgh'],
  ['a NUL', 'abcdefgh\0'],
  ['seven characters', 'abcdefg'],
  ['129 characters', 'a'.repeat(129)],
  ['nothing', ''],
];

describe('isIngestionKey', () => {
  it.each(refusedKeys)('refuses %s', (_, key) => {
    expect(isIngestionKey(key)).toBe(false);
  });

  it.each([
    ['eight characters', 'abcdefgh'],
    ['128 characters', 'a'.repeat(128)],
    ['every character there is', 'ABCXYZabcxyz0189._~+/$-'],
    ['dollars alone', '$$$$$$$$'],
    ["HyperDX's own", '5f3c1d34-0b1f-4a55-9c1e-1f1b0d0c8a11'],
  ])('takes %s', (_, key) => {
    expect(isIngestionKey(key)).toBe(true);
  });

  it.each([[undefined], [null], [12345678], [['abcdefgh']]])('refuses %p', (key) => {
    expect(isIngestionKey(key)).toBe(false);
  });
});

describe('admitTeams', () => {
  it.each(refusedKeys)('leaves out the team whose key has %s, and no other', (_, apiKey) => {
    const { tenants, leftOut } = admitTeams([team(1), team(2, { apiKey }), team(3)]);
    expect(tenants.map((tenant) => tenant.tenantId)).toEqual([tenantId(1), tenantId(3)]);
    expect(leftOut).toEqual([
      expect.objectContaining({
        teamId: 'team-2',
        tenantId: tenantId(2),
        code: 'invalid_ingestion_key',
      }),
    ]);
    if (apiKey !== '') expect(leftOut[0]!.reason).not.toContain(apiKey);
  });

  it('leaves out every team of different tenants that shares a key', () => {
    const apiKey = 'shared-by-two';
    const { tenants, leftOut } = admitTeams([
      team(1, { apiKey }),
      team(2),
      team(3, { apiKey }),
      team(4, { tenantId: tenantId(3) }),
    ]);
    expect(leftOut.map(({ teamId, code }) => [teamId, code])).toEqual([
      ['team-1', 'ingestion_key_taken'],
      ['team-3', 'ingestion_key_taken'],
    ]);
    // The other team of the third tenant is served.
    expect(tenants.map((tenant) => [tenant.tenantId, tenant.keys])).toEqual([
      [tenantId(2), [team(2).apiKey]],
      [tenantId(3), [team(4).apiKey]],
    ]);
  });

  it('lets teams of one tenant share a key', () => {
    const apiKey = 'one-tenant-one-key';
    const { tenants, leftOut } = admitTeams([
      team(1, { apiKey }),
      team(2, { apiKey, tenantId: tenantId(1) }),
    ]);
    expect(leftOut).toEqual([]);
    expect(tenants.map(({ keys }) => keys)).toEqual([[apiKey]]);
  });

  it("serves nobody under a suspended team's key", () => {
    const { tenants, leftOut } = admitTeams([
      team(1, { suspended: true }),
      team(2, { apiKey: team(1).apiKey }),
      team(3, { apiKey: team(1).apiKey, tenantId: tenantId(1) }),
    ]);
    expect(tenants).toEqual([]);
    expect(leftOut.map(({ teamId, code }) => [teamId, code])).toEqual([
      ['team-3', 'ingestion_key_taken'],
      ['team-2', 'ingestion_key_taken'],
    ]);
  });

  it('gives a tenant the keys of all its teams, in order', () => {
    const { tenants } = admitTeams([
      team(2, { tenantId: tenantId(1), apiKey: 'bbbbbbbb' }),
      team(1, { apiKey: 'cccccccc' }),
      team(3, { tenantId: tenantId(1), apiKey: 'AAAAAAAA' }),
    ]);
    expect(tenants).toEqual([
      {
        tenantId: tenantId(1),
        keys: ['AAAAAAAA', 'bbbbbbbb', 'cccccccc'],
        presentKey: 'cccccccc',
        credentials: team(1).credentials,
      },
    ]);
  });

  it.each([
    '',
    'clickhouse:9000',
    'ftp://h',
    'tcp://',
    'http://h h',
    'http://h\n',
    'tcp://h\u00e9',
  ])('leaves out a team whose endpoint is %p, which would stop the collector', (endpoint) => {
    const credentials = { ...team(2).credentials, kind: 'literal', endpoint } as never;
    const { tenants, leftOut } = admitTeams([team(1), team(2, { credentials })]);
    expect(tenants.map((tenant) => tenant.tenantId)).toEqual([tenantId(1)]);
    expect(leftOut).toEqual([expect.objectContaining({ teamId: 'team-2' })]);
  });

  describe('former keys', () => {
    const keysOf = (...given: Parameters<typeof admitTeams>[0]) =>
      admitTeams(given).tenants.map(({ tenantId: id, keys }) => [id, keys]);

    it('are accepted beside the present one', () => {
      const changed = team(1, {
        apiKey: 'present-key',
        previousKeys: ['former-key-2', 'former-key-1'],
      });
      expect(keysOf(changed)).toEqual([
        [tenantId(1), ['former-key-1', 'former-key-2', 'present-key']],
      ]);
    });

    it.each(refusedKeys)('with %s are left out, and their team is not', (_, former) => {
      const changed = team(1, { apiKey: 'present-key', previousKeys: [former] });
      expect(keysOf(changed)).toEqual([[tenantId(1), ['present-key']]]);
      expect(admitTeams([changed]).leftOut).toEqual([]);
    });

    it('that another tenant has are nobody’s: the other is left out, the team keeps its present one', () => {
      const changed = team(1, { apiKey: 'present-key', previousKeys: ['the-same-key'] });
      const { tenants, leftOut } = admitTeams([changed, team(2, { apiKey: 'the-same-key' })]);
      expect(tenants.map(({ keys }) => keys)).toEqual([['present-key']]);
      expect(leftOut).toEqual([
        expect.objectContaining({ tenantId: tenantId(2), code: 'ingestion_key_taken' }),
      ]);
      const both = admitTeams([changed, team(2, { previousKeys: ['the-same-key'] })]);
      expect(both.tenants.flatMap(({ keys }) => keys)).not.toContain('the-same-key');
      expect(both.leftOut).toEqual([]);
    });

    it('of a suspended team are gone with it', () => {
      const suspended = team(1, { previousKeys: ['former-key-1'], suspended: true });
      expect(keysOf(suspended)).toEqual([]);
    });
  });
});
