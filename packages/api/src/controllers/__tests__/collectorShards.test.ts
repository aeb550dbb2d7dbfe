import { SHARD_TENANTS } from '@hyperdx-tenancy/domain/collector';
import { parseTenantId } from '@hyperdx-tenancy/domain/ids';
import type { TenantId } from '@hyperdx-tenancy/domain/ids';
import { Types } from 'mongoose';

import type { ICollectorGroup } from '../../models/collectorGroup';
import { keyShard, Membership } from '../collectorShards';
import type { CollectorSnapshot, PlacedTeam, PlacedTenant } from '../collectorSnapshot';

const id = (number: number): TenantId => parseTenantId(number.toString(16).padStart(24, '0'));

function team(tenantId: TenantId, target: string): PlacedTeam {
  return {
    teamId: tenantId,
    tenantId,
    apiKey: `key-of-${tenantId}`,
    authenticate: true,
    target,
    credentials: { kind: 'env', database: 'd' },
  };
}

interface Given {
  tenants?: (Partial<PlacedTenant> & { id: TenantId })[];
  groups?: (Partial<ICollectorGroup> & { _id: string })[];
  failing?: TenantId[];
}

function snapshotOf({ tenants = [], groups = [], failing = [] }: Given): CollectorSnapshot {
  const placed = tenants.map((one): PlacedTenant => ({
    target: 'default',
    suspended: false,
    writable: true,
    ...one,
  }));
  const teams = placed.filter(({ writable }) => writable).map((one) => team(one.id, one.target));
  return {
    revision: 1,
    tenants: new Map(placed.map((one) => [one.id, one])),
    teams,
    teamsOf: new Map(teams.map((one) => [one.tenantId, [one]])),
    tokens: new Map(),
    groups: new Map(
      groups.map((group) => [
        group._id,
        { options: {}, fragment: null, rollout: null, quarantine: [], ...group } as ICollectorGroup,
      ]),
    ),
    rollouts: new Map(),
    derived: new Map(),
    quarantines: new Map(failing.map((one) => [one, { reason: '', since: new Date() }])),
  };
}

const membership = (given: Given): Membership => new Membership(snapshotOf(given));

const [a, b, c] = [id(1), id(2), id(3)];

