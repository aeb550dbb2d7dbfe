import { expectAllEnded, expectJudged, Result, runBench } from './benchRuns';
import type { BenchOutcome } from './benchRuns';

describe('bench collector --quick --json', () => {
  let outcome: BenchOutcome;

  beforeAll(async () => {
    outcome = await runBench('collector', '--quick', '--json', '--size', '3');
  }, 260_000);

  it('prints its result, and nothing else, on stdout', () => {
    const { bench, conditions, figures } = Result.parse(JSON.parse(outcome.stdout));
    expect(bench).toBe('collector');
    expect(conditions).toMatchObject({ recordsPerRound: 3_000, recordsPerRequest: 100 });
    const values = new Map(figures.map(({ name, value }) => [name, value]));
    // A config of more tenants is longer, whatever it is made of.
    const sizes = ['1 tenant', '10 tenants', '250 tenants'].map(
      (kind) => values.get(`${kind}: config`) ?? NaN,
    );
    expect(sizes).toEqual(sizes.toSorted((a, b) => a - b));
    // Nothing is started in no time, and nothing reloaded without a sender being kept waiting.
    for (const { name, value } of figures) {
      if (/: (start|reload)/.test(name) && !name.endsWith('CPU')) expect(value).toBeGreaterThan(0);
    }
  });

  it('finds a number for every figure, and judges those with a reach', () => {
    expectJudged(outcome, [
      '100 tenants: CPU per record, times stock',
      '250 tenants: CPU per record, times stock',
    ]);
  });

  it('leaves no process behind', async () => {
    // The sink, and of collectors five, two and three.
    await expectAllEnded(outcome, 11);
  });
});
