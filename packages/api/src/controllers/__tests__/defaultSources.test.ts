import { parseTenantId } from '@hyperdx-tenancy/domain/ids';
import { parseSeeds } from '@hyperdx-tenancy/domain/sources';
import { Types } from 'mongoose';

import { defaultSourcesOf } from '../defaultSources';

const tenantId = parseTenantId('0123456789abcdef01234567');
const id = (digit: string) => new Types.ObjectId(digit.repeat(24));
const members = (team: string) => ({
  team: id(team),
  connection: id('b'),
  sources: { log: id('1'), trace: id('2'), metric: id('3'), session: id('4') },
});
const promql = (name: string) => ({
  kind: 'promql',
  name,
  connection: 'C',
  from: { databaseName: 'default', tableName: 'metrics' },
  timestampValueExpression: 'timestamp',
});
const seeds = (sources?: unknown) =>
  parseSeeds({
    defaultConnections: undefined,
    defaultSources: sources === undefined ? undefined : JSON.stringify(sources),
  });

describe('defaultSourcesOf', () => {
  it('are HyperDX’s four unless DEFAULT_SOURCES says otherwise', () => {
    const made = defaultSourcesOf(members('a'), tenantId, 'otel', seeds());
    expect(made.map(({ _id, kind }) => [_id, kind])).toEqual([
      ['1'.repeat(24), 'log'],
      ['2'.repeat(24), 'trace'],
      ['3'.repeat(24), 'metric'],
      ['4'.repeat(24), 'session'],
    ]);
  });

  it('are those of DEFAULT_SOURCES, with the same ids whenever they are made', () => {
    const make = (team: string) =>
      defaultSourcesOf(members(team), tenantId, 'otel', seeds([promql('X'), promql('Y')]));
    const made = make('a');
    expect(made).toMatchObject([
      {
        name: 'X',
        team: 'a'.repeat(24),
        connection: 'b'.repeat(24),
        from: { databaseName: 'otel', tableName: `metrics_${tenantId}` },
      },
      { name: 'Y' },
    ]);
    expect(make('a')).toEqual(made);
    const ids = [...made, ...make('c')].map(({ _id }) => _id);
    expect(new Set(ids).size).toBe(4);
    for (const one of ids) expect(Types.ObjectId.isValid(one)).toBe(true);
  });

  it('are none where DEFAULT_SOURCES is an empty list', () => {
    expect(defaultSourcesOf(members('a'), tenantId, 'otel', seeds([]))).toEqual([]);
  });
});
