import { isNotable, mergeChanged } from '../collectorChanges';

describe('changes', () => {
  it('of several notes are each document once, by kind', () => {
    expect(mergeChanged([])).toEqual({});
    expect(
      mergeChanged([
        { tenants: ['a'], teams: [] },
        { tenants: ['b', 'a'], groups: ['named:x'] },
        { groups: ['named:x', 'named:y'] },
      ]),
    ).toEqual({ tenants: ['a', 'b'], groups: ['named:x', 'named:y'] });
  });

  it('are noted unless they are too many for a note', () => {
    const ids = (count: number) => Array.from({ length: count }, (_, index) => `${index}`);
    expect(isNotable({})).toBe(true);
    expect(isNotable({ tenants: ids(16), teams: ids(16) })).toBe(true);
    expect(isNotable({ tenants: ids(16), teams: ids(17) })).toBe(false);
  });
});
