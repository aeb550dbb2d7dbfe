import { expectAllEnded, expectJudged, Result, runBench } from './benchRuns';
import type { BenchOutcome } from './benchRuns';

/** The figures by name. */
function figuresOf({ stdout }: BenchOutcome): Map<string, number | null> {
  const { figures } = Result.parse(JSON.parse(stdout));
  return new Map(figures.map(({ name, value }) => [name, value]));
}

describe('bench ingest --quick --json', () => {
  let outcome: BenchOutcome;

  beforeAll(async () => {
    outcome = await runBench('ingest', '--quick', '--json', '--size', '4');
  }, 260_000);

  it('prints its result, and nothing else, on stdout', () => {
    const { bench, conditions } = Result.parse(JSON.parse(outcome.stdout));
    expect(bench).toBe('ingest');
    expect(conditions).toMatchObject({
      engine: expect.stringMatching(/^ClickHouse \d+\.\d+/) as string,
      recordsPerRound: 4_000,
      tenantsShared: 3,
    });
  });

  it('finds every acknowledged record, in its own tenant’s table and nowhere else', () => {
    const figures = figuresOf(outcome);
    for (const side of ['single', 'shared']) {
      expect(figures.get(`${side}: acknowledged and not stored`)).toBe(0);
      expect(figures.get(`${side}: stored in another tenant's table`)).toBe(0);
    }
  });

  it('finds a number for every figure, and judges those with a reach', () => {
    expectJudged(outcome, [
      'rows a second, shared / single (median of rounds)',
      "collector's CPU per record, shared / single (median of rounds)",
      'single: acknowledged and not stored',
      'shared: acknowledged and not stored',
      "single: stored in another tenant's table",
      "shared: stored in another tenant's table",
    ]);
  });

  it('leaves no process behind', async () => {
    // ClickHouse, MongoDB, the API, a collector, a supervisor and its collector at least.
    await expectAllEnded(outcome, 6);
  });
});

describe('bench scale --quick --json', () => {
  const tenants = 6;
  let outcome: BenchOutcome;

  beforeAll(async () => {
    outcome = await runBench('scale', '--quick', '--json', '--size', String(tenants));
  }, 260_000);

  it('prints its result, and nothing else, on stdout', () => {
    const { bench, conditions, ok } = Result.parse(JSON.parse(outcome.stdout));
    expect(bench).toBe('scale');
    expect(conditions).toMatchObject({ tenants, objectsPerTenant: 3 });
    expect(outcome.code).toBe(ok ? 0 : 1);
  });

  it('counts what the engine holds for that many tenants', () => {
    const figures = figuresOf(outcome);
    for (const value of figures.values()) expect(value).toEqual(expect.any(Number));
    // All rows lie in one day, or two around midnight, of each tenant's two tables.
    const partitions = figures.get(`${tenants} tenants: partitions`);
    expect(partitions).toBeGreaterThanOrEqual(2 * tenants);
    expect(partitions).toBeLessThanOrEqual(4 * tenants);
    expect(figures.get(`${tenants} tenants: active parts`)).toBeGreaterThanOrEqual(
      partitions ?? NaN,
    );
    expect(figures.get('INSERTs that the engine slowed down or refused')).toBe(0);
  });

  it('shows that coarser partitions mean fewer of them', () => {
    const figures = figuresOf(outcome);
    const [day = NaN, week = NaN, month = NaN] = ['day', 'week', 'month'].map(
      (by) => figures.get(`by ${by}: parts per tenant, all merged`) ?? NaN,
    );
    // 30 days in each of two tables; an insert may pass midnight.
    expect(day).toBeGreaterThanOrEqual(2 * 30);
    expect(week).toBeLessThan(day / 3);
    expect(month).toBeLessThan(week);
  });

  it('leaves no process behind', async () => {
    await expectAllEnded(outcome, 1);
  });
});
