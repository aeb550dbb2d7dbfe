import { parseTenantId } from '@hyperdx-tenancy/domain/ids';
import type { TenantId } from '@hyperdx-tenancy/domain/ids';

import { keyShard } from '../../../../controllers/collectorShards';
import type {
  CollectorSnapshot,
  PlacedTeam,
  PlacedTenant,
} from '../../../../controllers/collectorSnapshot';
import { newRollout } from '../../../../controllers/rolloutSteps';
import type { ICollectorGroup } from '../../../../models/collectorGroup';
import { touchedBy } from '../touched';

const id = (number: number): TenantId => parseTenantId(number.toString(16).padStart(24, '0'));
const [a, b] = [id(1), id(2)];

const tenant = (of: TenantId, fields: Partial<PlacedTenant> = {}): PlacedTenant => ({
  id: of,
  target: 'default',
  suspended: false,
  writable: true,
  ...fields,
});

const team = (of: TenantId, fields: Partial<PlacedTeam> = {}): PlacedTeam => ({
  teamId: of,
  tenantId: of,
  apiKey: `key-of-${of}`,
  authenticate: true,
  target: 'default',
  credentials: { kind: 'env', database: 'd' },
  ...fields,
});

const group = (_id: string, target?: string): ICollectorGroup =>
  ({ _id, target, options: {}, fragment: null, rollout: null, quarantine: [] }) as never;

const shards = [
  `dedicated:${a}`,
  `dedicated:${b}`,
  keyShard(a),
  keyShard(b),
  'shared:default',
  'shared:default:quarantine',
  'shared:other',
  'named:here:1',
  'named:there',
];

const before: CollectorSnapshot = {
  revision: 1,
  tenants: new Map([a, b].map((of) => [of, tenant(of, of === b ? { target: 'other' } : {})])),
  teams: [team(a), team(b, { target: 'other' })],
  teamsOf: new Map(),
  tokens: new Map(),
  groups: new Map([
    ['named:here', group('named:here', 'default')],
    ['named:there', group('named:there', 'other')],
  ]),
  rollouts: new Map(),
  derived: new Map(),
  quarantines: new Map(),
};
const withTeams = (snapshot: CollectorSnapshot): CollectorSnapshot => ({
  ...snapshot,
  teamsOf: new Map(snapshot.teams.map((one) => [one.tenantId, [one]])),
});

const touched = (change: Partial<CollectorSnapshot>): string[] =>
  shards.filter(touchedBy(withTeams(before), withTeams({ ...before, ...change })));

const HERE = ['shared:default', 'shared:default:quarantine', 'named:here:1'];

describe('a change touches', () => {
  it('nothing where nothing differs', () => {
    expect(touched({ revision: 2, tokens: new Map() })).toEqual([]);
    expect(touched({ teams: [...before.teams], tenants: new Map(before.tenants) })).toEqual([]);
  });

  it('of a team: its own configs, and those of its target', () => {
    const teams = [team(a, { apiKey: 'another' }), before.teams[1]!];
    expect(touched({ teams })).toEqual([`dedicated:${a}`, keyShard(a), ...HERE]);
  });

  it('of a tenant: its teams’ configs, and those of its target', () => {
    const suspended = new Map(before.tenants).set(a, tenant(a, { suspended: true }));
    expect(touched({ tenants: suspended })).toEqual([`dedicated:${a}`, keyShard(a), ...HERE]);
    const gone = new Map([...before.tenants].filter(([of]) => of !== a));
    expect(touched({ tenants: gone })).toEqual([`dedicated:${a}`, keyShard(a), ...HERE]);
    const came = new Map(before.tenants).set(id(3), tenant(id(3)));
    expect(touched({ tenants: came })).toEqual(HERE);
  });

  it('of where a tenant is: the configs of both targets', () => {
    const tenants = new Map(before.tenants).set(b, tenant(b));
    expect(touched({ tenants })).toEqual([
      `dedicated:${b}`,
      keyShard(b),
      ...['shared:default', 'shared:default:quarantine', 'shared:other'],
      ...['named:here:1', 'named:there'],
    ]);
  });

  it('of a group: its configs, and those that its tenants may have come from', () => {
    const named = new Map(before.groups).set('named:there', group('named:there', 'other'));
    expect(touched({ groups: named })).toEqual(['shared:other', 'named:there']);
    const gone = new Map([...before.groups].filter(([name]) => name !== 'named:there'));
    expect(touched({ groups: gone })).toEqual(['shared:other', 'named:there']);
    const own = new Map(before.groups).set(`dedicated:${a}`, group(`dedicated:${a}`));
    expect(touched({ groups: own })).toEqual([`dedicated:${a}`, keyShard(a)]);
    const shared = new Map(before.groups).set('shared:default', group('shared:default'));
    expect(touched({ groups: shared })).toEqual(['shared:default', 'shared:default:quarantine']);
  });

  it('of who is kept apart: the configs of the target', () => {
    const quarantines = new Map([[b, { reason: '', since: new Date() }]]);
    expect(touched({ quarantines })).toEqual(['shared:other', 'named:there']);
  });

  it('of a rollout: that one config', () => {
    const rollouts = new Map([['named:here:1', newRollout('named:here:1')]]);
    expect(touched({ rollouts })).toEqual(['named:here:1']);
  });
});
