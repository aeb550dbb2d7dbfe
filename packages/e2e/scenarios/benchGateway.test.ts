import { expectAllEnded, expectJudged, Result, runBench } from './benchRuns';
import type { BenchOutcome } from './benchRuns';

describe('bench gateway --quick --json', () => {
  let outcome: BenchOutcome;

  beforeAll(async () => {
    outcome = await runBench('gateway', '--quick', '--json', '--size', '32');
  }, 260_000);

  it('prints its result, and nothing else, on stdout', () => {
    const { bench, conditions, figures } = Result.parse(JSON.parse(outcome.stdout));
    expect(bench).toBe('gateway');
    expect(conditions).toMatchObject({
      engine: expect.stringMatching(/^ClickHouse \d+\.\d+/) as string,
      connections: expect.any(Number) as number,
    });
    // Nothing is as fast as no request at all.
    const rates = figures.filter(({ unit }) => unit === 'requests/s' || unit === 'MB/s');
    expect(rates).toHaveLength(4 * 3 + 3);
    for (const { value } of rates) expect(value).toBeGreaterThan(0);
  });

  it('finds a number for every figure, and judges those with a reach', () => {
    expectJudged(outcome, [
      'forwarded GET: requests a second, ours / bare proxy',
      "forwarded GET: p50 added to the upstream's",
      'query at the door: requests a second, ours / bare proxy',
      "query at the door: p50 added to the upstream's",
      'query of the UI: requests a second, ours / bare proxy',
      "query of the UI: p50 added to the bare proxy's",
      "32 MB answer: API's memory at its peak, above that of 64 MB",
    ]);
  });

  it('leaves no process behind', async () => {
    // ClickHouse, MongoDB, the upstream, the bare proxy and the API at least.
    await expectAllEnded(outcome, 5);
  });
});
