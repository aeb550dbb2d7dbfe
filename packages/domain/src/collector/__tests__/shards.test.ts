import { assignShards } from '../index';
import { tenantId } from './fixtures';

// As MongoDB makes them: a time, a machine, a counter.
const ids = (count: number) =>
  Array.from(
    { length: count },
    (_, i) =>
      `${(0x65000000 + i * 37).toString(16)}a1b2c3d4e5${(0x100 + i).toString(16).padStart(6, '0')}`,
  );

const sizes = (assigned: ReadonlyMap<string, number>, shards: number) =>
  Array.from(
    { length: shards },
    (_, index) => [...assigned.values()].filter((shard) => shard === index + 1).length,
  );

const moved = (before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>) =>
  [...before].filter(([id, shard]) => after.get(id) !== shard).map(([id]) => id);

describe('assignShards', () => {
  it('gives these tenants these shards, in every version to come', () => {
    const assigned = assignShards([1, 2, 3, 4, 5, 6, 7, 8].map(tenantId), 4);
    expect([...assigned.values()]).toMatchInlineSnapshot(`
      [
        1,
        4,
        4,
        3,
        4,
        4,
        2,
        1,
      ]
    `);
  });

  it('does not depend on the order, nor on doubles', () => {
    const list = ids(500);
    expect(assignShards([...list].reverse().concat(list), 4)).toEqual(assignShards(list, 4));
  });

  it('spreads tenants evenly', () => {
    for (const count of sizes(assignShards(ids(1_000), 5), 5)) {
      expect(count).toBeGreaterThan(160);
      expect(count).toBeLessThan(240);
    }
  });

  it('moves nobody when a tenant is added, even where shards are full', () => {
    const list = ids(1_000);
    for (const count of [0, 500, 990, 999]) {
      const before = assignShards(list.slice(0, count), 4);
      expect(moved(before, assignShards(list.slice(0, count + 1), 4))).toEqual([]);
    }
  });

  it('moves with one more shard only those that go to it, about its share', () => {
    const before = assignShards(ids(1_000), 5);
    const after = assignShards(ids(1_000), 6);
    const movers = moved(before, after);
    expect(new Set(movers.map((id) => after.get(id)))).toEqual(new Set([6]));
    expect(movers.length).toBeGreaterThan(1_000 / 6 / 1.5);
    expect(movers.length).toBeLessThan((1_000 / 6) * 1.5);
  });

  it('fills every shard and no further; the last ones find no room', () => {
    const list = ids(1_003);
    const assigned = assignShards(list, 4);
    expect(sizes(assigned, 4)).toEqual([250, 250, 250, 250]);
    expect(list.filter((id) => !assigned.has(id))).toEqual(list.slice(-3));
    expect(assignShards(list, 4, 1).size).toBe(4);
  });
});
