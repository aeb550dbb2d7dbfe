import { allowedFunctions, deniedFunctions, isAllowedFunction } from '../functions';

describe('functions', () => {
  const denied = Object.values(deniedFunctions).flatMap(({ names }) => [...names]);

  it('are either allowed or not, whatever their case', () => {
    const all = [...allowedFunctions, ...denied];
    expect(new Set(all).size).toBe(all.length);
    expect(denied.filter((name) => isAllowedFunction(name))).toEqual([]);
    expect(denied.filter((name) => isAllowedFunction(name.toUpperCase()))).toEqual([]);
  });

  it.each([
    'count',
    'COUNT',
    'sumIf',
    'uniqExactState',
    'quantilesTDigestMergeState',
    'groupArrayArray',
    'anyOrNull',
  ])('%s is allowed', (name) => {
    expect(isAllowedFunction(name)).toBe(true);
  });

  it.each([
    'file',
    'FILE',
    'fileIf',
    'lengthIf',
    'State',
    '',
    'sum_',
    'unknown',
    '__proto__',
    'constructor',
    'dictGetOrNull',
    'displayName',
    `sum${'If'.repeat(200)}`,
    `sum${'If'.repeat(100_000)}`,
  ])('%s is not', (name) => {
    expect(isAllowedFunction(name)).toBe(false);
  });

  it('are refused for a reason', () => {
    for (const { why, names } of Object.values(deniedFunctions)) {
      expect(why).not.toBe('');
      expect(names).not.toContain('');
    }
  });
});