describe('the members of', () => {
  it('a target’s shared group are its tenants, never those of another target', () => {
    const of = membership({ tenants: [{ id: a }, { id: b, target: 'other' }] });
    expect(of.sourceOf('shared:default')?.members).toEqual([a]);
    expect(of.sourceOf('shared:other')?.members).toEqual([b]);
    expect(of.sourceOf('shared:nowhere')?.members).toEqual([]);
  });

  it('a named group are those on its list that its target has', () => {
    const of = membership({
      tenants: [{ id: a }, { id: b }, { id: c, target: 'other' }],
      groups: [{ _id: 'named:x', target: 'default', members: { tenants: [a, c] } }],
    });
    expect(of.sourceOf('named:x')?.members).toEqual([a]);
    // It is not exclusive.
    expect(of.sourceOf('shared:default')?.members).toEqual([a, b]);
  });

  it('an exclusive group are in no other group of everybody', () => {
    const of = membership({
      tenants: [{ id: a }, { id: b }],
      groups: [
        { _id: 'named:x', target: 'default', members: { tenants: [a] }, exclusive: true },
        { _id: 'named:all', target: 'default', members: 'all' },
      ],
    });
    expect(of.sourceOf('named:x')?.members).toEqual([a]);
    expect(of.sourceOf('shared:default')?.members).toEqual([b]);
    expect(of.sourceOf('named:all')?.members).toEqual([b]);
  });

  it('one shard are in no other, and there is room for 250 in each', () => {
    const tenants = Array.from({ length: 2 * SHARD_TENANTS + 7 }, (_, i) => ({ id: id(i + 1) }));
    const groups = [{ _id: 'named:x', target: 'default', members: 'all' as const, shards: 2 }];
    const of = membership({ tenants, groups });
    const shards = of.shardsOf('named:x')!;
    expect(shards).toEqual(['named:x:1', 'named:x:2']);
    const members = shards.map((shard) => of.sourceOf(shard)!.members);
    expect(members.map(({ length }) => length)).toEqual([SHARD_TENANTS, SHARD_TENANTS]);
    expect(new Set(members.flat()).size).toBe(2 * SHARD_TENANTS);
    expect(of.withoutShard('named:x')).toHaveLength(7);
    // The group itself, and a shard that it has not, are nobody's config.
    expect(of.sourceOf('named:x')).toBeUndefined();
    expect(of.sourceOf('named:x:3')).toBeUndefined();
  });

  it('a quarantine are those for whom writing fails and those set by hand, served in full there', () => {
    const of = membership({
      tenants: [{ id: a }, { id: b }, { id: c }],
      groups: [{ _id: 'shared:default', quarantine: [new Types.ObjectId(b)] }],
      failing: [a],
    });
    expect(of.shardsOf('shared:default')).toEqual(['shared:default', 'shared:default:quarantine']);
    const shared = of.sourceOf('shared:default')!;
    expect([shared.members, [...shared.quarantined]]).toEqual([
      [a, b, c],
      [a, b],
    ]);
    const apart = of.sourceOf('shared:default:quarantine')!;
    expect([apart.members, [...apart.quarantined]]).toEqual([[a, b], []]);
  });

  it('a dedicated group are its team’s tenant, by token and by key', () => {
    const of = membership({ tenants: [{ id: a }] });
    expect(of.sourceOf(`dedicated:${a}`)).toMatchObject({ members: [a], byKey: false });
    expect(of.sourceOf(keyShard(a))).toMatchObject({
      members: [a],
      byKey: true,
      group: `dedicated:${a}`,
    });
    expect(of.sourceOf(`dedicated:${b}`)).toBeUndefined();
    expect(of.sourceOf(keyShard('__proto__'))).toBeUndefined();
  });

  it('a group who are suspended, or cannot be written for, are not served', () => {
    const tenants = [{ id: a, suspended: true }, { id: b, writable: false }, { id: c }];
    const of = membership({ tenants });
    expect(of.sourceOf('shared:default')).toMatchObject({ served: [c], complete: true });
    const none = membership({ tenants: [{ id: b, writable: false }] });
    expect(none.sourceOf('shared:default')).toMatchObject({ served: [], complete: false });
  });
});

describe('who is where', () => {
  const tenants = Array.from({ length: 40 }, (_, index) => ({ id: id(index + 1) }));
  const groups = [
    { _id: 'named:x', target: 'default', members: 'all' as const, shards: 3 },
    { _id: 'named:y', target: 'default', members: { tenants: [a] }, exclusive: true },
  ];
  const ids = ['named:x:1', 'named:x:2', 'named:x:3', 'named:y', 'shared:default', 'shared:other'];

  it.each([
    ['nothing changed', tenants],
    ['one is suspended', tenants.map((one) => (one.id === c ? { ...one, suspended: true } : one))],
    ['one came', [...tenants, { id: id(41) }]],
    ['one went', tenants.slice(1)],
    ['one moved', tenants.map((one) => (one.id === b ? { ...one, target: 'other' } : one))],
    ['one took another’s place', [...tenants.slice(1), { id: id(41) }]],
  ])('is the same whether found out anew or from before: %s', (_, now) => {
    const before = snapshotOf({ tenants, groups });
    const known = new Membership(before);
    for (const shard of ids) known.sourceOf(shard);
    const after = { ...snapshotOf({ tenants: now, groups }), groups: before.groups };
    const [carried, anew] = [new Membership(after, known), new Membership(after)];
    for (const shard of ids) expect(carried.sourceOf(shard)).toEqual(anew.sourceOf(shard));
  });

  it('is found out anew where groups changed', () => {
    const before = snapshotOf({ tenants, groups });
    const known = new Membership(before);
    for (const shard of ids) known.sourceOf(shard);
    const after = { ...before, groups: snapshotOf({ groups: groups.slice(0, 1) }).groups };
    expect(new Membership(after, known).sourceOf('shared:default')?.members).toContain(a);
  });
});
