import { keyRouters, splitPosition } from '../components/keyRouters';
import { admitTeams } from '../teams';
import { team, teams } from './fixtures';

describe('splitPosition', () => {
  it('takes the first of equals', () => {
    expect(splitPosition([])).toBe(0);
    expect(splitPosition(['abcdefgh'])).toBe(0);
    expect(splitPosition(['abcdefgh', 'bbcdefgh'])).toBe(0);
  });

  it('looks past what all keys begin with', () => {
    expect(splitPosition(['acme-a00', 'acme-b00', 'acme-c00'])).toBe(5);
  });

  it('takes the place whose largest group is smallest, not the one with most groups', () => {
    // By the first character 3 groups of 4, 1, 1; by the second 2 groups of 3 each.
    const keys = ['aa', 'aa', 'ab', 'ab', 'ba', 'cb'].map((key, i) => `${key}zzzzzz${i}`);
    expect(splitPosition(keys)).toBe(1);
  });

  it('never takes a place that a key may lack', () => {
    const keys = ['prefix--a', 'prefix--b', 'prefix--', 'prefix--c'];
    expect(splitPosition(keys)).toBe(0);
  });

  it('does not depend on the order of keys', () => {
    const keys = teams(64).map(({ apiKey }) => apiKey);
    expect(splitPosition([...keys].reverse())).toBe(splitPosition(keys));
  });
});

describe('keyRouters', () => {
  const logs = { signal: 'logs', prefix: '' } as const;
  const route = (tenants: Parameters<typeof keyRouters>[1]) =>
    keyRouters(logs, tenants, (_, tenantId) => `clickhouse/${tenantId}`);

  it('parts the keys of many tenants into small tables', () => {
    const { tenants } = admitTeams(teams(250));
    const { connectors = {} } = route(tenants);
    const rows = Object.values(connectors).map(({ table }) => (table as unknown[]).length);
    expect(Math.max(...rows)).toBeLessThan(40);
    expect(rows).toHaveLength(17);
  });

  it('names components without the symbols that a name may not have', () => {
    const keys = ['$', '+', '~', '/', '.', '_', '-', 'A', 'a', '0'];
    const { tenants } = admitTeams(
      keys.map((character, i) => team(i, { apiKey: `${character}234567_` })),
    );
    const { connectors = {}, pipelines = {} } = route(tenants);
    const names = [...Object.keys(connectors), ...Object.keys(pipelines)];
    expect(names.filter((name) => !/^[a-z]+\/[a-z0-9-]+$/.test(name))).toEqual([]);
    expect(Object.keys(connectors)).toHaveLength(1 + keys.length);
  });

  it('names and orders components by tenant, whatever their keys are', () => {
    const shapeOf = (characters: readonly string[]) => {
      const { tenants } = admitTeams(
        characters.map((character, i) => team(i, { apiKey: `${character}2345678` })),
      );
      return JSON.stringify(route(tenants)).replaceAll(/(== )\\".*?\\"/g, '$1');
    };
    expect(shapeOf(['7', 'f', 'a', '0'])).toBe(shapeOf(['0', '1', '2', '3']));
  });

  it('doubles every dollar of a condition', () => {
    const { tenants } = admitTeams([team(1, { apiKey: '$a$$bcde' })]);
    const { connectors = {} } = route(tenants);
    const conditions = Object.values(connectors).flatMap(({ table }) =>
      (table as { condition: string }[]).map(({ condition }) => condition),
    );
    expect(conditions).toEqual([
      'Substring(otelcol.client.metadata["authorization"][0], 0, 1) == "$$"',
      'otelcol.client.metadata["authorization"][0] == "$$a$$$$bcde"',
    ]);
  });
});
